"""Reference of the config keys: an overview, and a page for each settings group."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from ..services import BUILT_IN
from ..settings import SETTINGS_GROUPS, SettingsGroup
from ..settings.environments import ALIASES, DEFAULT_PROFILE, ENVIRONMENTS
from ..stack.config import Key
from .markdown import code, page, plain, table
from .project_file import allowed_values, default_of, describe_key
from .reference_pages import GENERATED, setting_names, values_of
from .settings_notes import NOTES

OTHER_KEYS = (
    ("service", "Service to deploy. Default: `items`.", f"Allowed values: {', '.join(BUILT_IN)}."),
    (
        "environment",
        "Environment suffix, which is part of every physical name and selects the environment profile unless "
        "`environment_profile` is set. Default: the variable `ENVIRONMENT_SUFFIX`, else `dev`.",
        "Letters, digits, '-' and '_'. A part between '-', '_', letters and digits selects the profile: "
        f"{', '.join((*ENVIRONMENTS, *ALIASES))}. The strictest profile applies if several match, and "
        f"{DEFAULT_PROFILE} if none does.",
    ),
    (
        "environment_profile",
        "Environment profile. Default: the profile that `environment` selects.",
        f"Allowed values: {', '.join(ENVIRONMENTS)}.",
    ),
    (
        "split_functions",
        "Whether each operation has a separate function and role. A layer contains their common code.",
        "True or false. Default: false.",
    ),
    (
        "adopt_retained",
        "Whether to import existing tables, a user pool, a vault and a key instead of rejecting the deployment.",
        "True or false. Default: false.",
    ),
    (
        "tags",
        "Tags of every resource, which override the default tags of the service; keys are not case-sensitive.",
        "An object of strings.",
    ),
    ("secrets", "Values of the service's secrets, by name.", "An object of strings, each set with `--secret`."),
    (
        "existing",
        "ARNs of the resources that the service uses but that the stack does not create, by name.",
        "An object of strings.",
    ),
)
"""Keys that belong to no settings group: name, description, allowed values."""
STACK = "stack"
"""Name of the page of `OTHER_KEYS`."""


def pages(keys: Mapping[str, Key]) -> dict[str, str]:
    """Return the pages by the name of the file: the overview, and the settings groups in a folder."""
    sections: dict[str, list[str]] = {STACK: [_section(*other) for other in OTHER_KEYS]}
    for name, key in keys.items():
        for group in key.groups:
            sections.setdefault(group.SECTION, []).append(_section_of(name, key, group))
    groups = {
        f"settings/{group}.md": page(f"Settings of `{group}`", f"{GENERATED} [All keys](../configuration.md).", *parts)
        for group, parts in sections.items()
    }
    introduction = f"{GENERATED} [Settings](../concepts/settings.md) explains where to set them."
    return {"configuration.md": page("Configuration keys", introduction, overview(keys)), **groups}


def overview(keys: Mapping[str, Key]) -> str:
    """Return the table of all config keys, with links to their sections."""
    rows = [*((STACK, *other) for other in OTHER_KEYS)]
    rows += [(key.group.SECTION, name, _description(key), _allowed(key)) for name, key in keys.items()]
    return table(
        ("Key", "Description", "Allowed values"),
        ((f"[`{name}`](settings/{group}.md#{name})", text, allowed) for group, name, text, allowed in rows),
    )


def _description(key: Key) -> str:
    return f"{describe_key(key)} ({code(setting_names(key))})"


def _allowed(key: Key) -> str:
    return f"{allowed_values(key)} Default: {default_of(key)}."


def _section_of(name: str, key: Key, group: type[SettingsGroup]) -> str:
    profiles = [values_of(settings).get(f"{group.SECTION}.{key.field}", "") for settings in ENVIRONMENTS.values()]
    defaults = table(("Environment", *ENVIRONMENTS), [("Default", *profiles)]) if any(profiles) else ""
    return _section(name, _description(key), _allowed(key), defaults, _argument(name, key, group))


def _argument(name: str, key: Key, group: type[SettingsGroup]) -> str:
    if name not in NOTES:
        return ""
    settings = f"{group.__name__}({key.field}={key.parse(NOTES[name].example)!r})"
    return f"TapStackArgs({group.SECTION}={settings})" if group in SETTINGS_GROUPS.values() else settings


def _section(name: str, description: str, allowed: str, defaults: str = "", argument: str = "") -> str:
    facts = {"Values": plain(allowed.removeprefix("Allowed values: ")), **dict(_notes(name, argument))}
    items = "\n".join(f"- **{label}:** {text}" for label, text in facts.items())
    return "\n\n".join(filter(None, [f"## `{name}`", description, defaults, items]))


def _notes(name: str, argument: str) -> Iterator[tuple[str, str]]:
    if note := NOTES.get(name):
        words = note.example if not argument else f"{name} {shlex.quote(note.example)}"
        command = f"`pulumi config set {words}`"
        yield "Set it", f"{command} or `{argument}`" if argument else command
        yield from (("Cost", note.cost), ("Verify", note.verify), ("Later changes", note.later))
