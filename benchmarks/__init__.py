"""Benchmarks: `python -m benchmarks [section ...]`. Compare ratios within one run, not absolute times."""
