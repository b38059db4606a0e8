"""Who may call what, in deployments that ask: refused without, refused with too little, answered with enough."""

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
MAKE = Call(method="POST", path="/items", status=201, body={"ItemId": "pen"})
SHELF = {"name": "Shelf", "category": "shelves", "quantity": 3, "price": 20}


def answered(outputs: dict[str, Any], call: Call, by: auth.Authorization | None = None) -> tuple[int, str]:
    """The status and the code of the answer; the code is empty where it is no refusal."""
    answer = smoke_test.send(outputs["api_url"], call, by)
    said = json.loads(answer.body)
    if "code" in said:
        assert set(said) == {"error", "code", "requestId", "details"}
    return answer.status, said.get("code", "")


@pytest.fixture(scope="module", name="members")
def members_fixture(emulator: Emulator) -> dict[str, Any]:
    """The items service with a user pool."""
    return deploy_service(
        emulator, "items", "members", authorization="COGNITO_USER_POOLS", callback_urls="https://a.example/"
    )


@pytest.fixture(scope="module", name="signed")
def signed_fixture(emulator: Emulator) -> dict[str, Any]:
    """The items service for signed requests."""
    return deploy_service(emulator, "items", "signed", authorization="AWS_IAM")


def with_scopes(outputs: dict[str, Any], *scopes: str) -> auth.Authorization:
    token = auth.token(outputs, [outputs["scopes"][scope] for scope in scopes])
    return auth.bearing({"Authorization": f"Bearer {token}"})


def test_without_a_token_nobody_is_answered(members: dict[str, Any]) -> None:
    assert answered(members, LIST) == (401, "UNAUTHORIZED")
    assert answered(members, LIST, auth.bearing({"Authorization": "Bearer nothing"})) == (401, "UNAUTHORIZED")
    assert answered(members, LIST, auth.bearing({"x-api-key": "nothing"})) == (401, "UNAUTHORIZED")


def test_a_token_opens_the_routes_of_its_scopes_alone(members: dict[str, Any]) -> None:
    reading, writing = (with_scopes(members, scope) for scope in ("read", "write"))
    assert answered(members, LIST, reading) == (200, "")
    assert answered(members, MAKE, reading) == (401, "UNAUTHORIZED")
    assert answered(members, MAKE, writing) == (201, "")
    assert answered(members, LIST, writing) == (401, "UNAUTHORIZED")
    assert answered(members, LIST, with_scopes(members, "read", "write")) == (200, "")


def test_a_token_of_another_pool_opens_nothing(members: dict[str, Any], emulator: Emulator) -> None:
    users = emulator.client("cognito-idp")
    theirs = users.create_user_pool(PoolName="theirs")["UserPool"]["Id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "read"}]
    users.create_resource_server(UserPoolId=theirs, Identifier="items-members", Name="x", Scopes=scopes)
    client = users.create_user_pool_client(
        UserPoolId=theirs,
        ClientName="x",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["items-members/read"],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    secrets = {"machine_client_id": client["ClientId"], "machine_client_secret": client["ClientSecret"]}
    assert answered(members, LIST, with_scopes({**members, **secrets}, "read")) == (401, "UNAUTHORIZED")


def test_preflights_and_paths_that_are_not_there_ask_nobody(members: dict[str, Any], signed: dict[str, Any]) -> None:
    preflight = Call(method="OPTIONS", path="/items", status=204)
    for outputs in (members, signed):
        assert smoke_test.send(outputs["api_url"], preflight).status == 204
    assert answered(members, Call(method="GET", path="/nothing", status=404)) == (404, "NOT_FOUND")


def examples_answers(outputs: dict[str, Any], emulator: Emulator, folder: Path, about: str) -> list[Any]:
    """What the page's example prints, run where the outputs are those of a local run."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl to run the examples with")
    files.write({"dev": outputs}, folder / "cfn-outputs")
    aws_config.write(emulator, folder / "cfn-outputs")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    (example,) = (example for example in BLOCK.findall(PAGE) if about in example)
    command_line = ["bash", "-euo", "pipefail", "-c", example]
    ran = subprocess.run(command_line, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_documented_commands_get_a_token(members: dict[str, Any], emulator: Emulator, tmp_path: Path) -> None:
    rejected, listed = examples_answers(members, emulator, tmp_path, "oauth2/token")
    assert (rejected["code"], listed.keys()) == ("UNAUTHORIZED", {"items", "count", "next_page_token"})


def test_documented_commands_sign_requests(signed: dict[str, Any], emulator: Emulator, tmp_path: Path) -> None:
    rejected, listed = examples_answers(signed, emulator, tmp_path, "--aws-sigv4")
    assert (rejected["code"], listed.keys()) == ("FORBIDDEN", {"items", "count", "next_page_token"})


def test_the_pool_is_as_it_was_described(members: dict[str, Any], emulator: Emulator) -> None:
    users, pool_id = emulator.client("cognito-idp"), members["user_pool_id"]
    pool = users.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert pool["Arn"] == members["user_pool_arn"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [{"Name": "verified_email", "Priority": 1}]
    assert (pool["MfaConfiguration"], pool["Domain"]) == ("OPTIONAL", pool_id.lower().replace("_", "-"))
    asked = {"UserPoolId": pool_id, "ClientId": members["user_pool_client_id"]}
    client = users.describe_user_pool_client(**asked)["UserPoolClient"]
    assert "ClientSecret" not in client
    assert (client["AllowedOAuthFlows"], client["CallbackURLs"]) == (["code"], ["https://a.example/"])
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (15, "minutes")


@pytest.fixture(name="theirs")
def theirs_fixture(emulator: Emulator) -> str:
    """A pool of somebody else's."""
    made = emulator.client("cognito-idp").create_user_pool(PoolName="theirs")["UserPool"]
    return str(made["Arn"])


def test_a_pool_that_stands_already_without_a_domain_is_refused(emulator: Emulator, theirs: str) -> None:
    with pytest.raises(DeployError, match=r"authorization\.user_pool must be .*, got '.*'\. Add a domain"):
        deploy_service(emulator, "items", "lost", authorization="COGNITO_USER_POOLS", user_pool=theirs)


@pytest.fixture(scope="module", name="reader")
def reader_fixture(signed: dict[str, Any], emulator: Emulator) -> tuple[str, str]:
    """The key id and the secret of somebody with the policy that the deployment tells for reading, and no other."""
    iam = emulator.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=signed["caller_policies"]["read"])
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_without_a_signature_nobody_is_answered(signed: dict[str, Any], reader: tuple[str, str]) -> None:
    assert answered(signed, LIST) == (403, "FORBIDDEN")
    assert answered(signed, LIST, auth.signing(REGION, "AKIDNOBODY", "x"))[0] == 403
    assert answered(signed, LIST, auth.signing(REGION, reader[0], "x")) == (403, "INVALID_SIGNATURE")


def test_a_signature_opens_what_its_policy_says(signed: dict[str, Any], reader: tuple[str, str]) -> None:
    by = auth.signing(REGION, *reader)
    assert answered(signed, LIST, by) == (200, "")
    missing = Call(method="GET", path="/items/none/2020-01-01T00%3A00%3A00Z", status=404)
    assert answered(signed, missing, by) == (404, "NOT_FOUND")
    # The emulator says it in words of its own; API Gateway in the shape of all refusals.
    assert smoke_test.send(signed["api_url"], MAKE, by).status == 403


@pytest.mark.parametrize("told", [{"machine_client_secret"}, set()], ids=["of a local run", "of AWS"])
def test_outputs_lead_to_a_token(
    members: dict[str, Any], emulator: Emulator, tmp_path: Path, aws_environment: pytest.MonkeyPatch, told: set[str]
) -> None:
    aws_environment.setenv("AWS_ENDPOINT_URL", emulator.url)
    aws_environment.setenv("AWS_ACCESS_KEY_ID", emulator.key_id)
    aws_environment.setenv("AWS_SECRET_ACCESS_KEY", emulator.secret_key)
    aws_environment.delenv("AWS_SESSION_TOKEN")
    secrets = {"machine_client_secret"} - told
    files.write({"dev": {name: value for name, value in members.items() if name not in secrets}}, tmp_path)
    url, authorization = smoke_test.endpoint(tmp_path / files.FLAT, "items")
    assert url == members["api_url"]
    assert answered(members, LIST, authorization) == (200, "")


def test_who_called_is_in_the_audit(emulator: Emulator) -> None:
    outputs = deploy_service(emulator, "inventory", "audited", authorization="COGNITO_USER_POOLS")
    call = Call(method="POST", path="/items", status=201, body=SHELF)
    assert answered(outputs, call, with_scopes(outputs, "write")) == (201, "")
    (row,) = emulator.client("dynamodb").scan(TableName=outputs["table_names"]["audit"])["Items"]
    assert row["userId"]["S"] == outputs["machine_client_id"]


CALLBACK = "https://a.example/"


def sent_form(url: str, path: str, form: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a form without following redirects."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=auth.TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def signed_in(outputs: dict[str, Any], name: str, password: str) -> auth.Authorization:
    """Return the headers of a user who signed in on the sign-in page, with every scope of the API."""
    client = {"client_id": outputs["user_pool_client_id"], "redirect_uri": CALLBACK}
    scope = " ".join(["openid", *outputs["scopes"].values()])
    form = {**client, "response_type": "code", "scope": scope, "username": name, "password": password}
    redirect, _ = sent_form(outputs["sign_in_url"], "/login", form)
    (code,) = parse_qs(urlsplit(redirect.getheader("Location", "")).query)["code"]
    exchange = {**client, "grant_type": "authorization_code", "code": code}
    _, body = sent_form(outputs["sign_in_url"], "/oauth2/token", exchange)
    return auth.bearing({"Authorization": f"Bearer {json.loads(body)['access_token']}"})


def test_only_members_of_the_group_are_administrators_in_an_existing_pool(emulator: Emulator, theirs: str) -> None:
    users, pool_id = emulator.client("cognito-idp"), theirs.rpartition("/")[2]
    users.create_user_pool_domain(Domain="customers", UserPoolId=pool_id)
    config = {"authorization": "COGNITO_USER_POOLS", "user_pool": theirs, "callback_urls": CALLBACK}
    outputs = deploy_service(emulator, "items", "customers", **config)
    assert (outputs["user_pool_arn"], outputs["user_pool_id"]) == (theirs, pool_id)
    assert outputs["user_pool_group"] == "items-customers"
    assert answered(outputs, LIST) == (401, "UNAUTHORIZED")
    name, password = create_user(emulator, pool_id)
    assert answered(outputs, LIST, signed_in(outputs, name, password)) == (403, "FORBIDDEN")
    assert answered(outputs, MAKE, signed_in(outputs, name, password)) == (403, "FORBIDDEN")
    users.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName="items-customers")
    assert answered(outputs, LIST, signed_in(outputs, name, password)) == (200, "")
    assert answered(outputs, MAKE, signed_in(outputs, name, password)) == (201, "")
    assert answered(outputs, LIST, auth.authorization_of(outputs)) == (200, "")


def test_every_user_of_a_created_pool_can_call(emulator: Emulator, members: dict[str, Any]) -> None:
    name, password = create_user(emulator, members["user_pool_id"])
    assert answered(members, LIST, signed_in(members, name, password)) == (200, "")


@pytest.mark.parametrize(("pool_mfa", "rejected"), [("OFF", True), ("OPTIONAL", True), ("ON", False)])
def test_existing_pool_must_require_mfa_if_it_is_required(
    emulator: Emulator, theirs: str, pool_mfa: str, rejected: bool
) -> None:
    users, pool_id = emulator.client("cognito-idp"), theirs.rpartition("/")[2]
    users.create_user_pool_domain(Domain=f"mfa-{pool_mfa.lower()}", UserPoolId=pool_id)
    users.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration=pool_mfa, SoftwareTokenMfaConfiguration={"Enabled": pool_mfa != "OFF"}
    )
    config = {"authorization": "COGNITO_USER_POOLS", "user_pool": theirs, "user_pool_mfa": "ON"}
    suffix = f"mfa-{pool_mfa.lower()}"
    if rejected:
        message = (
            rf"authorization\.mfa 'ON': require MFA in the existing user pool {pool_id}, whose MFA is {pool_mfa}, "
        )
        with pytest.raises(DeployError, match=message):
            deploy_service(emulator, "items", suffix, **config)
    else:
        assert deploy_service(emulator, "items", suffix, **config)["user_pool_arn"] == theirs


def test_created_pool_requires_mfa_if_it_is_configured(run: Run, emulator: Emulator) -> None:
    pools = run("""
        token = {"enabled": True}
        on = aws.cognito.UserPool("on", mfa_configuration="ON", software_token_mfa_configuration=token)
        pulumi.export("ids", [on.id, aws.cognito.UserPool("off").id])
    """)["ids"]
    users = emulator.client("cognito-idp")
    mfa = [users.describe_user_pool(UserPoolId=pool)["UserPool"].get("MfaConfiguration") for pool in pools]
    assert mfa == ["ON", "OFF"]
