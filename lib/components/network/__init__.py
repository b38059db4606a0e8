"""The VPC of the functions: subnets, endpoints, NAT gateways and security groups."""
