"""Signed page tokens, each valid for one listing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any, Callable, NamedTuple

from .attributes import Item
from .dynamodb import ConditionFailed, DynamoDB
from .errors import BadRequest
from .reserved_keys import PREFIX

SIGNATURE_BYTES = 16


class Listing(NamedTuple):
    """A query whose results are returned in pages."""

    query: dict[str, Any]
    """Parameters of the DynamoDB query."""
    key: tuple[str, ...]
    """Names of the attributes of `ExclusiveStartKey`."""
    scope: dict[str, Any]
    """Request parameters that all pages must have in common. A page token is valid only with the same values."""


class PageTokens:
    """Signs and verifies page tokens with a generated key that is stored in the table of the service.

    The first token generates the key, and each execution environment reads it once. To invalidate all tokens, delete
    the item of the key.
    """

    def __init__(self, store: DynamoDB, table: str, to_primary_key: Callable[[str], Item]) -> None:
        self._store = store
        self._table = table
        self._primary_key = to_primary_key(f"{PREFIX}page-token-key")
        self._signing_key: bytes | None = None

    def request(self, listing: Listing, size: int, token: str | None) -> dict[str, Any]:
        """Return the query parameters of a page. The limit exceeds the page size by one to detect the last page."""
        start = {"ExclusiveStartKey": self.decode(listing.scope, token)} if token else {}
        return {"Limit": size + 1, **listing.query, **start}

    def page(self, listing: Listing, size: int, response: dict[str, Any]) -> tuple[list[Item], str | None]:
        """Return the items of a page and the token of the next page, from the response to `request`."""
        items, last_key = response["Items"], response.get("LastEvaluatedKey")
        if len(items) > size:
            items = items[:size]
            last_key = {name: items[-1][name] for name in listing.key}
        return items, self.encode(listing.scope, last_key) if last_key else None

    def encode(self, scope: dict[str, Any], last_key: Item) -> str:
        """Return the token of the page that starts after `last_key`."""
        payload = json.dumps(last_key, separators=(",", ":"), ensure_ascii=False).encode()
        return _to_base64(self._sign(scope, payload) + payload)

    def decode(self, scope: dict[str, Any], token: str) -> Item:
        """Return the `ExclusiveStartKey` of a token. Raise `BadRequest` for an invalid token or another scope."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if _to_base64(raw) != token or not hmac.compare_digest(signature, self._sign(scope, payload)):
            raise BadRequest("page_token must be the next_page_token of the previous page with the same parameters.")
        last_key: Item = json.loads(payload)
        return last_key

    def _sign(self, scope: dict[str, Any], payload: bytes) -> bytes:
        if self._signing_key is None:
            self._signing_key = self._load_key()
        message = json.dumps(scope, sort_keys=True).encode() + b"\0" + payload
        return hmac.new(self._signing_key, message, hashlib.sha256).digest()[:SIGNATURE_BYTES]

    def _load_key(self) -> bytes:
        """Return the stored signing key. If there is none, store a generated one, unless a concurrent request does
        first."""
        request = {"TableName": self._table, "Key": self._primary_key, "ConsistentRead": True}
        item = self._store.call("GetItem", **request).get("Item")
        if item is None:
            item = {**self._primary_key, "key": {"S": secrets.token_hex(32)}}
            try:
                self._store.call(
                    "PutItem", TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": "key"}, ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )  # fmt: skip
            except ConditionFailed as exc:
                item = exc.item or item
        return bytes.fromhex(item["key"]["S"])


def _to_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
