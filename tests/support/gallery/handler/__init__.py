"""Lambda code of the gallery."""
