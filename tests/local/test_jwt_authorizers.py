"""JWT authorizers over HTTP, with an issuer on this machine and with the user pool of a stack."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lib.client import auth
from lib.local.emulator import Emulator

from ..integration.conftest import Http, assert_error
from ..support.issuer import AUDIENCE, OTHER_RSA_KEY, key_set, token
from .conftest import Run
from .test_authorizers import bearer

PROGRAM = """
from lib.model import Function, JwtAuthorizer, Key, Route, Service, Table
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs
issuer, audience = pulumi.Config().get("issuer"), pulumi.Config().get("audience")
audience = (audience,) if audience else ()
greet = dict(method="GET", operation="greet")
service = Service(
    name="jwt",
    tables=(Table(name="users", variable="USERS_TABLE", hash_key=Key("name")),),
    authorizers=(
        JwtAuthorizer(name="login", issuer=issuer, audience=audience),
        JwtAuthorizer(name="optional", issuer=issuer, audience=audience, optional=True),
    ),
    functions=(
        Function(
            name="api",
            handler="examples.todo.handler.operations",
            routes=(
                Route(path="/private", authorizer="login", **greet),
                Route(path="/admin", authorizer="login", scope="orders:admin", **greet),
                Route(path="/public", authorizer="optional", **greet),
                Route(path="/pool", **greet),
            ),
        ),
    ),
)
authorization = AuthorizationSettings(type=pulumi.Config().get("authorization"))
stack = TapStack("tap", TapStackArgs(pulumi.Config().get("suffix"), service=service, authorization=authorization))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


CUSTOMERS = """
import pulumi_aws as aws
from lib.model import Function, JwtAuthorizer, Route, Service
from lib.tap_stack import TapStack, TapStackArgs
pool = aws.cognito.UserPool(
    "customers",
    name="customers",
    auto_verified_attributes=["email"],
    schemas=[{"name": "role", "attribute_data_type": "String", "mutable": True}],
)
client = aws.cognito.UserPoolClient("app", user_pool_id=pool.id, explicit_auth_flows=["ADMIN_NO_SRP_AUTH"])
login = JwtAuthorizer(name="login", issuer=pulumi.Output.concat("https://", pool.endpoint), audience=(client.id,))
service = Service(
    name="club",
    authorizers=(login,),
    functions=(
        Function(
            name="api",
            handler="examples.todo.handler.operations",
            routes=(Route(method="GET", path="/private", operation="greet", authorizer="login"),),
        ),
    ),
)
stack = TapStack("tap", TapStackArgs(service=service))
for name, value in {**stack.outputs, "pool_id": pool.id, "client_id": client.id}.items():
    pulumi.export(name, value)
"""


class Issuer:
    """A server with a discovery document and keys."""

    def __init__(self) -> None:
        self.keys: Any = key_set()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            """Responds with JSON documents."""

            def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
                """Send the document at the path, or 500 if there is none."""
                documents = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}keys"},
                    "/keys": issuer.keys,
                }
                document = documents.get(self.path)
                self.send_response(200 if document else 500)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(name="issuer")
def issuer_fixture() -> Iterator[Issuer]:
    """Issuer on this machine."""
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


@pytest.fixture(name="deploy")
def deploy_fixture(run: Run) -> Callable[..., dict[str, Any]]:
    """Deploy the service with an issuer."""
    return lambda **config: run(PROGRAM, **config)


def test_tokens_of_an_issuer(deploy: Callable[..., dict[str, Any]], issuer: Issuer) -> None:
    http = Http(deploy(issuer=issuer.url, audience=AUDIENCE, suffix="issuer", authorization="NONE"), None)
    private = http("GET", "/private", **bearer(token(issuer.url, roles=["a", "b"], level=3, org={"id": 7})))
    assert private.body["hello"] == private.body["owner"] == "ada"
    claims = private.body["claims"]
    assert (claims["roles"], claims["level"], claims["org"]) == ("a,b", "3", '{"id":7}')
    for credentials in ({}, bearer(token(issuer.url, OTHER_RSA_KEY)), bearer(token(issuer.url, aud="another"))):
        assert_error(http("GET", "/private", **credentials), 401, "UNAUTHORIZED")

    assert_error(http("GET", "/admin", **bearer(token(issuer.url, scope="orders"))), 403, "FORBIDDEN")
    assert http("GET", "/admin", **bearer(token(issuer.url, scope="orders orders:admin"))).status == 200

    assert http("GET", "/public").body == {"hello": "anonymous", "owner": "", "claims": {}}
    assert http("GET", "/public", **bearer(token(issuer.url))).body["hello"] == "ada"
    assert_error(http("GET", "/public", **bearer(token(issuer.url, OTHER_RSA_KEY))), 401, "UNAUTHORIZED")


def test_unreachable_issuer_is_unavailable(deploy: Callable[..., dict[str, Any]], issuer: Issuer) -> None:
    issuer.keys = None
    http = Http(deploy(issuer=issuer.url, audience=AUDIENCE, suffix="down", authorization="NONE"), None)
    for path in ("/private", "/public"):
        assert_error(http("GET", path, **bearer(token(issuer.url))), 503, "SERVICE_UNAVAILABLE")
    assert http("GET", "/public").body["hello"] == "anonymous"


def test_user_pool_of_the_stack(deploy: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    outputs = deploy(issuer="user-pool", audience="", suffix="pool", authorization="COGNITO_USER_POOLS")
    http, machine = Http(outputs, None), auth.authorization_of(outputs, emulator)("GET", "", None)
    expected = http("GET", "/pool", **machine).body
    assert expected["hello"] == outputs["machine_client_id"]
    for path in ("/private", "/public"):
        assert http("GET", path, **machine).body["hello"] == expected["hello"]
        assert_error(http("GET", path, **bearer("a.b.c")), 401, "UNAUTHORIZED")
    assert http("GET", "/public").body["hello"] == "anonymous"
    assert_error(http("GET", "/private"), 401, "UNAUTHORIZED")


def test_user_pool_of_the_program_in_which_customers_sign_up(run: Run, emulator: Emulator) -> None:
    outputs, cognito = run(CUSTOMERS), emulator.client("cognito-idp")
    app, name, password = outputs["client_id"], "ada", "Correct-horse-1"
    attributes = [{"Name": "email", "Value": "ada@example.com"}, {"Name": "custom:role", "Value": "admin"}]
    cognito.sign_up(ClientId=app, Username=name, Password=password, UserAttributes=attributes)
    cognito.admin_confirm_sign_up(UserPoolId=outputs["pool_id"], Username=name)
    preflight = urllib.request.Request(  # the URL of the emulator
        emulator.url,
        headers={
            "Origin": "http://localhost:8080",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-amz-target,content-type",
        },
        method="OPTIONS",
    )
    with urllib.request.urlopen(preflight) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    tokens = cognito.admin_initiate_auth(
        UserPoolId=outputs["pool_id"],
        ClientId=app,
        AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )["AuthenticationResult"]
    http = Http(outputs, None)
    user = http("GET", "/private", Authorization=tokens["IdToken"]).body
    assert user["claims"]["custom:role"] == "admin"
    assert http("GET", "/private", **bearer(tokens["AccessToken"])).body["owner"] == user["owner"]
    assert_error(http("GET", "/private", Authorization="a.b.c"), 401, "UNAUTHORIZED")
