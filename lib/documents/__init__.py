"""AWS documents that are derived from a description and its settings, without Pulumi or boto3."""
