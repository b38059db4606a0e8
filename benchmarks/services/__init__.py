"""Measured requests of each service."""
