"""Packages of Lambda's Python runtimes."""

PROVIDED = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "snapshot_restore_py", "urllib3")
"""Packages of Lambda's Python runtimes that functions can import without adding them to their archives."""
