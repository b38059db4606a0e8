"""Lambda code of authorizers that this library provides."""
