"""Lambda code. The archive contains this package and `tap_stack.runtime`."""
