"""Service with requests and responses other than JSON."""
