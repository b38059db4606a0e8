"""Other people's ways to write the same function; each file is a whole `index.py`."""
