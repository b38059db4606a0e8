"""Serverless REST APIs on AWS, described once: `tap_stack.TapStack`."""
