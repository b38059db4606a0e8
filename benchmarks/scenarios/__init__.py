"""Benchmarks of concurrent callers, scheduled jobs, and large tables."""
