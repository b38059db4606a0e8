"""Calls a deployed stack, which it knows by its outputs."""
