"""The URLs of sites and of sign-in pages."""

from __future__ import annotations

import re

from ..settings import invalid_value

DOMAINS = {
    "aws-us-gov": "auth-fips.{region}.amazoncognito.com",
    "aws-eusc": "auth.cognito-idp.{region}.on.amazonwebservices.eu",
}
"""Domain of Amazon Cognito's sign-in pages in the partitions that differ from `aws`."""


def domain_prefix(pool_id: str) -> str:
    """What the domain of a pool's sign-in page begins with: unique in its region, as the pool's id is."""
    return pool_id.lower().replace("_", "-")


def address(pool_id: str, domain: str | None, partition: str) -> str:
    """The origin of the sign-in page: `domain` is what Cognito's own begins with, or with dots a whole one.

    Raises ValueError for a pool without any.
    """
    if not domain:
        remedy = "Add a domain to the user pool: users sign in there, and it issues the tokens."
        raise invalid_value("authorization.user_pool", pool_id, "a user pool with a domain", remedy)
    region, _, _ = pool_id.partition("_")
    cognito = DOMAINS.get(partition, "auth.{region}.amazoncognito.com").format(region=region)
    return origin(domain if "." in domain else f"{domain}.{cognito}")


def origin(domain: str) -> str:
    """Return the origin of pages at a domain. Only a local run, which has no TLS, has a port."""
    return f"{'http' if re.search(r':[0-9]+$', domain) else 'https'}://{domain}"
