"""The config section of Pulumi.yaml, which declares a key for every setting."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields

from ..settings import SETTINGS_GROUPS, SettingsGroup, docs_of
from ..stack.config import Key

MARKER = "  # generated:config\n"
"""Line above the declarations."""


def declare_config(project: str, keys: Mapping[str, Key]) -> str:
    """Return the content of a project file with the declarations of keys after the marker, if it has one."""
    before, marker, _ = project.partition(MARKER)
    return before + marker + "".join(_declaration(name, key) for name, key in keys.items()) if marker else project


def _declaration(name: str, key: Key) -> str:
    kind, default, unset = ("integer", "0", "0") if key.zero_is_unset else ("string", '""', "empty")
    description = json.dumps(
        f"{describe_key(key)} {allowed_values(key)} Default ({unset}): {default_of(key)}.", ensure_ascii=False
    )
    return f"  {name}:\n    type: {kind}\n    description: {description}\n    default: {default}\n"


def describe_key(key: Key) -> str:
    """Return the docstring of the setting, after the names of the services that alone have it."""
    owners = [group.SECTION for group in key.groups if _is_of_a_service(group)]
    description = docs_of(key.group)[key.field]
    return f"{', '.join(owners)}: {description}" if owners else description


def _is_of_a_service(group: type[SettingsGroup]) -> bool:
    return group not in SETTINGS_GROUPS.values()


def allowed_values(key: Key) -> str:
    """Return a sentence with the values that a key accepts."""
    expected = re.sub("^(one of|either) ", "Allowed values: ", re.sub("^(a|an|the) ", "", key.expected))
    return f"{expected[0].upper()}{expected[1:]}."


def default_of(key: Key) -> str:
    """Return the default of a setting, or its source if the setting is unset."""
    default = {f.name: f.default for f in fields(key.group)}[key.field]
    if default is not None:
        return str(default).lower()
    return "set by service" if _is_of_a_service(key.group) else "set by service or environment"
