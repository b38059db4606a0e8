"""APIs, function URLs and authorizers of a service."""

from __future__ import annotations

from . import alarm_targets
from .apis import Api, Protocol, endpoint_of
from .authorizers import LambdaAuthorizer
from .call import Call
from .function import Function
from .jwt_authorizer import JwtAuthorizer
from .triggers import Route


class ServiceEndpoints:
    """APIs and function URLs of a service, with their routes and authorizers. `Service` has the fields."""

    functions: tuple[Function, ...]
    apis: tuple[Api, ...]
    api_type: str
    authorizers: tuple[JwtAuthorizer, ...]

    def routes(self) -> list[tuple[Function, Route]]:
        """Return every route with its function."""
        return [(function, route) for function in self.functions for route in function.routes]

    def endpoints(self) -> dict[str, list[tuple[Function, Route]]]:
        """Return every route with its function, by the name of its API or of the function whose URL serves it."""
        endpoints: dict[str, list[tuple[Function, Route]]] = {}
        for function, route in self.routes():
            endpoints.setdefault(endpoint_of(function, route, self.api_type), []).append((function, route))
        return endpoints

    def routes_of(self, endpoint: str) -> list[Route]:
        """Return the routes of an API or of a function with a URL, by its name."""
        return [route for _, route in self.endpoints().get(endpoint, ())]

    def endpoints_of(self, call: Call) -> list[str]:
        """Return the endpoints that a call can have, the first of which has precedence."""
        names = [*self.used_apis(), *(function.name for function in self.function_urls())]
        return [name for name in names if call.api in ("", name)]

    def used_apis(self) -> dict[str, Api]:
        """Return the APIs that have routes by name, the default one first."""
        return {name: api for name, api in self.described_apis().items() if name in self.endpoints()}

    def described_apis(self) -> dict[str, Api]:
        """Return the default API and those in `apis`, by name."""
        described = {api.name: api for api in self.apis}
        return {self.api_type: described.get(self.api_type) or Api(name=self.api_type), **described}

    def api_target(self, name: str) -> str:
        """Return the value of `Alarm.on` for the metrics of an API."""
        return alarm_targets.of_api(name, self.api_type)

    def has_api(self) -> bool:
        """Return whether the default API has routes."""
        return self.api_type in self.endpoints()

    def function_urls(self) -> list[Function]:
        """Return the functions with a URL."""
        return [function for function in self.functions if function.url]

    def preflight_types(self) -> dict[str, str]:
        """Return the value of `{type}` for the function that responds to OPTIONS if there are several CORS origins, by
        the name of each REST API."""
        return {name: f"{name}-preflight" for name, api in self.used_apis().items() if api.protocol == "REST"}

    def protocols(self, function: Function) -> set[Protocol]:
        """Return the types of the APIs that invoke a function."""
        apis = self.used_apis()
        names = {endpoint_of(function, route, self.api_type) for route in function.routes}
        return {apis[name].protocol for name in names if name in apis}

    def lambda_authorizers(self) -> list[tuple[Function, LambdaAuthorizer]]:
        """Return every authorizer with its function."""
        return [(function, authorizer) for function in self.functions for authorizer in function.authorizers]

    def authorizers_of(self, api: str) -> list[tuple[Function, LambdaAuthorizer]]:
        """Return the authorizers that the routes of an API use, with their functions. The default API also has those
        that no route uses."""
        endpoints = self.endpoints()
        used = {route.authorizer for route in self.routes_of(api)}
        if api == self.api_type:
            elsewhere = {route.authorizer for name in endpoints.keys() - {api} for _, route in endpoints[name]}
            used |= {authorizer.name for _, authorizer in self.lambda_authorizers()} - elsewhere
        return [(function, authorizer) for function, authorizer in self.lambda_authorizers() if authorizer.name in used]

    def native_authorizers(self) -> dict[str, JwtAuthorizer]:
        """Return the authorizers whose tokens an HTTP API verifies itself, without invoking their function."""
        return {authorizer.name: authorizer for authorizer in self.authorizers if not authorizer.optional}

    def verifies_other_issuer(self, route: Route) -> bool:
        """Return whether the HTTP API of a route verifies the tokens of another issuer than the user pool."""
        authorizer = self.native_authorizers().get(route.authorizer or "")
        api = self.described_apis().get(route.api or self.api_type)
        is_http = api is not None and api.protocol == "HTTP"
        return is_http and authorizer is not None and not authorizer.uses_user_pool
