"""Security schemes and requirements in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from ..model import LambdaAuthorizer, Route, Service

Document = dict[str, Any]

KEY_SCHEME, SIGNATURE_SCHEME, TOKEN_SCHEME = "ApiKeyAuth", "SignatureAuth", "TokenAuth"


def security_schemes(service: Service, endpoint: str) -> Document:
    """Return the security schemes of an endpoint. The settings of the deployment select one of them for routes without
    an authorizer."""
    supported, schemes = _supported_schemes(service, endpoint), _all_schemes(service)
    return {name: scheme for name, scheme in schemes.items() if name in supported}


def _all_schemes(service: Service) -> Document:
    scopes = {scope: f"`{service.name}-<environment>/{scope}` in tokens" for scope in service.scopes()}
    tokens = {"tokenUrl": "/oauth2/token", "scopes": scopes}
    return {
        **{authorizer.name: _authorizer_scheme(authorizer) for _, authorizer in service.lambda_authorizers()},
        KEY_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "API key, required with `authorization` API_KEY and by routes with `key_required`.",
        },
        SIGNATURE_SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
            "description": "Required with `authorization` AWS_IAM: Signature Version 4 for `execute-api`.",
        },
        TOKEN_SCHEME: {
            "type": "oauth2",
            "description": "Required with `authorization` COGNITO_USER_POOLS, at the stack output `sign_in_url`.",
            "flows": {
                "authorizationCode": {"authorizationUrl": "/oauth2/authorize", **tokens},
                "clientCredentials": tokens,
            },
        },
    }


def _supported_schemes(service: Service, endpoint: str) -> tuple[str, ...]:
    """Return the security schemes that an endpoint supports: HTTP APIs have no API keys, and function URLs only
    signatures."""
    if api := service.used_apis().get(endpoint):
        keys = (KEY_SCHEME,) if api.protocol == "REST" else ()
        names = [authorizer.name for _, authorizer in service.authorizers_of(endpoint)]
        return (*keys, SIGNATURE_SCHEME, TOKEN_SCHEME, *names)
    url = next(function.url for function in service.function_urls() if function.name == endpoint)
    return (SIGNATURE_SCHEME,) if url and url.auth == "AWS_IAM" else ()


def security_of(service: Service, endpoint: str, route: Route) -> list[dict[str, list[str]]]:
    """Return the security requirements of a route that its endpoint supports."""
    supported = _supported_schemes(service, endpoint)
    if endpoint not in service.used_apis():
        return [{scheme: []} for scheme in supported]
    return [each for each in _security(service, route) if {*each} <= {*supported}]


def _authorizer_scheme(authorizer: LambdaAuthorizer) -> Document:
    """Return the security scheme of an authorizer: the part of the request that contains the token."""
    kind, name = authorizer.token_source() or ("header", "Authorization")
    if kind == "header" and name.lower() == "authorization":
        scheme = {"type": "http", "scheme": "bearer"}
    else:
        scheme = {"type": "apiKey", "in": {"header": "header", "querystring": "query"}[kind], "name": name}
    return {**scheme, **({"description": authorizer.description} if authorizer.description else {})}


def _authorizer_security(service: Service, route: Route) -> list[dict[str, list[str]]]:
    authorizer = next(a for _, a in service.lambda_authorizers() if a.name == route.authorizer)
    api_key: dict[str, list[str]] = {KEY_SCHEME: []} if route.key_required else {}
    return [*([api_key] if authorizer.optional else []), {authorizer.name: [], **api_key}]


def _security(service: Service, route: Route) -> list[dict[str, list[str]]]:
    """Return the security requirements of the authorizer of a route, or those that the settings of a deployment can
    select. `{}` requires no authentication."""
    if route.authorizer:
        return _authorizer_security(service, route)
    if not (scope := route.required_scope()):
        return []
    schemes: list[dict[str, list[str]]] = [{KEY_SCHEME: []}, {SIGNATURE_SCHEME: []}, {TOKEN_SCHEME: [scope]}]
    return schemes if route.key_required else [{}, *schemes]
