"""Generates the documents that users read from the descriptions."""
