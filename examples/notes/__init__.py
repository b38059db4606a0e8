"""A custom service: notes, a description and a package of functions."""
