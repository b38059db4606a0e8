"""Page tokens: signed, and good only for the query they came from."""

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
    """What a page is taken from."""

    asked: dict[str, Any]
    """Of DynamoDB: a Query."""
    key: tuple[str, ...]
    """The attributes that tell where a page begins."""
    bound: dict[str, Any]
    """What its tokens are good for."""


class PageTokens:
    """Makes and reads tokens with a key that the service made itself and keeps in a row of its table.

    The key is read once per worker, and made by the first worker that needs one; deleting the row ends the validity
    of every token.
    """

    def __init__(self, store: DynamoDB, table: str, row: Callable[[str], Item]) -> None:
        self._store = store
        self._table = table
        self._row = row(f"{PREFIX}page-token-key")
        self._key: bytes | None = None

    def request(self, listing: Listing, size: int, token: str | None) -> dict[str, Any]:
        """What to ask for a page.  It is one row more than the page has, to know the end."""
        start = {"ExclusiveStartKey": self.read(listing.bound, token)} if token else {}
        return {"Limit": size + 1, **listing.asked, **start}

    def page(self, listing: Listing, size: int, answer: dict[str, Any]) -> tuple[list[Item], str | None]:
        """The rows of a page, and the token of the next, from the answer to `request`."""
        found, after = answer["Items"], answer.get("LastEvaluatedKey")
        if len(found) > size:
            found = found[:size]
            after = {name: found[-1][name] for name in listing.key}
        return found, self.make(listing.bound, after) if after else None

    def make(self, query: dict[str, Any], last: Item) -> str:
        """The token of the page after the row with the key `last`."""
        payload = json.dumps(last, separators=(",", ":"), ensure_ascii=False).encode()
        return _text(self._sign(query, payload) + payload)

    def read(self, query: dict[str, Any], token: str) -> Item:
        """The key that `make` was given; `BadRequest` for a token of another query, or of nobody's making."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if _text(raw) != token or not hmac.compare_digest(signature, self._sign(query, payload)):
            raise BadRequest("page_token: not a token of this query; take next_page_token from the page before")
        found: Item = json.loads(payload)
        return found

    def _sign(self, query: dict[str, Any], payload: bytes) -> bytes:
        if self._key is None:
            self._key = self._load()
        bound = json.dumps(query, sort_keys=True).encode()
        return hmac.new(self._key, bound + b"\0" + payload, hashlib.sha256).digest()[:SIGNATURE_BYTES]

    def _load(self) -> bytes:
        read = {"TableName": self._table, "Key": self._row, "ConsistentRead": True}
        found = self._store.call("GetItem", **read).get("Item")
        if found is None:
            found = {**self._row, "key": {"S": secrets.token_hex(32)}}
            try:
                self._store.call(
                    "PutItem", TableName=self._table, Item=found, ConditionExpression="attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": "key"}, ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )  # fmt: skip
            except ConditionFailed as exc:
                found = exc.item or found
        return bytes.fromhex(found["key"]["S"])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
