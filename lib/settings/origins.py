"""CORS origins, as browsers send them in the `Origin` header."""

from __future__ import annotations

import ipaddress
import re

SITE = "site"
"""List entry for the site of the service, whose origin is known only after deployment."""
ANY = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_PORT = 65_535
MAX_HOST_LENGTH = 253
MAX_LIST_LENGTH = 2_000
"""Maximum length of the whole list; all environment variables of a Lambda function share 4 KB."""
EXPECTED = (
    "'*', empty, or a comma-separated list of distinct origins exactly as browsers send them, such as "
    "https://shop.example.com or http://localhost:3000 (http or https, in lowercase, without wildcards, user, default "
    "port, path or trailing '/'), and 'site' for the site of the service"
)

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:]+\])(:(?P<port>[1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""Last label of a host that browsers parse as an IPv4 address."""


def split(origins: str) -> tuple[str, ...]:
    """Return the origins of a comma-separated list."""
    return tuple(origin.strip() for origin in origins.split(",")) if origins else ()


def is_list(value: object) -> bool:
    """Return whether `value` is `*`, empty, or a list of distinct origins that browsers can send."""
    if not isinstance(value, str) or len(value) > MAX_LIST_LENGTH:
        return False
    origins = split(value)
    return value == ANY or (
        len(set(origins)) == len(origins) and all(origin == SITE or is_origin(origin) for origin in origins)
    )


def is_origin(origin: str) -> bool:
    """Return whether a browser can send `origin`. Browsers normalize case, default ports and IP addresses."""
    match = _ORIGIN.fullmatch(origin)
    if not match:
        return False
    port = int(match["port"] or 0)
    return port <= MAX_PORT and port != DEFAULT_PORTS[match["scheme"]] and _is_host(match["host"])


def _is_host(host: str) -> bool:
    labels = host.split(".")
    try:
        if host.startswith("["):
            return str(ipaddress.IPv6Address(host[1:-1])) == host[1:-1]
        if _NUMBER.fullmatch(labels[-1]):
            return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
    return len(host) <= MAX_HOST_LENGTH and all(map(_LABEL.fullmatch, labels))
