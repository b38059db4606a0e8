"""URL-encoded forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from .body import text_body
from .errors import BadRequest
from .request_values import ParameterType, parse_values


class Form(Mapping[str, str]):
    """The fields of a form: `form["name"]` is the first value of a field, and `getlist` returns all values."""

    def __init__(self, text: str) -> None:
        """Parse an `application/x-www-form-urlencoded` body. Raise `BadRequest` unless its values are UTF-8."""
        try:
            self._values = parse_qs(text, keep_blank_values=True, errors="strict")
        except ValueError as exc:
            raise BadRequest("The form must be percent-encoded UTF-8.") from exc

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        """Return all values of a field in order. Empty if the form does not have the field."""
        return self._values.get(name, [])

    def to_object(self, types: Mapping[str, ParameterType]) -> dict[str, Any]:
        """Return the fields as the object that the schema of the body validates."""
        return parse_values(self._values.items(), types)


def parse_form(event: Mapping[str, Any]) -> Form:
    """Return the form in the body of a request."""
    return Form(text_body(event))
