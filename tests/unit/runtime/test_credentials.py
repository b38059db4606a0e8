"""Where a function's credentials come from."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lib.runtime import credentials
from lib.runtime.credentials import CredentialSource, CredentialsUnavailable

from ...support.fake_aws import FakeAws


def given(seconds: float, key: str = "CONTAINERKEY") -> dict[str, Any]:
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return {"AccessKeyId": key, "SecretAccessKey": "secret", "Token": "token", "Expiration": expires}


@pytest.fixture(name="container")
def container_fixture(fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch) -> FakeAws:
    """The endpoint that a restored snapshot asks, in an environment without keys."""
    aws_environment.delenv("AWS_ACCESS_KEY_ID")
    aws_environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{fake_aws.url}/creds")
    aws_environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in")
    aws_environment.setattr(credentials, "FETCH_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    return fake_aws


@pytest.mark.usefixtures("aws_environment")
def test_the_environments_keys_are_used_for_good() -> None:
    found = CredentialSource().get()
    assert (found.access_key_id, found.session_token, found.expires) == ("AKIDEXAMPLE", "session-token", float("inf"))


def test_the_container_endpoint_is_asked_once_while_its_keys_last(container: FakeAws) -> None:
    container.script = [(200, given(3600))]
    source = CredentialSource()
    assert source.get() == source.get()
    assert source.get().access_key_id == "CONTAINERKEY"
    (asked,) = container.asked
    assert (asked.path, asked.headers["authorization"]) == ("/creds", "let-me-in")


def test_keys_about_to_expire_are_replaced(container: FakeAws) -> None:
    container.script = [(200, given(credentials.REFRESH_SECONDS - 5, "OLD")), (200, given(3600, "NEW"))]
    source = CredentialSource()
    assert [source.get().access_key_id for _ in range(3)] == ["OLD", "NEW", "NEW"]


def test_an_endpoint_that_fails_once_is_asked_again(container: FakeAws) -> None:
    container.script = [(500, b"no"), "hang up", (200, given(3600))]
    assert CredentialSource().get().access_key_id == "CONTAINERKEY"


def test_keys_that_still_hold_outlast_a_failing_endpoint(container: FakeAws) -> None:
    container.script = [(200, given(60)), (500, b"no")]
    source = CredentialSource()
    assert source.get() == source.get()


def test_an_endpoint_that_keeps_failing_is_an_error(container: FakeAws) -> None:
    container.script = [(200, {"Message": "denied"})]
    with pytest.raises(CredentialsUnavailable, match="container credentials endpoint failed: KeyError"):
        CredentialSource().get()


def test_keys_that_have_expired_are_not_used(container: FakeAws) -> None:
    container.script = [(200, given(-60)), (500, b"no")]
    source = CredentialSource()
    source.get()
    with pytest.raises(CredentialsUnavailable):
        source.get()


def test_no_source_at_all_is_an_error_that_names_both(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(CredentialsUnavailable, match=r"AWS_ACCESS_KEY_ID .* AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        CredentialSource().get()
