"""Verification of JSON Web Tokens by the function of a `JwtAuthorizer`."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from lib.authorizers.jwt import operations
from lib.authorizers.jwt.keys import MAX_AGE_SECONDS, MIN_INTERVAL_SECONDS, Keys, KeysUnavailable, fetch
from lib.authorizers.jwt.verification import Expected, verify
from lib.runtime.authorizers import Allow, AuthorizationRequest
from lib.runtime.errors import Forbidden, Unauthorized

from ...support.fake_aws import serving
from ...support.issuer import AUDIENCE, EC_KEY, KEY_ID, OTHER_RSA_KEY, RSA_KEY, key_set, public_pem, token

ISSUER = "https://issuer.example.com/"
JWKS_URL = "https://keys.example.com/jwks.json"
DISCOVERY_URL = "https://issuer.example.com/.well-known/openid-configuration"
EXPECTED = Expected(ISSUER, [AUDIENCE], ["RS256"])


class Web:
    """JSON documents by URL, with a clock. A document that is an exception is raised."""

    def __init__(self, keys: Any = None) -> None:
        self.documents: dict[str, Any] = {
            DISCOVERY_URL: {"issuer": ISSUER, "jwks_uri": JWKS_URL},
            JWKS_URL: keys or key_set(),
        }
        self.requests: list[str] = []
        self.now = 1000.0

    def fetch(self, url: str) -> Any:
        self.requests.append(url)
        document = self.documents[url]
        if isinstance(document, Exception):
            raise document
        return document

    def keys(self, url: str = JWKS_URL) -> Keys:
        return Keys(ISSUER, url, self.fetch, lambda: self.now)


@pytest.fixture(name="web")
def web_fixture() -> Web:
    """Issuer with one key."""
    return Web()


def test_valid_token_returns_its_claims(web: Web) -> None:
    claims = verify(token(ISSUER, scope="read write"), web.keys(), EXPECTED)
    assert (claims["sub"], claims["scope"]) == ("ada", "read write")


def at_now(claims: dict[str, Any]) -> dict[str, Any]:
    """Return claims with a timestamp instead of each time relative to now."""
    now = int(time.time())
    return {k: now + int(v.total_seconds()) if isinstance(v, timedelta) else v for k, v in claims.items()}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://issuer.example.com"},
        {"iss": None},
        {"aud": "https://other.example.com"},
        {"aud": None},
        {"aud": ["https://other.example.com"]},
        {"aud": "https://other.example.com", "client_id": AUDIENCE},
        {"aud": [], "client_id": AUDIENCE},
        {"aud": 5},
        {"exp": float("inf")},
        {"exp": timedelta(seconds=-61)},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": timedelta(seconds=90)},
        {"iat": timedelta(seconds=90)},
    ],
    ids=str,
)
def test_token_with_other_claims_is_rejected(web: Web, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        verify(token(ISSUER, **at_now(claims)), web.keys(), EXPECTED)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://other.example.com", AUDIENCE]},
        {"aud": None, "client_id": AUDIENCE},
        {"exp": timedelta(seconds=-30)},
        {"nbf": timedelta(seconds=30)},
        {"iat": timedelta(seconds=30)},
    ],
    ids=str,
)
def test_clock_skew_and_other_audiences_are_accepted(web: Web, claims: dict[str, Any]) -> None:
    assert verify(token(ISSUER, **at_now(claims)), web.keys(), EXPECTED)["iss"] == ISSUER


def unsigned() -> str:
    return token(ISSUER, None, "none")


def signed_with_the_public_key() -> str:
    """Return an HS256 token whose secret is the public key. PyJWT does not create one."""
    header, claims, _ = token(ISSUER).split(".")
    header = _encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": KEY_ID}).encode())
    message = f"{header}.{claims}"
    return f"{message}.{_encode(hmac.digest(public_pem(), message.encode(), 'sha256'))}"


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def changed() -> str:
    header, claims, signature = token(ISSUER).split(".")
    document = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return f"{header}.{_encode(json.dumps({**document, 'sub': 'eve'}).encode())}.{signature}"


@pytest.mark.parametrize(
    "forged",
    [
        unsigned(),
        signed_with_the_public_key(),
        changed(),
        token(ISSUER, OTHER_RSA_KEY),
        token(ISSUER, RSA_KEY, "RS512"),
        token(ISSUER, EC_KEY, "ES256"),
        "",
        "a",
        "a.b.c",
        "..",
        "é.é.é",
        "bnVsbA.bnVsbA.bnVsbA",
        token(ISSUER)[:-8],
        token(ISSUER) + ".x",
    ],
)
def test_forged_and_malformed_tokens_are_rejected(web: Web, forged: str) -> None:
    with pytest.raises(Unauthorized):
        verify(forged, web.keys(), EXPECTED)


def test_key_of_another_type_than_the_algorithm_is_rejected() -> None:
    keys = Web(key_set(**{KEY_ID: EC_KEY})).keys()
    with pytest.raises(Unauthorized):
        verify(token(ISSUER), keys, EXPECTED)


def test_key_for_another_algorithm_is_rejected() -> None:
    keys = key_set()
    keys["keys"][0]["alg"] = "RS512"
    with pytest.raises(Unauthorized, match="algorithm of its key"):
        verify(token(ISSUER), Web(keys).keys(), EXPECTED)


def test_elliptic_curve_keys_are_accepted_if_expected() -> None:
    keys = Web(key_set(**{KEY_ID: EC_KEY})).keys()
    expected = EXPECTED._replace(algorithms=["RS256", "ES256"])
    assert verify(token(ISSUER, EC_KEY, "ES256"), keys, expected)["sub"] == "ada"


def test_keys_for_encryption_are_ignored() -> None:
    keys = key_set()
    keys["keys"][0]["use"] = "enc"
    with pytest.raises(Unauthorized, match="no key"):
        verify(token(ISSUER), Web(keys).keys(), EXPECTED)


def test_token_without_a_key_id_uses_the_only_key(web: Web) -> None:
    assert verify(token(ISSUER, key_id=None), web.keys(), EXPECTED)["sub"] == "ada"
    several = Web(key_set(a=RSA_KEY, b=OTHER_RSA_KEY)).keys()
    with pytest.raises(Unauthorized, match="no key"):
        verify(token(ISSUER, key_id=None), several, EXPECTED)


def test_token_without_a_key_id_does_not_use_one_of_several_keys_without_one() -> None:
    keys = key_set(a=OTHER_RSA_KEY, b=RSA_KEY)
    for key in keys["keys"]:
        del key["kid"]
    with pytest.raises(Unauthorized, match="no key"):
        verify(token(ISSUER, key_id=None), Web(keys).keys(), EXPECTED)
    del keys["keys"][0]
    assert verify(token(ISSUER, key_id=None), Web(keys).keys(), EXPECTED)["sub"] == "ada"


def test_keys_are_read_once_for_all_tokens(web: Web) -> None:
    keys = web.keys("")
    for _ in range(3):
        verify(token(ISSUER), keys, EXPECTED)
    assert web.requests == [DISCOVERY_URL, JWKS_URL]
    web.now += MAX_AGE_SECONDS
    verify(token(ISSUER), keys, EXPECTED)
    assert web.requests == [DISCOVERY_URL, JWKS_URL, JWKS_URL]


def test_unknown_key_reads_the_keys_again_at_most_once_per_interval(web: Web) -> None:
    keys = web.keys()
    verify(token(ISSUER), keys, EXPECTED)
    web.documents[JWKS_URL] = key_set(**{KEY_ID: RSA_KEY, "key-2": OTHER_RSA_KEY})
    web.now += MIN_INTERVAL_SECONDS
    assert verify(token(ISSUER, OTHER_RSA_KEY, key_id="key-2"), keys, EXPECTED)["sub"] == "ada"
    for number in range(5):
        with pytest.raises(Unauthorized, match="no key"):
            verify(token(ISSUER, key_id=f"made-up-{number}"), keys, EXPECTED)
    assert len(web.requests) == 2


@pytest.mark.parametrize(
    "failure", [OSError("unreachable"), ValueError("not JSON"), {"error": "none"}, [], {"keys": ["text"]}], ids=repr
)
def test_unreachable_keys_are_no_reason_to_reject_a_token(web: Web, failure: Any) -> None:
    web.documents[JWKS_URL] = failure
    keys = web.keys()
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            verify(token(ISSUER), keys, EXPECTED)
    assert len(web.requests) == 1
    web.documents[JWKS_URL] = key_set()
    web.now += MIN_INTERVAL_SECONDS
    assert verify(token(ISSUER), keys, EXPECTED)["sub"] == "ada"


def test_keys_stay_valid_while_the_issuer_is_unreachable(web: Web) -> None:
    keys = web.keys()
    verify(token(ISSUER), keys, EXPECTED)
    web.documents[JWKS_URL] = OSError("unreachable")
    web.now += MAX_AGE_SECONDS
    assert verify(token(ISSUER), keys, EXPECTED)["sub"] == "ada"
    with pytest.raises(KeysUnavailable):
        verify(token(ISSUER, key_id="key-2"), keys, EXPECTED)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example.com", "jwks_uri": JWKS_URL},
        {"issuer": ISSUER, "jwks_uri": "http://keys.example.com/jwks.json"},
    ],
)
def test_discovery_document_must_be_of_the_issuer(web: Web, document: dict[str, str]) -> None:
    web.documents[DISCOVERY_URL] = document
    with pytest.raises(KeysUnavailable):
        verify(token(ISSUER), web.keys(""), EXPECTED)
    assert web.requests == [DISCOVERY_URL]


@pytest.fixture(name="environment")
def environment_fixture(monkeypatch: pytest.MonkeyPatch, web: Web) -> Iterator[pytest.MonkeyPatch]:
    """Environment of the function, whose issuer is `web`."""
    variables = {
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_ALGORITHMS": "RS256",
        "JWT_LEEWAY_SECONDS": "60",
        "JWT_JWKS_URL": JWKS_URL,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Keys.__init__, "__defaults__", ("", web.fetch, lambda: web.now))
    yield monkeypatch
    operations.issuer_keys.cache_clear()
    operations.expected_token.cache_clear()


def authorize(**claims: Any) -> Allow:
    decision = operations.authorize(AuthorizationRequest(token(ISSUER, **claims), "GET /", "arn"))
    assert isinstance(decision, Allow)
    return decision


@pytest.mark.usefixtures("environment")
def test_principal_is_the_subject_or_the_client() -> None:
    assert authorize(username="chosen").principal == "ada"
    assert authorize(sub=None, azp="worker").principal == "worker"
    assert authorize(role="admin").context["role"] == "admin"
    with pytest.raises(Unauthorized, match="subject"):
        authorize(sub=None)


def test_user_pool_of_the_stack_is_checked_as_without_an_authorizer(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("JWT_GROUP", "")
    assert authorize(username="ada@example.com").principal == "ada@example.com"
    environment.setenv("JWT_GROUP", "staff")
    assert authorize(**{"cognito:groups": ["staff"]}).principal == "ada"
    assert authorize(sub="machine", aud=AUDIENCE, client_id="machine").principal == "machine"
    with pytest.raises(Forbidden, match="'staff'"):
        authorize(**{"cognito:groups": ["staff-2"]})
    with pytest.raises(Forbidden):
        authorize()


def test_user_pool_of_the_emulator_has_its_keys_there(environment: pytest.MonkeyPatch, web: Web) -> None:
    environment.setenv("JWT_ISSUER", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a")
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    web.documents["http://127.0.0.1:4566/us-east-1_a/.well-known/jwks.json"] = key_set()
    signed = token("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a")
    assert operations.authorize(AuthorizationRequest(signed, "GET /", "arn")).principal == "ada"


def test_keys_are_read_over_http() -> None:
    with serving() as server:
        server.script = [(200, key_set()), (500, {}), (302, {}, server.url), (200, key_set())]
        assert fetch(server.url) == key_set()
        for status in ("500", "302"):
            with pytest.raises(OSError, match=status):
                fetch(server.url)


@pytest.mark.parametrize("error", [http.client.IncompleteRead(b""), http.client.BadStatusLine("?"), RecursionError()])
def test_malformed_response_of_the_issuer_does_not_invalidate_known_keys(web: Web, error: Exception) -> None:
    keys = web.keys()
    assert verify(token(ISSUER), keys, EXPECTED)["sub"] == "ada"
    web.documents[JWKS_URL] = error
    web.now += MAX_AGE_SECONDS
    assert verify(token(ISSUER), keys, EXPECTED)["sub"] == "ada"


def test_deeply_nested_token_is_rejected(web: Web) -> None:
    header = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(Unauthorized):
        verify(f"{header}.e30.eA", web.keys(), EXPECTED)
