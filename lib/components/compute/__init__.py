"""Lambda functions, their code and roles, and what invokes them."""
