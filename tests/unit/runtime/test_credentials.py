"""Sources, caching and expiration of AWS credentials."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lib.runtime import credentials
from lib.runtime.credentials import CredentialProvider, CredentialsUnavailable

from ...support.fake_aws import FakeAws


def credentials_document(seconds: float, key: str = "CONTAINERKEY") -> dict[str, Any]:
    """Return the response of the container endpoint: credentials that expire in this many seconds."""
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return {"AccessKeyId": key, "SecretAccessKey": "secret", "Token": "token", "Expiration": expires}


@pytest.fixture(name="container")
def container_fixture(fake_aws: FakeAws, aws_environment: pytest.MonkeyPatch) -> FakeAws:
    """Return the container endpoint of a function with SnapStart, whose environment has no access key."""
    aws_environment.delenv("AWS_ACCESS_KEY_ID")
    aws_environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{fake_aws.url}/creds")
    aws_environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in")
    aws_environment.setattr(credentials, "FETCH_DELAYS_SECONDS", (0.0, 0.0, 0.0))
    return fake_aws


@pytest.mark.usefixtures("aws_environment")
def test_credentials_in_the_environment_do_not_expire() -> None:
    received = CredentialProvider().get()
    assert (received.access_key_id, received.session_token) == ("AKIDEXAMPLE", "session-token")
    assert received.expires == float("inf")


def test_container_credentials_are_cached_until_they_expire(container: FakeAws) -> None:
    container.script = [(200, credentials_document(3600))]
    provider = CredentialProvider()
    assert provider.get() == provider.get()
    assert provider.get().access_key_id == "CONTAINERKEY"
    (request,) = container.calls
    assert (request.path, request.headers["authorization"]) == ("/creds", "let-me-in")


def test_credentials_are_refreshed_before_they_expire(container: FakeAws) -> None:
    container.script = [
        (200, credentials_document(credentials.REFRESH_SECONDS - 5, "OLD")),
        (200, credentials_document(3600, "NEW")),
    ]
    provider = CredentialProvider()
    assert [provider.get().access_key_id for _ in range(3)] == ["OLD", "NEW", "NEW"]


def test_failed_requests_are_retried(container: FakeAws) -> None:
    container.script = [(500, b"no"), "hang up", (200, credentials_document(3600))]
    assert CredentialProvider().get().access_key_id == "CONTAINERKEY"


def test_credentials_that_are_still_valid_are_used_if_a_refresh_fails(container: FakeAws) -> None:
    container.script = [(200, credentials_document(60)), (500, b"no")]
    provider = CredentialProvider()
    assert provider.get() == provider.get()


def test_error_is_raised_if_all_attempts_fail(container: FakeAws) -> None:
    container.script = [(200, {"Message": "denied"})]
    with pytest.raises(CredentialsUnavailable, match="container credentials endpoint failed: KeyError"):
        CredentialProvider().get()


def test_expired_credentials_are_not_used_if_a_refresh_fails(container: FakeAws) -> None:
    container.script = [(200, credentials_document(-60)), (500, b"no")]
    provider = CredentialProvider()
    provider.get()
    with pytest.raises(CredentialsUnavailable):
        provider.get()


def test_error_names_both_variables_if_neither_is_set(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(CredentialsUnavailable, match=r"AWS_ACCESS_KEY_ID .* AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        CredentialProvider().get()
