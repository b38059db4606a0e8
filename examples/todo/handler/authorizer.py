"""The operation of the authorizers."""

from __future__ import annotations

from tap_stack.runtime.authorizers import Allow, AuthorizationRequest, Decision

from . import tokens


def authorize(request: AuthorizationRequest) -> Decision:
    """Allow a request with a token of this service."""
    claims = tokens.verify(request.token, tokens.KEY.value())
    return Allow(claims["sub"], {"scope": claims["scope"]})
