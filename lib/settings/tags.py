"""Tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .layer import is_output, refuse

if TYPE_CHECKING:
    import pulumi

MAX_TAGS = 50


def check_tags(tags: Mapping[str, pulumi.Input[str]]) -> None:
    """Raise ValueError for tags that AWS would refuse; a value that is an Output is not checked."""
    if len(tags) > MAX_TAGS:
        raise refuse("tags", f"{len(tags)} of them", f"give at most {MAX_TAGS}")
    for key, value in tags.items():
        limits = [("key", key, 128), *([] if is_output(value) else [("value", value, 256)])]
        for what, text, most in limits:
            if not isinstance(text, str) or not re.fullmatch(r"[\w\s+=.:/@-]*", text) or len(text) > most:
                raise refuse(f"tags {what}", text, f"give at most {most} letters, digits, spaces or + - = . _ : / @")
        if not key or key.lower().startswith("aws:"):
            raise refuse("tags key", key, "give a name that is not empty and does not begin with aws:")
