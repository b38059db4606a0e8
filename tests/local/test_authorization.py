"""Authorization of deployed APIs with user pools and IAM."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from lib.client import auth, smoke_test
from lib.client import outputs_file as files
from lib.local import aws_config
from lib.local.emulator import REGION, Emulator
from lib.local.engine import DeployError
from lib.local.run import create_user
from lib.model import Call

from ..support.deployments import deploy_service
from .conftest import Run
from .test_documentation import BLOCK

PAGE = Path("docs/production/authorization.md").read_text(encoding="utf-8")
LIST = Call(method="GET", path="/items", status=200)
CREATE = Call(method="POST", path="/items", status=201, body={"ItemId": "pen"})
SHELF = {"name": "Shelf", "category": "shelves", "quantity": 3, "price": 20}


def send(outputs: dict[str, Any], call: Call, authorization: auth.Authorization | None = None) -> tuple[int, str]:
    """Send a call. Return the status and the error code of the response. Without an error, the code is empty."""
    result = smoke_test.send(outputs["api_url"], call, authorization)
    body = json.loads(result.body)
    if "code" in body:
        assert set(body) == {"error", "code", "requestId", "details"}
    return result.status, body.get("code", "")


@pytest.fixture(scope="module", name="members")
def members_fixture(emulator: Emulator) -> dict[str, Any]:
    """Outputs of an items service with a user pool."""
    return deploy_service(
        emulator, "items", "members", authorization="COGNITO_USER_POOLS", callback_urls="https://a.example/"
    )


@pytest.fixture(scope="module", name="signed")
def signed_fixture(emulator: Emulator) -> dict[str, Any]:
    """Outputs of an items service with IAM authorization."""
    return deploy_service(emulator, "items", "signed", authorization="AWS_IAM")


def with_scopes(outputs: dict[str, Any], *scopes: str) -> auth.Authorization:
    token = auth.request_token(outputs, [outputs["scopes"][scope] for scope in scopes])
    return auth.static_headers({"Authorization": f"Bearer {token}"})


def test_requests_without_a_valid_token_are_unauthorized(members: dict[str, Any]) -> None:
    assert send(members, LIST) == (401, "UNAUTHORIZED")
    assert send(members, LIST, auth.static_headers({"Authorization": "Bearer nothing"})) == (401, "UNAUTHORIZED")
    assert send(members, LIST, auth.static_headers({"x-api-key": "nothing"})) == (401, "UNAUTHORIZED")


def test_token_allows_only_the_routes_of_its_scopes(members: dict[str, Any]) -> None:
    reader, writer = (with_scopes(members, scope) for scope in ("read", "write"))
    assert send(members, LIST, reader) == (200, "")
    assert send(members, CREATE, reader) == (401, "UNAUTHORIZED")
    assert send(members, CREATE, writer) == (201, "")
    assert send(members, LIST, writer) == (401, "UNAUTHORIZED")
    assert send(members, LIST, with_scopes(members, "read", "write")) == (200, "")


def test_token_of_another_pool_is_unauthorized(members: dict[str, Any], emulator: Emulator) -> None:
    users = emulator.client("cognito-idp")
    other_pool = users.create_user_pool(PoolName="other")["UserPool"]["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
    users.create_resource_server(UserPoolId=other_pool, Identifier="items-members", Name="x", Scopes=scopes)
    client = users.create_user_pool_client(
        UserPoolId=other_pool,
        ClientName="x",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["items-members/read"],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    secrets = {"machine_client_id": client["ClientId"], "machine_client_secret": client["ClientSecret"]}
    assert send(members, LIST, with_scopes({**members, **secrets}, "read")) == (401, "UNAUTHORIZED")


def test_preflights_and_unknown_paths_require_no_authorization(members: dict[str, Any], signed: dict[str, Any]) -> None:
    preflight = Call(method="OPTIONS", path="/items", status=204)
    for outputs in (members, signed):
        assert smoke_test.send(outputs["api_url"], preflight).status == 204
    assert send(members, Call(method="GET", path="/nothing", status=404)) == (404, "NOT_FOUND")


def run_example(outputs: dict[str, Any], emulator: Emulator, folder: Path, part: str) -> list[Any]:
    """Run the example that contains `part` against a local deployment. Return the JSON documents that it prints."""
    if not shutil.which("curl"):
        pytest.skip("curl is required to run the examples")
    files.write({"dev": outputs}, folder / "cfn-outputs")
    aws_config.write(emulator, folder / "cfn-outputs")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    (example,) = (example for example in BLOCK.findall(PAGE) if part in example)
    command_line = ["bash", "-euo", "pipefail", "-c", example]
    process = subprocess.run(command_line, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_documented_commands_get_a_token(members: dict[str, Any], emulator: Emulator, tmp_path: Path) -> None:
    rejected, listed = run_example(members, emulator, tmp_path, "oauth2/token")
    assert (rejected["code"], listed.keys()) == ("UNAUTHORIZED", {"items", "count", "next_page_token"})


def test_documented_commands_sign_requests(signed: dict[str, Any], emulator: Emulator, tmp_path: Path) -> None:
    rejected, listed = run_example(signed, emulator, tmp_path, "--aws-sigv4")
    assert (rejected["code"], listed.keys()) == ("FORBIDDEN", {"items", "count", "next_page_token"})


def test_user_pool_has_the_configured_properties(members: dict[str, Any], emulator: Emulator) -> None:
    users, pool_id = emulator.client("cognito-idp"), members["user_pool_id"]
    pool = users.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert pool["Arn"] == members["user_pool_arn"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [{"Name": "verified_email", "Priority": 1}]
    assert (pool["MfaConfiguration"], pool["Domain"]) == ("OPTIONAL", pool_id.lower().replace("_", "-"))
    client_id = {"UserPoolId": pool_id, "ClientId": members["user_pool_client_id"]}
    client = users.describe_user_pool_client(**client_id)["UserPoolClient"]
    assert "ClientSecret" not in client
    assert (client["AllowedOAuthFlows"], client["CallbackURLs"]) == (["code"], ["https://a.example/"])
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (15, "minutes")


@pytest.fixture(name="existing_pool")
def existing_pool_fixture(emulator: Emulator) -> str:
    """ARN of an existing user pool."""
    pool = emulator.client("cognito-idp").create_user_pool(PoolName="existing")["UserPool"]
    return str(pool["Arn"])


def test_existing_pool_without_a_domain_is_rejected(emulator: Emulator, existing_pool: str) -> None:
    with pytest.raises(DeployError, match=r"authorization\.user_pool must be .*, got '.*'\. Add a domain"):
        deploy_service(emulator, "items", "lost", authorization="COGNITO_USER_POOLS", user_pool=existing_pool)


@pytest.fixture(scope="module", name="reader")
def reader_fixture(signed: dict[str, Any], emulator: Emulator) -> tuple[str, str]:
    """Access key of a user that has only the caller policy for reading."""
    iam = emulator.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=signed["caller_policies"]["read"])
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_requests_without_a_valid_signature_are_forbidden(signed: dict[str, Any], reader: tuple[str, str]) -> None:
    assert send(signed, LIST) == (403, "FORBIDDEN")
    assert send(signed, LIST, auth.signature_headers(REGION, "AKIDUNKNOWN", "x"))[0] == 403
    assert send(signed, LIST, auth.signature_headers(REGION, reader[0], "x")) == (403, "INVALID_SIGNATURE")


def test_signed_request_is_allowed_by_its_policy(signed: dict[str, Any], reader: tuple[str, str]) -> None:
    authorization = auth.signature_headers(REGION, *reader)
    assert send(signed, LIST, authorization) == (200, "")
    missing = Call(method="GET", path="/items/none/2020-01-01T00%3A00%3A00Z", status=404)
    assert send(signed, missing, authorization) == (404, "NOT_FOUND")
    # The emulator does not use the gateway response for this error.
    assert smoke_test.send(signed["api_url"], CREATE, authorization).status == 403


@pytest.mark.parametrize("secrets", [{"machine_client_secret"}, set()], ids=["local", "AWS"])
def test_client_gets_a_token_with_and_without_the_secret_in_the_outputs(
    members: dict[str, Any], emulator: Emulator, tmp_path: Path, aws_environment: pytest.MonkeyPatch, secrets: set[str]
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", emulator.url)
    aws_environment.setenv("AWS_ACCESS_KEY_ID", emulator.key_id)
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", emulator.secret_key)
    aws_environment.delenv("AWS_SESSION_TOKEN")
    missing = {"machine_client_secret"} - secrets
    files.write({"dev": {name: value for name, value in members.items() if name not in missing}}, tmp_path)
    url, authorization, _ = smoke_test.endpoint(tmp_path / files.FLAT, "items")
    assert url == members["api_url"]
    assert send(members, LIST, authorization) == (200, "")


def test_audit_item_contains_the_caller(emulator: Emulator) -> None:
    outputs = deploy_service(emulator, "inventory", "audited", authorization="COGNITO_USER_POOLS")
    call = Call(method="POST", path="/items", status=201, body=SHELF)
    assert send(outputs, call, with_scopes(outputs, "write")) == (201, "")
    (item,) = emulator.client("dynamodb").scan(TableName=outputs["table_names"]["audit"])["Items"]
    assert item["userId"]["S"] == outputs["machine_client_id"]


CALLBACK = "https://a.example/"


def send_form(url: str, path: str, form: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a form without following redirects."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=auth.TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def sign_in(outputs: dict[str, Any], name: str, password: str) -> auth.Authorization:
    """Sign in as a user on the sign-in page, and return an authorization with all scopes of the API."""
    client = {"client_id": outputs["user_pool_client_id"], "redirect_uri": CALLBACK}
    scope = " ".join(["openid", *outputs["scopes"].values()])
    form = {**client, "response_type": "code", "scope": scope, "username": name, "password": password}
    redirect, _ = send_form(outputs["sign_in_url"], "/login", form)
    (code,) = parse_qs(urlsplit(redirect.getheader("Location", "")).query)["code"]
    exchange = {**client, "grant_type": "authorization_code", "code": code}
    _, body = send_form(outputs["sign_in_url"], "/oauth2/token", exchange)
    return auth.static_headers({"Authorization": f"Bearer {json.loads(body)['access_token']}"})


def test_only_group_members_of_an_existing_pool_can_call(emulator: Emulator, existing_pool: str) -> None:
    users, pool_id = emulator.client("cognito-idp"), existing_pool.rpartition("/")[2]
    users.create_user_pool_domain(Domain="customers", UserPoolId=pool_id)
    config = {"authorization": "COGNITO_USER_POOLS", "user_pool": existing_pool, "callback_urls": CALLBACK}
    outputs = deploy_service(emulator, "items", "customers", **config)
    assert (outputs["user_pool_arn"], outputs["user_pool_id"]) == (existing_pool, pool_id)
    assert outputs["user_pool_group"] == "items-customers"
    assert send(outputs, LIST) == (401, "UNAUTHORIZED")
    name, password = create_user(emulator, pool_id)
    assert send(outputs, LIST, sign_in(outputs, name, password)) == (403, "FORBIDDEN")
    assert send(outputs, CREATE, sign_in(outputs, name, password)) == (403, "FORBIDDEN")
    users.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName="items-customers")
    assert send(outputs, LIST, sign_in(outputs, name, password)) == (200, "")
    assert send(outputs, CREATE, sign_in(outputs, name, password)) == (201, "")
    assert send(outputs, LIST, auth.authorization_of(outputs)) == (200, "")


def test_every_user_of_a_created_pool_can_call(emulator: Emulator, members: dict[str, Any]) -> None:
    name, password = create_user(emulator, members["user_pool_id"])
    assert send(members, LIST, sign_in(members, name, password)) == (200, "")


@pytest.mark.parametrize(("pool_mfa", "rejected"), [("OFF", True), ("OPTIONAL", True), ("ON", False)])
def test_existing_pool_must_require_mfa_if_it_is_required(
    emulator: Emulator, existing_pool: str, pool_mfa: str, rejected: bool
) -> None:
    users, pool_id = emulator.client("cognito-idp"), existing_pool.rpartition("/")[2]
    users.create_user_pool_domain(Domain=f"mfa-{pool_mfa.lower()}", UserPoolId=pool_id)
    users.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration=pool_mfa, SoftwareTokenMfaConfiguration={"Enabled": pool_mfa != "OFF"}
    )
    config = {"authorization": "COGNITO_USER_POOLS", "user_pool": existing_pool, "user_pool_mfa": "ON"}
    suffix = f"mfa-{pool_mfa.lower()}"
    if rejected:
        message = (
            rf"authorization\.mfa must be OPTIONAL for the existing user pool {pool_id} with MFA {pool_mfa}, got 'ON'"
        )
        with pytest.raises(DeployError, match=message):
            deploy_service(emulator, "items", suffix, **config)
    else:
        assert deploy_service(emulator, "items", suffix, **config)["user_pool_arn"] == existing_pool


def test_created_pool_requires_mfa_if_it_is_configured(run: Run, emulator: Emulator) -> None:
    pools = run("""
        token = {"enabled": True}
        on = aws.cognito.UserPool("on", mfa_configuration="ON", software_token_mfa_configuration=token)
        pulumi.export("ids", [on.id, aws.cognito.UserPool("off").id])
    """)["ids"]
    users = emulator.client("cognito-idp")
    mfa = [users.describe_user_pool(UserPoolId=pool)["UserPool"].get("MfaConfiguration") for pool in pools]
    assert mfa == ["ON", "OFF"]
