"""The request that an operation receives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from . import body as bodies
from .claims import claims_of
from .errors import BadRequest
from .request_values import header_values

if TYPE_CHECKING:
    from .forms import Form

GROUP_SEPARATORS = re.compile(r"[,\s\[\]]+")
"""Separators of the groups in a claim, which API Gateway passes as `a,b` or `[a b]`."""


class Request(NamedTuple):
    """A validated request."""

    route: str
    """Method and resource path, such as `POST /items`."""
    path: dict[str, str]
    query: dict[str, Any]
    headers: dict[str, Any]
    """Headers by lowercase name. Values are strings, except those of `Route.headers` with another type."""
    body: Any
    """The body that the schema of the route describes, from JSON or a form. None if the route has no schema."""
    actor: str
    """Caller: the user or client of the user pool, the principal of the authorizer, the IAM ARN, the ID of the API
    key, or `anonymous`. It can be personal data."""
    id: str
    """Request ID of API Gateway, which logs and error responses contain."""
    owner: str = ""
    """Owner of the items that the request creates: the user or client of the user pool, the principal of the
    authorizer, or the IAM user or role without its session. Empty if only an API key identifies the caller, because
    keys are rotated."""

    invalid: Mapping[int, BadRequest] = MappingProxyType({})
    """Errors of the invalid entries of a batch, by index."""
    event: Mapping[str, Any] = MappingProxyType({})
    """Event of API Gateway, in the payload format 1.0."""
    context: Any = None
    """Context object of the Lambda invocation."""

    @property
    def caller(self) -> str:
        """Identity of the caller without its session, because a retry can come from another session."""
        return self.owner or self.actor

    @property
    def method(self) -> str:
        """HTTP method of the request, also if the method of the route is `ANY`."""
        return self.route.partition(" ")[0]

    @property
    def url(self) -> str:
        """URL to which the client sent the request: with the stage or the base path, and with the query.

        HTTP APIs and function URLs pass the query as it was sent; for REST APIs it is `raw_query`. The base path of
        the custom domain of an HTTP API is missing, because its events do not contain it.
        """
        from .request_url import url_of  # pylint: disable=import-outside-toplevel  # shortens cold starts

        return url_of(self.event, self.headers)

    @property
    def raw_query(self) -> str:
        """Query without `?`, percent-encoded. Empty without a query.

        HTTP APIs and function URLs pass it as it was sent. For REST APIs, it is rebuilt from the decoded parameters, in
        the order in which API Gateway passes their names, with `%20` for a space.
        """
        from .request_url import query_of  # pylint: disable=import-outside-toplevel  # shortens cold starts

        return query_of(self.event)

    @property
    def raw_body(self) -> bytes:
        """Bytes of the body as the client sent them, which a signature covers. Empty if the request has no body.

        Bytes that are not UTF-8 are unchanged only if AWS passes the body as Base64. REST APIs do so for their binary
        media types, which are those of `Route.content_types`. HTTP APIs and function URLs do so for all media types
        other than text, JSON, XML and JavaScript.
        """
        return bodies.raw_body(self.event)

    @property
    def text(self) -> str:
        """Body as a string. Raise `BadRequest` unless it is UTF-8."""
        return bodies.text_body(self.event)

    @property
    def form(self) -> Form:
        """Fields of a URL-encoded form. Raise `UnsupportedMediaType` for another content type."""
        from .forms import parse_form  # pylint: disable=import-outside-toplevel  # shortens cold starts

        bodies.check_media_type(self.headers, (bodies.FORM,))
        return parse_form(self.event)

    def json(self) -> Any:
        """Return the body of a route without a schema, parsed as JSON. Raise `BadRequest` unless it is JSON.

        Numbers with a fraction or an exponent are `Decimal`. Duplicate names are rejected.
        """
        return bodies.parse_json(self.event)

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name. If a name is repeated, the value of the most specific path."""
        cookies: dict[str, str] = {}
        for header in header_values(self.event, "cookie"):
            for pair in header.split(";"):
                name, separator, value = pair.partition("=")
                if separator:
                    cookies.setdefault(name.strip(), value.strip().strip('"'))
        return cookies

    @property
    def claims(self) -> Mapping[str, Any]:
        """Claims of the token, or context of the authorizer; API Gateway passes all values as strings. Empty without a
        token."""
        return claims_of(self.event)

    @property
    def groups(self) -> tuple[str, ...]:
        """User pool groups of the caller. Empty without a token."""
        return groups_of(self.claims)

    @property
    def source_ip(self) -> str:
        """IP address from which API Gateway received the request: that of the client or of a proxy."""
        return str(self._identity().get("sourceIp") or "")

    @property
    def user_agent(self) -> str:
        """`User-Agent` of the client. Empty if it sent none."""
        return str(self._identity().get("userAgent") or self.headers.get("user-agent", ""))

    @property
    def stage_variables(self) -> Mapping[str, str]:
        """Variables of the stage of the API."""
        return self.event.get("stageVariables") or {}

    def _identity(self) -> Mapping[str, Any]:
        return (self.event.get("requestContext") or {}).get("identity") or {}


def groups_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the groups in the claims of a user pool token."""
    return tuple(filter(None, GROUP_SEPARATORS.split(str(claims.get("cognito:groups", "")))))
