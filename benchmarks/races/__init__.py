"""Conflicts, sweeps and growth: what happens to many callers at once, and to tables that grow."""
