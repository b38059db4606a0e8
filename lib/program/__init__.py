"""Pulumi programs that run in this process: config, mocks and recordings."""
