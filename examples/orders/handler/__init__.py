"""Lambda code of the service."""
