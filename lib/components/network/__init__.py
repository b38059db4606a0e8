"""The VPC of the functions and what it contains."""
