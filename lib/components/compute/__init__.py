"""Lambda functions: code, roles, layers, rollouts, schedules and event sources."""
