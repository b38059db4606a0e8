"""Estimates of monthly costs from the resources of a deployment and its traffic."""
