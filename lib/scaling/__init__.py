"""Models what a deployment lets through: throttles, quotas, concurrency and queues."""
