"""A to-do service whose users sign in with a password and send JSON Web Tokens that the service issues itself."""

from .service import SERVICE

__all__ = ["SERVICE"]
