"""The Lambda code: all of this package is deployed, and `tap_stack.runtime`."""
