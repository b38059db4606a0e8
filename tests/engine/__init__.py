"""Tests against Pulumi's engine protocols."""
