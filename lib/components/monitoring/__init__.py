"""CloudWatch alarms and dashboards, and budgets."""
