"""A user who can sign in to a local run."""

from __future__ import annotations

import secrets

from .emulator import Emulator

USER_NAME = "demo@example.com"


def create(emulator: Emulator, user_pool_id: str) -> tuple[str, str]:
    """Create a user in a user pool, and return the name and the password."""
    users, password = emulator.client("cognito-idp", user_pool_id.split("_")[0]), f"aA1-{secrets.token_hex(6)}"
    users.admin_create_user(UserPoolId=user_pool_id, Username=USER_NAME, MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=user_pool_id, Username=USER_NAME, Password=password, Permanent=True)
    return USER_NAME, password
