"""AWS documents that are derived from a service definition and settings, without Pulumi or boto3."""
