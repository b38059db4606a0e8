"""Programs and policies under the real Pulumi engine, over a double of the AWS provider."""
