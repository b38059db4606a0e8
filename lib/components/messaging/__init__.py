"""SNS topics, SQS queues and EventBridge event buses."""
