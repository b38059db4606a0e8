"""Cookies in responses."""

from __future__ import annotations

import re

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
ATTRIBUTE = re.compile(r"[ -:<-~]*")
HOST_PREFIX = "__Host-"
PREFIXES = (HOST_PREFIX, "__Secure-")
"""Prefixes of names whose cookies browsers accept only with `Secure`."""
SAME_SITE = ("Strict", "Lax", "None")


def cookie(
    name: str,
    value: str,
    *,
    max_age_seconds: int | None = None,
    path: str = "/",
    domain: str = "",
    same_site: str = "Lax",
    secure: bool = True,
    http_only: bool = True,
) -> str:
    """Return the value of a `Set-Cookie` header, for `Response.cookies`. Raise `ValueError` for an invalid argument.

    By default, browsers send the cookie only over HTTPS and not with cross-site POST requests, and scripts cannot read
    it. Without `max_age_seconds`, it lasts until the browser is closed. An empty `domain` limits it to the host of the
    API.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"cookie name must be letters, digits and !#$%&'*+-.^_`|~, got {name!r}.")
    if not VALUE.fullmatch(value):
        remedy = "Encode it with urllib.parse.quote."
        raise ValueError(
            f'cookie {name!r} value must be printable ASCII without spaces and "\\,;, got {value!r}. {remedy}'
        )
    for attribute, text in {"path": path, "domain": domain}.items():
        if not ATTRIBUTE.fullmatch(text):
            raise ValueError(f"cookie {name!r} {attribute} must be printable ASCII without ';', got {text!r}.")
    if same_site not in SAME_SITE:
        raise ValueError(f"cookie {name!r} same_site must be one of {', '.join(SAME_SITE)}, got {same_site!r}.")
    if same_site == "None" and not secure:
        raise ValueError(f"cookie {name!r} secure must be True with same_site 'None', got False. Browsers reject it.")
    if name.startswith(PREFIXES) and not secure:
        raise ValueError(f"cookie {name!r} secure must be True because of the prefix, got False. Browsers reject it.")
    if name.startswith(HOST_PREFIX) and (path, domain) != ("/", ""):
        remedy = "Browsers reject it: rename the cookie, or leave them out."
        raise ValueError(f"cookie {name!r} path must be '/' and domain empty, got {path!r} and {domain!r}. {remedy}")
    if max_age_seconds is not None and (isinstance(max_age_seconds, bool) or not isinstance(max_age_seconds, int)):
        raise ValueError(f"cookie {name!r} max_age_seconds must be a whole number, got {max_age_seconds!r}.")
    parts = [f"{name}={value}", f"Path={path}", f"SameSite={same_site}"]
    parts += [f"Domain={domain}"] if domain else []
    parts += [f"Max-Age={max_age_seconds}"] if max_age_seconds is not None else []
    parts += ["Secure"] * secure + ["HttpOnly"] * http_only
    return "; ".join(parts)


def expired_cookie(name: str, *, path: str = "/", domain: str = "") -> str:
    """Return the value of a `Set-Cookie` header that deletes a cookie with the same path and domain."""
    return cookie(name, "", max_age_seconds=0, path=path, domain=domain)
