"""Recordings of what programs register with the Pulumi engine."""
