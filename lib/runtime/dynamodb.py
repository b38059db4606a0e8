"""DynamoDB's operations, as the handlers use them."""

from __future__ import annotations

import os
from typing import Any

from .attributes import Item
from .aws import THROTTLES, TRANSIENT, AwsError, Call, Client
from .errors import TooLarge, TooManyRequests


class ConditionFailed(Exception):
    """The condition of a write did not hold.

    `item` is the row as it stood, if the call asked for it; `ambiguous` says that an earlier attempt of this very
    write, whose answer was lost, may have been carried out.
    """

    def __init__(self, item: Item | None, ambiguous: bool) -> None:
        super().__init__("the condition did not hold")
        self.item = item
        self.ambiguous = ambiguous


class TransactionCanceled(Exception):
    """Nothing of a transaction was written; `reasons` has an entry per action, in their order.

    An action at fault has `{"Code": "ConditionalCheckFailed", "Item": {...}}`, any other `{"Code": "None"}`.
    """

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        super().__init__(", ".join(str(reason.get("Code")) for reason in reasons))
        self.reasons = reasons

    def failed(self, position: int) -> bool:
        """Whether the condition of the action at `position` did not hold."""
        return self.reasons[position].get("Code") == "ConditionalCheckFailed"


class DynamoDB:
    """A table store: one client, made with the worker."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client("dynamodb", "DynamoDB_20120810")

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """One operation, its request spelled as in the DynamoDB API reference."""
        return self.together((operation, request))[0]

    def together(self, *calls: Call) -> list[dict[str, Any]]:
        """Operations side by side, each as `(name, request)`."""
        try:
            return self._client.together(*calls)
        except AwsError as exc:
            raise _translated(exc) from exc

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def transact(self, actions: list[dict[str, Any]]) -> None:
        """Write all of `actions` or none.  A retry whose first attempt did arrive writes nothing twice."""
        self.call("TransactWriteItems", TransactItems=actions, ClientRequestToken=os.urandom(16).hex())


def _translated(error: AwsError) -> Exception:
    reasons = error.body.get("CancellationReasons", [])
    messages = [error.message, *(str(reason.get("Message")) for reason in reasons)]
    if error.code == "ConditionalCheckFailedException":
        return ConditionFailed(error.body.get("Item"), error.ambiguous)
    if any("size" in text and "exceeded" in text for text in messages):
        return TooLarge("the item is over DynamoDB's 400 KB; store large values elsewhere, and their address here")
    if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
        return TransactionCanceled(reasons)
    if error.code in THROTTLES or any(reason.get("Code") in TRANSIENT for reason in reasons):
        return TooManyRequests("the table is busier than it may be; try again in a moment")
    return error
