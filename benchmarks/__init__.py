"""Side-by-side measurements: `python -m benchmarks [section ...]`.  Ratios within one run count, not milliseconds."""
