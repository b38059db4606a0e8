"""Where a user pool signs people in: pure text."""

from __future__ import annotations

from . import site
from .settings import refuse


def domain_prefix(pool_id: str) -> str:
    """What the domain of a pool's sign-in page begins with: unique in its region, as the pool's id is."""
    return pool_id.lower().replace("_", "-")


def address(pool_id: str, domain: str | None) -> str:
    """The origin of the sign-in page: `domain` is what Cognito's own begins with, or with dots a whole one.

    Raises ValueError for a pool without any.
    """
    if not domain:
        raise refuse("authorization.user_pool", pool_id, "give it a domain, where people sign in and tokens come from")
    region, _, _ = pool_id.partition("_")
    return site.address(domain if "." in domain else f"{domain}.auth.{region}.amazoncognito.com")
