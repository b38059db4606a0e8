"""The requests that are measured, a module per service."""
