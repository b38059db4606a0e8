"""Documents of services with several APIs and function URLs."""

from __future__ import annotations

from dataclasses import replace

from lib.documents import http_api, openapi
from lib.documents.alarms import recommended_alarms
from lib.model import Call, FunctionUrl
from lib.model.matching import matching_endpoint
from lib.settings.environments import BASIS

from ...support.builders import a_function, a_route, a_service, service_with_apis


def test_each_endpoint_has_a_document_with_its_paths() -> None:
    service = service_with_apis()
    assert [*openapi.document(service)["paths"]] == ["/parcels"]
    assert [*openapi.document(service, endpoint="admin-api")["paths"]] == ["/reports/{day}", "/reports"]
    assert [*openapi.document(service, endpoint="hooks")["paths"]] == ["/hooks/{source}"]


def test_document_has_the_security_schemes_of_its_endpoint() -> None:
    service = service_with_apis()
    admin = openapi.document(service, endpoint="admin-api")
    assert {*admin["components"]["securitySchemes"]} == {"SignatureAuth", "TokenAuth"}
    assert admin["paths"]["/reports"]["post"]["security"] == [{}, {"SignatureAuth": []}, {"TokenAuth": ["write"]}]
    hooks = openapi.document(service, endpoint="hooks")
    assert hooks["components"]["securitySchemes"] == {}
    assert hooks["paths"]["/hooks/{source}"]["post"]["security"] == []
    signed = a_service(functions=(a_function(name="hooks", url=FunctionUrl()),))
    security = openapi.document(signed, endpoint="hooks")["paths"]["/parcels"]["get"]["security"]
    assert security == [{"SignatureAuth": []}]


def test_call_reaches_the_first_endpoint_with_a_matching_route() -> None:
    functions = (a_function(), a_function(name="hooks", url=FunctionUrl()))
    service = a_service(functions=functions)
    call = Call(method="GET", path="/parcels?size=1", status=200)
    for endpoint, sent in {"api": call, "hooks": replace(call, api="hooks")}.items():
        match = matching_endpoint(service, sent)
        assert match is not None
        assert match.endpoint == endpoint
        assert match.route is service.endpoints()[endpoint][0][1]
    assert matching_endpoint(service, replace(call, method="PUT")) is None


def test_recommended_alarms_have_the_metrics_of_each_endpoint() -> None:
    alarms = recommended_alarms(service_with_apis(), BASIS.alarms, {"desk": 1, "hooks": 1})
    metrics = {(alarm.on, alarm.name): alarm.metric for alarm in alarms}
    assert metrics["api", "server-errors"] == "5XXError"
    assert metrics["api admin-api", "server-errors"] == "5xx"
    assert metrics["api admin-api", "latency"] == "Latency"
    assert metrics["lambda hooks", "url-server-errors"] == "Url5xxCount"
    assert ("lambda desk", "url-server-errors") not in metrics


def test_cors_configuration_covers_all_routes() -> None:
    routes = [
        a_route(method="POST", headers={"X-Desk": {"type": "string"}}),
        a_route(method="GET"),
        a_route(method="GET", path="/x", headers={"X-Desk": {"type": "string"}}),
    ]
    cors = http_api.cors(routes, ["https://shop.example.com"])
    assert cors is not None
    assert cors["allow_methods"] == ["GET", "POST"]
    assert cors["allow_headers"].count("X-Desk") == 1
    assert "Retry-After" in cors["expose_headers"]
    every = http_api.cors([a_route(method="ANY")], ["*"])
    assert every is not None
    assert "DELETE" in every["allow_methods"]
    assert http_api.cors(routes, []) is None
