"""Data sources: the provider's account, the previous deployment's state, resources that exist in AWS."""
