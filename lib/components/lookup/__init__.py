"""Data sources: the account of the provider, the state of the previous deployment, existing AWS resources."""
