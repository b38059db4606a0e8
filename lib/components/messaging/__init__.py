"""SNS topics and SQS queues."""
