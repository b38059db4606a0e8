"""A service of one's own: notes, in two files."""
