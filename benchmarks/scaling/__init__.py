"""What 1,000 requests at once, or a second, take: `python -m benchmarks.scaling` writes the tables of docs/scaling.md."""
