"""URLs of sites and of Amazon Cognito sign-in pages."""

from __future__ import annotations

import re

from ..settings import invalid_value

DOMAINS = {
    "aws-us-gov": "auth-fips.{region}.amazoncognito.com",
    "aws-eusc": "auth.cognito-idp.{region}.on.amazonwebservices.eu",
}
"""Domain of Cognito sign-in pages in the partitions that differ from `aws`."""


def domain_prefix(pool_id: str) -> str:
    """Return the domain prefix of a user pool's sign-in page. Like the pool ID, it is unique in the region."""
    return pool_id.lower().replace("_", "-")


def sign_in_url(pool_id: str, domain: str | None, partition: str) -> str:
    """Return the origin of a user pool's sign-in page.

    `domain` is a prefix of Cognito's domain or, if it contains a dot, a custom domain. Raise `ValueError` if the pool
    has no domain.
    """
    if not domain:
        remedy = "Add a domain to the user pool. Users sign in at this domain, which issues the tokens."
        raise invalid_value("authorization.user_pool", pool_id, "a user pool with a domain", remedy)
    region, _, _ = pool_id.partition("_")
    cognito = DOMAINS.get(partition, "auth.{region}.amazoncognito.com").format(region=region)
    return origin(domain if "." in domain else f"{domain}.{cognito}")


def issuer(pool_id: str, dns_suffix: str) -> str:
    """Return the issuer of a user pool's tokens."""
    region, _, _ = pool_id.partition("_")
    return f"https://cognito-idp.{region}.{dns_suffix}/{pool_id}"


def origin(domain: str) -> str:
    """Return the origin of a domain. A domain with a port is in the local emulator, which does not support TLS."""
    return f"{'http' if re.search(r':[0-9]+$', domain) else 'https'}://{domain}"
