"""An issuer of JSON Web Tokens (JWTs) with keys that tests choose."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "https://api.example.com"
RSA_KEY, OTHER_RSA_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
KEY_ID = "key-1"


def public_pem() -> bytes:
    """Return the public RSA key, with which an attacker could sign with HS256."""
    return RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_set(**keys: Any) -> dict[str, Any]:
    """Return a JWKS with the public keys of private keys, by key ID. Default: `RSA_KEY`."""
    return {
        "keys": [
            {**json.loads(_algorithm(key).to_jwk(key.public_key())), "kid": key_id, "use": "sig"}
            for key_id, key in (keys or {KEY_ID: RSA_KEY}).items()
        ]
    }


def _algorithm(key: Any) -> Any:
    return jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm


def token(issuer: str, key: Any = RSA_KEY, algorithm: str = "RS256", key_id: str | None = KEY_ID, **claims: Any) -> str:
    """Return a token for a minute. A claim with the value None is omitted."""
    all_claims = {"iss": issuer, "sub": "ada", "aud": AUDIENCE, "exp": int(time.time()) + 60, **claims}
    headers = {} if key_id is None else {"kid": key_id}
    present = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode(present, key, algorithm, headers)
