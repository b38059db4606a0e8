"""Recordings of the resources that programs register with the Pulumi engine."""
