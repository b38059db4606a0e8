"""What 1,000 requests at once, or a second, take; `python -m benchmarks.scaling` writes it into docs/scaling.md."""
