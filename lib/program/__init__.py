"""Runs a Pulumi program in this process."""
