"""Implementations of the same functions with other libraries. Each file is a complete `index.py`."""
