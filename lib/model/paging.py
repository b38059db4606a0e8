"""Schemas of the pages of a listing."""

from __future__ import annotations

from .resources import Schema


def page_query(default_size: int, max_size: int, token_length: int) -> dict[str, Schema]:
    """Return the query parameters of a listing."""
    return {
        "page_size": {
            "type": "integer",
            "minimum": 1,
            "description": f"Maximum number of entries on the page. Values above {max_size} are reduced to {max_size}. "
            f"Default: {default_size}.",
        },
        "page_token": {
            "type": "string",
            "minLength": 1,
            "maxLength": token_length,
            "description": "`next_page_token` of the previous page.",
        },
    }


def page_of(member: str, schema: str) -> Schema:
    """Return the schema of a page with an array of objects of a schema."""
    return {
        "type": "object",
        "required": [member, "count", "next_page_token"],
        "properties": {
            member: {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}},
            "count": {"type": "integer", "minimum": 0, "description": "Number of entries on this page."},
            "next_page_token": {"type": "string", "nullable": True, "description": "null on the last page."},
        },
    }
