"""Code shared by all Lambda functions. It supports Python 3.9 and later and uses only the standard library."""
