"""Handler package of the orders API. The archive contains it."""
