"""Many clients at once, over HTTP: `python -m benchmarks.load`."""
