"""Access control of the emulator: AWS APIs require issued credentials, deployed APIs and sites do not."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import boto3
import ministack.app
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway, apigateway_v1, eventbridge, lambda_svc, sns, sts

from lib.assets.lambda_archive import zip_files
from lib.local import aws_config, server
from lib.local.emulator import REGION, Emulator
from lib.local.server import process
from lib.local.server.access_control import AccessControl, Backend
from lib.local.server.functions import role_credentials

SITE = "d111.cloudfront.localhost:4566"
STAGES = {"api.example.com": "live", "any.example.com": ""}
KEY = {"key": "AKIDISSUED"}
CORRECTED_MODULES = (
    *(ministack.app, iam_evaluator, lambda_runtime),
    *(apigateway, apigateway_v1, eventbridge, lambda_svc, sns, sts),
)
STAGE = "/restapis/abc/live/_user_request_"


class Server:
    """Access control in front of an application that records the paths it receives."""

    def __init__(self, application: Any = None) -> None:
        self.paths: list[str] = []
        self._application = application or AccessControl(
            Backend(
                app=self.app,
                resolve_domain=lambda host, path: ("abc", STAGES[host], path) if host in STAGES else None,
                is_domain=lambda name: name in {*STAGES, "empty.example.com"},
                is_distribution=lambda host: host == SITE,
                is_bucket=lambda name: name == "pages",
                key_id=lambda headers, query: headers.get("key", "") or query.get("key", [""])[0],
                is_issued=lambda key_id: key_id == KEY["key"],
            )
        )

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Record the path of a request, or the type of another event."""
        del receive
        self.paths.append(scope.get("path", scope["type"]))
        await send({"status": 200})

    def send(self, scope: dict[str, Any]) -> list[dict[str, Any]]:
        """Send an event and return the response messages."""
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        asyncio.run(self._application(scope, receive, send))
        return messages

    def __call__(self, target: str, method: str = "GET", host: str = "127.0.0.1:4566", **headers: str) -> str:
        """Send a request. Return the reason for its rejection, or an empty string."""
        path, _, query = target.partition("?")
        all_headers = {"host": host, **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        }
        first, *rest = self.send(scope)
        if first["status"] == 200:
            return ""
        assert first["status"] == 403
        assert not any(name.startswith(b"access-control-") for name, _ in first["headers"])
        return str(json.loads(rest[0]["body"])["message"])


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:80", "LocalHost", "bucket.s3.localhost:4566"])
def test_requests_with_an_issued_key_pass(host: str) -> None:
    requests = Server()
    assert requests("/2015-03-31/functions", host=host, **KEY) == ""
    assert requests("/bucket?key=AKIDISSUED", host=host) == ""
    assert requests.paths == ["/2015-03-31/functions", "/bucket"]


@pytest.mark.parametrize("key", [{}, {"key": "test"}, {"key": "000000000000"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/"), ("PUT", "/bucket/key"), ("GET", "/login"), ("GET", "/restapis/abc"), ("GET", "*")],
)
def test_aws_apis_require_an_issued_key(method: str, path: str, key: dict[str, str]) -> None:
    requests = Server()
    assert requests(path, method, **key) == ("Sign requests with the credentials in cfn-outputs/local-aws-config.")
    assert not requests.paths


def test_users_of_a_user_pool_need_no_key() -> None:
    requests, page = Server(), {"origin": "http://localhost:8080"}
    sign_up = {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}
    assert requests("/", "POST", **sign_up) == requests("/", "POST", **sign_up, **page) == ""
    assert requests("/", "OPTIONS", **page) == ""
    assert requests("/_ministack/reset", "POST", **sign_up) != ""
    assert requests("/2015-03-31/functions", "POST", **sign_up) != ""
    for target in ("AWSCognitoIdentityProviderService.AdminCreateUser", "Other.SignUp", "DynamoDB_20120810.ListTables"):
        assert requests("/", "POST", **{"x-amz-target": target}) != ""


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:4566", "localhost.evil.example", "[::1]"])
@pytest.mark.parametrize("path", ["/2015-03-31/functions", f"{STAGE}/items", "/_ministack/health", "/oauth2/token"])
def test_unknown_host_names_are_rejected(host: str, path: str) -> None:
    requests = Server()
    assert requests(path, host=host, **KEY) == (
        f"Host must be 127.0.0.1, localhost or the domain name of a deployed API, got {host!r}."
    )
    assert not requests.paths


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://d111.cloudfront.localhost:4566"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_web_pages_cannot_call_aws_apis(method: str, origin: str) -> None:
    requests = Server()
    assert requests("/2015-03-31/functions", method, origin=origin, **KEY) == (
        f"Web pages cannot call the AWS APIs of the local emulator, got a request from {origin!r}."
    )
    assert not requests.paths


def test_web_pages_can_use_presigned_urls_of_buckets() -> None:
    requests, origin = Server(), "https://shop.example"
    query = f"key={KEY['key']}&X-Amz-Signature=abc"
    assert requests("/pages/cat.png", "OPTIONS", origin=origin) == ""
    assert requests(f"/pages/cat.png?{query}", "PUT", origin=origin) == ""
    assert requests(f"/pages/cat.png?key={KEY['key']}&Signature=abc", "PUT", origin=origin) == ""
    assert "Web pages" in requests(f"/pages/cat.png?key={KEY['key']}", "PUT", origin=origin)
    assert "Sign requests" in requests("/pages/cat.png?key=AKIDOTHER&X-Amz-Signature=abc", "PUT", origin=origin)
    assert "Web pages" in requests(f"/2015-03-31/functions?{query}", "POST", origin=origin)
    assert "Web pages" in requests("/functions/cat.png", "OPTIONS", origin=origin)


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/lambda-code/f", "/_aws/lambda-urls", "/_alb/a"])
@pytest.mark.parametrize("host", ["127.0.0.1", SITE])
def test_internal_apis_of_the_emulator_are_not_available(path: str, host: str) -> None:
    requests = Server()
    assert requests(path, "POST", host=host, **KEY) == f"{path} is not available in the local emulator."
    assert not requests.paths


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{STAGE}/items/a"),
        ("GET", STAGE),
        ("POST", "/_aws/lambda-url/abc123/hooks"),
        ("GET", "/_ministack/health"),
        ("GET", "/oauth2/authorize?client_id=a"),
        ("POST", "/login"),
        ("OPTIONS", "/oauth2/token"),
        ("GET", "/us-east-1_Ab1/.well-known/jwks.json"),
    ],
)
def test_apis_and_sign_in_pages_are_public(method: str, path: str) -> None:
    requests = Server()
    assert requests(path, method, origin="https://shop.example") == ""
    assert requests.paths == [path.partition("?")[0]]


def test_sites_are_public_but_read_only() -> None:
    requests = Server()
    assert requests("/assets/app.js", host=SITE) == ""
    assert requests("/assets/app.js", "HEAD", host=SITE) == ""
    assert requests("/pages/index.html") == ""
    assert "Sign requests" in requests("/pages/index.html", "PUT")
    assert "Sign requests" in requests("/assets/app.js", "PUT", host=SITE)
    assert "Sign requests" in requests("/v2/image/blobs/uploads/", host=SITE)
    assert "Sign requests" in requests("/assets/app.js", host="d222.cloudfront.localhost:4566")


@pytest.mark.parametrize("ending", ["%0A", "%0a/x", "x"])
def test_paths_that_only_resemble_a_stage_are_not_public(ending: str) -> None:
    assert "Sign requests" in Server()(f"{STAGE}{ending}", "PUT")


def test_api_paths_stay_percent_encoded() -> None:
    requests = Server()
    assert requests(f"{STAGE}/items/a%252Fb%2Fc%C3%BC") == ""
    assert requests("/items/a%252F", host="api.example.com") == ""
    assert requests("/live/items/a%252F", host="any.example.com") == ""
    assert requests("/bucket/a%20b", **KEY) == ""
    assert requests.paths == [
        f"{STAGE}/items/a%252Fb%2Fc%C3%BC",
        f"{STAGE}/items/a%252F",
        f"{STAGE}/items/a%252F",
        "/bucket/a b",
    ]


def test_services_with_form_encoded_requests_respond_in_xml() -> None:
    requests = Server()
    headers = [(b"host", b"<evil>"), (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
    scope = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    body = requests.send(scope)[1]
    error = ElementTree.fromstring(body["body"]).find("Error")  # noqa: S314  # trusted XML
    assert error is not None
    assert error.findtext("Code") == "AccessDenied"
    assert str(error.findtext("Message")).endswith("got '<evil>'.")


def test_repeated_headers_are_joined() -> None:
    requests = Server()
    headers = [(b"host", b"localhost"), (b"Host", b"evil.example"), (b"key", b"AKIDISSUED")]
    scope = {"type": "http", "method": "GET", "path": "/a", "raw_path": b"/a", "query_string": b"", "headers": headers}
    assert requests.send(scope)[0]["status"] == 403


def test_domain_without_a_mapping_for_the_path_is_forbidden() -> None:
    requests = Server()
    assert requests("/a", host="Empty.example.com:443") == "Forbidden"
    assert not requests.paths


def test_web_sockets_are_closed_and_lifespan_events_pass() -> None:
    requests = Server()
    assert requests.send({"type": "websocket", "path": STAGE}) == [{"type": "websocket.close", "code": 1008}]
    requests.send({"type": "lifespan"})
    assert requests.paths == ["lifespan"]


def test_credentials_of_roles_differ_between_secrets() -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:desk"
    config = {"FunctionArn": function, "FunctionName": "desk", "Role": "arn:aws:iam::000000000000:role/a/clerk"}
    sessions: dict[str, dict[str, str]] = {}
    issued = [role_credentials(secret, sessions.__setitem__)(config) for secret in ("a", "a", "b")]
    assert issued[0] == issued[1]
    assert not set(issued[1].values()) & set(issued[2].values())
    session = sessions[issued[0]["AWS_ACCESS_KEY_ID"]]
    assert (session["SecretAccessKey"], session["SessionToken"]) == (
        issued[0]["AWS_SECRET_ACCESS_KEY"],
        issued[0]["AWS_SESSION_TOKEN"],
    )
    assert session["Arn"] == "arn:aws:sts::000000000000:assumed-role/clerk/desk"


@pytest.mark.parametrize("log", ["functions.log", ""])
def test_server_accepts_only_the_root_credentials_from_its_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: str
) -> None:
    monkeypatch.setenv(server.ROOT_KEY_ID, "AKIDROOT")
    monkeypatch.setenv(server.ROOT_SECRET_KEY, "a secret")
    monkeypatch.setenv(server.FUNCTION_LOG, str(tmp_path / log) if log else "")
    backend = Server()
    served: list[Any] = []
    monkeypatch.setattr(ministack.app, "app", backend.app)
    monkeypatch.setattr(ministack.app, "main", lambda: served.append(ministack.app.app))
    monkeypatch.setattr(sts, "_sessions", {})
    for module in CORRECTED_MODULES:
        for name, value in [*vars(module).items()]:
            monkeypatch.setattr(module, name, value)
    for name in ("_drain_stderr", "_drain_stderr_bounded"):
        monkeypatch.setattr(lambda_runtime.Worker, name, getattr(lambda_runtime.Worker, name))

    process.main()

    assert not {server.ROOT_KEY_ID, server.ROOT_SECRET_KEY, server.FUNCTION_LOG} & set(os.environ)
    requests = Server(served[0])
    signature = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
    for key_id in ("test", "000000000000", "AKIDOTHER"):
        assert "Sign requests" in requests("/2015-03-31/functions", authorization=signature.format(key_id))
    assert "Sign requests" in requests("/", host="d111.cloudfront.localhost")
    assert "Host must be" in requests("/", host="api.example.com")
    assert requests("/2015-03-31/functions", authorization=signature.format("AKIDROOT")) == ""
    root = iam_evaluator.resolve_credential("AKIDROOT")
    assert (root.principal_type, root.secret_access_key) == ("Root", "a secret")
    assert backend.paths == ["/2015-03-31/functions"]


def request(emulator: Emulator, method: str, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage]:
    """Send a request. Return the status and the headers of the response."""
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status, response.headers
    finally:
        connection.close()


def signed(emulator: Emulator, service: str, path: str) -> dict[str, str]:
    """Return the headers of a GET request that the root user signed."""
    to_sign = AWSRequest("GET", emulator.url + path)
    SigV4Auth(Credentials(emulator.key_id, emulator.secret_key), service, REGION).add_auth(to_sign)
    return dict(to_sign.headers)


CALLS = {
    "apigateway": "get_rest_apis",
    "cloudfront": "list_distributions",
    "cognito-idp": "list_user_pools",
    "dynamodb": "list_tables",
    "ecr": "describe_repositories",
    "events": "list_rules",
    "iam": "list_users",
    "kms": "list_keys",
    "lambda": "list_functions",
    "logs": "describe_log_groups",
    "s3": "list_buckets",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sqs": "list_queues",
    "ssm": "describe_parameters",
    "sts": "get_caller_identity",
}
"""An operation of each service."""


@pytest.mark.parametrize("service", CALLS)
def test_every_service_verifies_signatures(emulator: Emulator, service: str) -> None:
    parameters = {"MaxResults": 1} if service == "cognito-idp" else {}
    getattr(emulator.client(service), CALLS[service])(**parameters)
    client = boto3.client(
        service,
        endpoint_url=emulator.url,
        region_name=REGION,
        aws_access_key_id=emulator.key_id,
        aws_secret_access_key="another secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as error:
        getattr(client, CALLS[service])(**parameters)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}
    client.close()


def test_web_pages_and_unknown_host_names_have_no_access_over_http(emulator: Emulator) -> None:
    path = "/2015-03-31/functions"
    headers_of_root = signed(emulator, "lambda", path)
    assert request(emulator, "GET", path, **headers_of_root)[0] == 200
    assert (
        request(
            emulator,
            "GET",
            path,
            **headers_of_root | {"Authorization": headers_of_root["Authorization"].replace("=", "=x", 1)},
        )[0]
        == 403
    )
    status, headers = request(emulator, "GET", path, **headers_of_root, Origin="https://evil.example")
    assert (status, headers.get("Access-Control-Allow-Origin")) == (403, None)
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    status, headers = request(emulator, "OPTIONS", path, **preflight)
    assert (status, headers.get("Access-Control-Allow-Origin")) == (403, None)
    assert request(emulator, "GET", path, **headers_of_root | {"Host": "evil.example"})[0] == 403
    assert request(emulator, "POST", "/_ministack/reset")[0] == 403
    assert request(emulator, "PUT", "/bucket")[0] == 403


def test_private_buckets_require_credentials(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="private-pages")
    s3.put_object(Bucket="private-pages", Key="a", Body=b"a")
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        for path in ("/private-pages/a", "/private-pages/b", "/private-pages", "/private-pages?policy", "/"):
            assert request(emulator, method, path)[0] == 403
    assert s3.get_object(Bucket="private-pages", Key="a")["Body"].read() == b"a"


def test_other_users_of_the_machine_cannot_read_the_credentials(emulator: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "cfn-outputs"
    paths = [aws_config.write(emulator, folder) for _ in range(2)]
    assert paths == [folder / "local-aws-config"] * 2
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["local-aws-config"]


def test_session_from_the_config_file_calls_the_emulator(
    emulator: Emulator, tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("AWS_PROFILE", "another")
    aws_config.write(emulator, tmp_path)
    client = aws_config.session(tmp_path).client("sts")
    assert client.meta.endpoint_url == emulator.url
    assert client.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    client.close()


def test_missing_config_file_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    message = r"local-aws-config does not exist\. Run make local, which writes it\."
    with pytest.raises(aws_config.AwsConfigError, match=message):
        aws_config.session(tmp_path)


def test_functions_have_credentials_that_cannot_be_guessed(emulator: Emulator) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = emulator.client("iam").create_role(RoleName="teller", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions = emulator.client("lambda")
    code = (
        'import os\n\ndef handler(event, context):\n    return [os.environ["AWS_ACCESS_KEY_ID"], sorted(os.environ)]\n'
    )
    function = functions.create_function(
        FunctionName="teller",
        Role=role,
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": zip_files({"index.py": code})},
    )
    key_id, variables = json.loads(functions.invoke(FunctionName="teller")["Payload"].read())
    guessed = hashlib.sha256(f"{function['FunctionArn']}:{role}".encode()).hexdigest()[:16].upper()
    assert key_id.startswith("ASIA")
    assert key_id != f"ASIA{guessed}"
    assert not {server.ROOT_KEY_ID, server.ROOT_SECRET_KEY} & set(variables)
