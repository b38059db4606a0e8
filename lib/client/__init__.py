"""Clients of deployed stacks, configured by stack outputs."""
