"""Model of the request rates that deployments support: throttling, quotas, concurrency and queueing."""
