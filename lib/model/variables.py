"""Environment variables that a stack sets in functions, in addition to those of resources."""

CORS_VARIABLE = "CORS_ORIGIN"
"""Environment variable with the allowed CORS origins, separated by commas. Functions have it if one of them is the site
of the service; the function that responds to OPTIONS always has it."""
GROUP_VARIABLE = "USER_POOL_GROUP"
"""Environment variable with the name of the group whose users can call the API."""


def deployed_value(variable: str) -> str:
    """Return the variable with the deployed value of a parameter, next to `variable`, which has its path."""
    return f"{variable}_DEPLOYED"
