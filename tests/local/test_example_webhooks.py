"""The example `webhooks` over HTTP, with signatures computed by the formats that the providers document."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.request
import uuid
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from examples.webhooks import service
from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine

from ..support.deployments import deploy_file
from ..support.examples import PROGRAMS
from .test_buckets_and_events import wait_for

WEBHOOKS: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages
SECRETS = {"stripe": "whsec_1", "github": "It's a secret", "twilio": "0f1e2d"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Received(NamedTuple):
    """A response."""

    status: int
    content_type: str
    body: str


def receive(request: urllib.request.Request) -> Received:
    """Send a request and return the response."""
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # the emulator
            return Received(response.status, response.headers["Content-Type"], response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Received(error.code, error.headers["Content-Type"], error.read().decode())


class Webhooks:
    """The deployed service, and the signatures of the providers."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client, self.outputs = emulator.client, outputs

    def send(self, provider: str, body: bytes | None, content_type: str = JSON, **headers: str) -> Received:
        """Send a webhook. Underscores in header names stand for `-`."""
        url = self.outputs["function_urls"].get(provider, self.outputs["api_url"])
        sent = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return receive(urllib.request.Request(f"{url}/{provider}", body, sent, method="POST"))

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the item of a path, or None if it does not exist."""
        response = receive(urllib.request.Request(self.outputs["api_url"] + path))
        return json.loads(response.body) if response.status == 200 else None

    def stripe(self, body: bytes, seconds_ago: int = 0, rolled: str = "") -> dict[str, str]:
        """Return the headers of Stripe, with the signature of another secret before the valid one."""
        timestamp = str(int(time.time()) - seconds_ago)
        message = timestamp.encode() + b"." + body
        signature = hmac.new(SECRETS["stripe"].encode(), message, hashlib.sha256).hexdigest()
        return {"Stripe_Signature": f"t={timestamp},{rolled}v1={signature},v0=00"}

    def github(self, body: bytes, delivery: str = "d", event: str = "push") -> dict[str, str]:
        """Return the headers of GitHub."""
        signature = hmac.new(SECRETS["github"].encode(), body, hashlib.sha256).hexdigest()
        return {
            "X_GitHub_Event": event,
            "X_GitHub_Delivery": delivery,
            "X_Hub_Signature_256": f"sha256={signature}",
        }

    def twilio(self, *fields: tuple[str, str], path: str = "/eg/twilio") -> dict[str, str]:
        """Return the header of Twilio. The URL starts with the host of the API and its stage."""
        host = self.outputs["api_url"].split("/")[2]
        message = f"https://{host}{path}" + "".join(name + value for name, value in sorted(fields))
        signature = hmac.new(SECRETS["twilio"].encode(), message.encode(), hashlib.sha1).digest()
        return {"X_Twilio_Signature": base64.b64encode(signature).decode()}


@pytest.fixture(scope="module", name="webhooks")
def webhooks_fixture(emulator: Emulator) -> Webhooks:
    """Deploy the example."""
    engine = Engine(emulator, lambda type_, name: None)
    names = {"project": "webhooks", "stack": "eg"}
    config = {"environment": "eg", "secrets": json.dumps(SECRETS)}
    program = PROGRAMS["webhooks"]
    return Webhooks(emulator, deploy_file(program, engine, **names, config=config, report=lambda line: None))


def payment(identifier: str, kind: str = "payment_intent.succeeded") -> bytes:
    content = {"id": identifier, "amount": 1999, "currency": "eur", "metadata": {"note": "Grüße"}}
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": content}}, ensure_ascii=False).encode()


def push(repository: str) -> bytes:
    return json.dumps({"ref": "refs/heads/main", "repository": {"full_name": repository}}, indent=2).encode()


def test_service_passes_its_smoke_test(webhooks: Webhooks) -> None:
    results = smoke_test.run(WEBHOOKS, webhooks.outputs, lambda result: None)
    assert smoke_test.has_passed(WEBHOOKS, results), results


def test_payment_is_stored(webhooks: Webhooks) -> None:
    body = payment("pi_stored")
    for _ in range(2):
        response = webhooks.send("stripe", body, f"{JSON}; charset=utf-8", **webhooks.stripe(body))
        assert (response.status, response.body) == (202, "")
    expected = {"id": "pi_stored", "amount": 1999, "currency": "eur"}
    assert wait_for(lambda: webhooks.read("/payments/pi_stored")) == expected


def test_other_event_of_stripe_is_not_a_payment(webhooks: Webhooks) -> None:
    failed, succeeded = payment("pi_failed", "payment_intent.payment_failed"), payment("pi_after")
    for body in (failed, succeeded):
        assert webhooks.send("stripe", body, **webhooks.stripe(body)).status == 202
    assert wait_for(lambda: webhooks.read("/payments/pi_after"))
    assert webhooks.read("/payments/pi_failed") is None


def test_signature_of_either_secret_is_accepted_while_it_is_rolled(webhooks: Webhooks) -> None:
    body = payment("pi_rolled")
    assert webhooks.send("stripe", body, **webhooks.stripe(body, rolled=f"v1={'0' * 64},")).status == 202


@pytest.mark.parametrize(("seconds_ago", "status"), [(290, 202), (310, 401), (-310, 401)])
def test_recorded_event_of_stripe_can_be_sent_again_only_for_five_minutes(
    webhooks: Webhooks, seconds_ago: int, status: int
) -> None:
    body = payment("pi_replayed")
    assert webhooks.send("stripe", body, **webhooks.stripe(body, seconds_ago)).status == status


@pytest.mark.parametrize("header", ["", "t=,v1=", "t=1", "v1=00", "t=x,v1=Grüße", "=,=,", f"t=1,v0={'0' * 64}"])
def test_malformed_signature_of_stripe_is_rejected(webhooks: Webhooks, header: str) -> None:
    body = payment("pi_malformed")
    response = webhooks.send("stripe", body, Stripe_Signature=header.encode().decode("latin-1"))
    assert (response.status, json.loads(response.body)["code"]) == (401, "UNAUTHORIZED")


def test_changed_body_is_rejected(webhooks: Webhooks) -> None:
    body, form = payment("pi_1"), {"MessageSid": "SM_1", "From": "+1", "Body": "hi"}
    assert webhooks.send("stripe", payment("pi_2"), **webhooks.stripe(body)).status == 401
    # The same JSON value with other white space has another signature.
    assert webhooks.send("github", push("a/b"), **webhooks.github(push("a/b").replace(b"\n", b""))).status == 401
    changed = urlencode({**form, "Body": "bye"}).encode()
    assert webhooks.send("twilio", changed, FORM, **webhooks.twilio(*form.items())).status == 401


def test_webhook_without_a_signature_is_rejected(webhooks: Webhooks) -> None:
    github = {"X_GitHub_Event": "push", "X_GitHub_Delivery": "d"}
    for provider, content_type, headers in (("stripe", JSON, {}), ("twilio", FORM, {}), ("github", JSON, github)):
        for body in (b"{}", None):
            assert webhooks.send(provider, body, content_type, **headers).status == 401


def test_signature_of_another_provider_is_rejected(webhooks: Webhooks) -> None:
    body = payment("pi_3")
    signature = webhooks.stripe(body)["Stripe_Signature"].partition("v1=")[2][:64]
    headers = {**webhooks.github(body), "X_Hub_Signature_256": f"sha256={signature}"}
    assert webhooks.send("github", body, **headers).status == 401


def test_push_is_counted_once(webhooks: Webhooks) -> None:
    repository, other = f"octocat/{uuid.uuid4()}", f"octocat/{uuid.uuid4()}"
    deliveries = (("1", repository), ("2", repository), ("1", repository), ("2", repository), ("3", other))
    for delivery, name in deliveries:
        body = push(name)
        assert webhooks.send("github", body, **webhooks.github(body, f"{repository}-{delivery}")).status == 202
    assert wait_for(lambda: (webhooks.read(f"/pushes/{repository}") or {}).get("pushes") == 2)
    assert wait_for(lambda: webhooks.read(f"/pushes/{other}")) == {"id": other, "pushes": 1}
    # The event of the other repository was put after the repeated ones.
    assert webhooks.read(f"/pushes/{repository}") == {"id": repository, "pushes": 2}


def test_ping_of_github_is_accepted_and_not_counted(webhooks: Webhooks) -> None:
    body = push("octocat/pinged")
    assert webhooks.send("github", body, **webhooks.github(body, event="ping")).status == 202
    assert webhooks.read("/pushes/octocat/pinged") is None


def test_delivery_of_github_without_its_headers_is_invalid(webhooks: Webhooks) -> None:
    headers = webhooks.github(b"{}")
    del headers["X_GitHub_Delivery"]
    assert webhooks.send("github", b"{}", **headers).status == 400


def test_text_message_is_stored_and_gets_a_reply(webhooks: Webhooks) -> None:
    fields = (("From", "+14155550100"), ("Body", "Grüße & 1+1=2"), ("MessageSid", "SM_reply"), ("MediaUrl", ""))
    body = urlencode(fields).encode()
    response = webhooks.send("twilio", body, f"{FORM}; charset=UTF-8", **webhooks.twilio(*fields))
    assert (response.status, response.content_type) == (200, "text/xml")
    assert re.fullmatch(r"<\?xml [^>]+\?><Response><Message>[^<&]+</Message></Response>", response.body)
    expected = {"id": "SM_reply", "from": "+14155550100", "text": "Grüße & 1+1=2"}
    table = webhooks.outputs["messages_table_name"]
    items = webhooks.client("dynamodb")
    stored = wait_for(lambda: items.get_item(TableName=table, Key={"id": {"S": "SM_reply"}}).get("Item"))
    assert stored == {name: {"S": value} for name, value in expected.items()}


def test_repeated_fields_of_twilio_are_signed_in_order(webhooks: Webhooks) -> None:
    fields = (("MessageSid", "SM_2"), ("From", "+1"), ("Body", "b"), ("Tag", "z"), ("Tag", "a"))
    response = webhooks.send("twilio", urlencode(fields).encode(), FORM, **webhooks.twilio(*fields))
    assert response.status == 200


def test_signature_of_twilio_for_another_url_is_rejected(webhooks: Webhooks) -> None:
    fields = (("MessageSid", "SM_3"), ("From", "+1"), ("Body", "b"))
    headers = webhooks.twilio(*fields, path="/eg/other")
    assert webhooks.send("twilio", urlencode(fields).encode(), FORM, **headers).status == 401


@pytest.mark.parametrize(
    ("provider", "content_type"), [("stripe", FORM), ("github", FORM), ("twilio", JSON), ("stripe", "text/plain")]
)
def test_other_content_type_is_unsupported(webhooks: Webhooks, provider: str, content_type: str) -> None:
    headers = {"stripe": webhooks.stripe(b"{}"), "github": webhooks.github(b"{}"), "twilio": webhooks.twilio()}
    assert webhooks.send(provider, b"{}", content_type, **headers[provider]).status == 415
