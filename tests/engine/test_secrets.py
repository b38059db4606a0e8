"""Secrets do not appear in plain text in files and output of Pulumi."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pulumi
import pytest
from pulumi.log import debug

from lib.settings import USER_POOL, AuthorizationSettings
from lib.stack.config import args_from_config, secrets_from_config
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_function, a_grant, a_route, a_secret, a_service
from . import wire
from .ledger import Ledger
from .stack import Deployed, Engine, Stack

CONFIGURED = "configured-secret-4b1c9e"
PASSED = "passed-secret-77ad02"
EMAIL = "secret-address-31fe@example.com"
READ = {"token": "GetParameter", "seal": "GetSecretValue", "salt": "GetParameter"}
SERVICE = a_service(
    functions=(a_function(a_route(scope="read", grants=tuple(a_grant(*grant) for grant in READ.items()))),),
    secrets=(
        a_secret(generated=False),
        a_secret(name="seal", variable="SEAL", store="secretsmanager", generated=False),
        a_secret(name="salt", variable="SALT"),
    ),
)
"""A service with a secret from the config, a secret from the program, and a generated secret."""


def program() -> None:
    """Deploy an API with access tokens and an API with API keys, and export all outputs like `tap.py`."""
    secrets: dict[str, pulumi.Input[str]] = {**secrets_from_config(SERVICE), "seal": PASSED}
    tokens = AuthorizationSettings(type=USER_POOL)
    alarms = args_from_config().alarms
    stack = TapStack("tap", TapStackArgs(service=SERVICE, secrets=secrets, authorization=tokens, alarms=alarms))
    keys = TapStack("keys", TapStackArgs(authorization=AuthorizationSettings(type="API_KEY")))
    for name, value in {**stack.outputs, **{f"keys_{name}": value for name, value in keys.outputs.items()}}.items():
        pulumi.export(name, value)


class Deployment(NamedTuple):
    """A deployed program and its secrets by label."""

    stack: Stack
    deployed: Deployed
    secrets: dict[str, str]

    def files(self) -> dict[str, str]:
        """Return the content of all files by name, and the output of the CLI."""
        paths = [path for path in self.stack.folder.parents[2].rglob("*") if path.is_file()]
        stored = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in paths}
        return {**stored, "output": "\n".join(self.stack.transcript)}

    def files_with(self, label: str) -> list[str]:
        """Return the names of the files that contain a secret."""
        return [name for name, content in self.files().items() if self.secrets[label] in content]


def values(ledger: Ledger) -> dict[str, str]:
    """Return the secrets in AWS by label."""
    parameters = {
        entry.id: wire.plain(entry.inputs.get("valueWo")) for entry in ledger.find("aws:ssm/parameter:Parameter")
    }
    (version,) = ledger.find("aws:secretsmanager/secretVersion:SecretVersion")
    (key,) = ledger.find("aws:apigateway/apiKey:ApiKey")
    (email,) = ledger.find("aws:sns/topicSubscription:TopicSubscription")
    (machines,) = ledger.find("aws:cognito/userPoolClient:UserPoolClient")
    return {
        "configured": parameters["/parcels/dev/token"],
        "passed": wire.plain(version.inputs["secretStringWo"]),
        "generated": parameters["/parcels/dev/salt"],
        "API key": wire.plain(key.outputs["value"]),
        "email address": wire.plain(email.inputs["endpoint"]),
        "client secret": wire.plain(machines.outputs["clientSecret"]),
    }


@pytest.fixture(scope="module", name="deployment")
def deployment_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy the program with debug messages of the CLI and of the SDK."""
    engine = Engine(tmp_path_factory.mktemp("secrets"))
    with engine.server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi.log, "debug", debug)
        stack = engine.stack("parcels-dev")
        stack.set_secret("secrets.token", CONFIGURED)
        stack.set_secret("notification_email", EMAIL)
        stack.preview(program, diff=True)
        deployed = stack.deploy(program, debug=True, log_to_std_err=True, log_verbosity=9)
        yield Deployment(stack, deployed, values(engine.ledger))


def test_secrets_are_created_in_aws(deployment: Deployment) -> None:
    assert deployment.secrets["configured"] == CONFIGURED
    assert deployment.secrets["passed"] == PASSED
    assert deployment.secrets["email address"] == EMAIL
    assert all(len(secret) >= 20 for secret in deployment.secrets.values())


@pytest.mark.parametrize(
    "label",
    [
        "configured",
        "passed",
        "generated",
        "API key",
        "client secret",
        "email address",
    ],
)
def test_no_file_contains_a_secret(deployment: Deployment, label: str) -> None:
    assert deployment.files_with(label) == []


def test_exported_secrets_are_secret_outputs(deployment: Deployment) -> None:
    assert deployment.deployed.secret_outputs == {"machine_client_secret", "keys_api_key"}
    assert deployment.deployed.outputs["keys_api_key"] == deployment.secrets["API key"]
    assert deployment.deployed.outputs["machine_client_secret"] == deployment.secrets["client secret"]
