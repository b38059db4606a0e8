"""Evaluation of resources against controls of AWS Security Hub, Checkov and the AWS Well-Architected Framework."""
