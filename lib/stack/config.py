"""Arguments of a `TapStack` from Pulumi config."""

from __future__ import annotations

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pulumi.runtime.settings import get_monitor

from ..model import Service, ServiceFactory
from ..services import SERVICES, load, loadable
from ..settings import SETTINGS_GROUPS, SettingsGroup, check_tags, invalid_value, merge, merge_tags
from ..settings.table import REGION
from .args import TapStackArgs

OTHER_KEYS = (
    "service",
    "environment",
    "environment_profile",
    "split_functions",
    "adopt_retained",
    "tags",
    "secrets",
    "existing",
)
"""Config keys that do not belong to a settings group."""
MISSPELLED = 0.9
"""Minimum similarity of an unknown key to a known one, as `difflib` measures it, for a warning about the spelling."""
USES_PLACEHOLDERS = "uses_placeholders"
"""Attribute of a monitor that deploys nothing to AWS, so that missing secrets get a placeholder."""
PLACEHOLDER = "placeholder"
"""Value of each secret that config does not have, in the local run, the audit and the cost estimate."""
DEFAULTS = ("", "0")
"""Defaults of strings and of integers in `Pulumi.yaml`, which leave a setting unset."""


class ConfigError(ValueError, pulumi.RunError):
    """Invalid config. The Pulumi CLI prints the message without a traceback."""


def parse_bool(value: str) -> bool:
    """Return the Boolean for `true` or `false` in any case. Raise `KeyError` for another value."""
    return {"true": True, "false": False}[value.lower()]


def parse_optional(value: str) -> str:
    """Return an empty string for `none`. In config, an empty value leaves a setting unset."""
    return "" if value == "none" else value


def parse_list(value: str) -> tuple[str, ...]:
    """Return the items of a comma-separated list, which is empty for `none`."""
    return () if value == "none" else tuple(item.strip() for item in value.split(","))


PARSERS: Mapping[type, Callable[[str], Any]] = {bool: parse_bool, int: int, float: float, str: str, tuple: parse_list}
"""Parser of config values by the type of the setting."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A config key. It sets the same field in one or several settings groups."""

    field: str
    groups: tuple[type[SettingsGroup], ...]
    parse: Callable[[str], Any]

    @property
    def group(self) -> type[SettingsGroup]:
        """First settings group that has the field."""
        return self.groups[0]

    @property
    def zero_is_unset(self) -> bool:
        """Whether 0 is invalid and means unset. Only such a key is an integer in `Pulumi.yaml`, where every key has a
        default."""
        return self.parse is int and not self.group.checks()[self.field][0](0)

    @property
    def expected(self) -> str:
        """Noun phrase for the allowed values, as config spells them."""
        expected = self.group.checks()[self.field][1]
        if self.parse is parse_list:
            return f"a comma-separated list of {expected.removeprefix('a tuple of ')}, or none"
        return expected.replace("empty", "none")

    @property
    def accepts_secrets(self) -> bool:
        """Whether a secret value stays secret in the state of the stack."""
        metadata = {declared.name: declared.metadata for declared in fields(self.group)}[self.field]
        return bool(metadata["accepts_output"])

    def is_unset(self, value: str) -> bool:
        """Return whether a value leaves the setting unset."""
        return not value or (self.zero_is_unset and value == "0")


def _parser(group: type[SettingsGroup], field: str, hint: Any) -> Callable[[str], Any]:
    types = {getattr(member, "__origin__", member) for member in (get_args(hint) or (hint,))} & PARSERS.keys()
    parse = PARSERS[types.pop() if types else str]
    return parse_optional if parse is str and group.checks()[field][0]("") else parse


def config_keys(factories: Iterable[ServiceFactory] = ()) -> dict[str, Key]:
    """Return the config keys of the settings that every stack has, and of the settings of some services."""
    keys: dict[str, Key] = {}
    for group in (*SETTINGS_GROUPS.values(), *(factory.settings for factory in factories if factory.settings)):
        hints = get_type_hints(group, localns={"pulumi": pulumi})  # The settings package does not import Pulumi.
        for name, field in group.config_keys().items():
            shared = keys.get(name)
            groups = (*(shared.groups if shared else ()), group)
            keys[name] = Key(field=field, groups=groups, parse=_parser(group, field, hints[field]))
    return keys


def _keys_of(service: str | Service | ServiceFactory) -> dict[str, Key]:
    factory = load(service) if isinstance(service, str) and service in SERVICES else service
    return config_keys([factory] if isinstance(factory, ServiceFactory) else [])


def check_keys(config: pulumi.Config | None = None, program_keys: Iterable[str] = ()) -> None:
    """Raise `ConfigError` for unknown config keys of the project, each with the nearest known key.

    `program_keys` are the keys that the program itself reads. The settings of other services are imported only for keys
    that are set, or that are spelled like a known key.
    """
    config = config or pulumi.Config()
    prefix, known = f"{config.name}:", {*_keys_of(_service(config)), *OTHER_KEYS, *program_keys}
    values = _other_values(config, known)
    if not any(value not in DEFAULTS or difflib.get_close_matches(key, known, 1, 0.8) for key, value in values.items()):
        return
    known |= {*config_keys(loadable())}
    nearest = {key: difflib.get_close_matches(key, known, 1, 0)[0] for key in sorted({*values} - known)}
    if nearest:
        pairs = ", ".join(f"'{prefix}{key}' (nearest key: '{prefix}{other}')" for key, other in nearest.items())
        raise ConfigError(f"config keys must be known, got {pairs}. Rename them, or remove them with pulumi config rm.")


def _other_values(config: pulumi.Config, known: Container[str]) -> dict[str, str]:
    """Return the config of the project whose keys are not in `known`."""
    prefix = f"{config.name}:"
    return {
        key.removeprefix(prefix): value
        for key, value in {**get_config_env(), **CONFIG.get()}.items()
        if key.startswith(prefix) and key.removeprefix(prefix) not in known
    }


def _misspelled_keys(config: pulumi.Config, service: str | Service | ServiceFactory) -> dict[str, str]:
    """Return the unknown config keys that are spelled like a known key, and that key. A program can have other keys."""
    known = {*_keys_of(service), *OTHER_KEYS}
    similar = {
        key: difflib.get_close_matches(key, known, 1, MISSPELLED) for key in sorted(_other_values(config, known))
    }
    if not any(similar.values()):
        return {}
    others = config_keys(loadable())
    return {key: nearest[0] for key, nearest in similar.items() if nearest and key not in others}


def check_stack_name(args: TapStackArgs) -> None:
    """Raise `ConfigError` if the name of the stack contradicts the service or the environment in its config.

    Only names of the form `<service>-<environment>`, followed by the region for a standby stack, are checked.
    """
    stack, service, environment = pulumi.get_stack(), args.service_definition().name, args.environment
    is_named = any(stack.startswith(f"{name}-") for name in SERVICES)
    if is_named and not re.fullmatch(rf"{re.escape(f'{service}-{environment}')}(-{REGION})?", stack):
        raise ConfigError(
            f"config service and environment must match the name of the stack, {stack!r}, got {service!r} and "
            f"{environment!r}. Deploying them here would replace the tables of {stack}. Change the config, or deploy "
            f"another stack: pulumi stack init {service}-{environment}."
        )


def args_from_config(
    config: pulumi.Config | None = None, *, service: str | Service | ServiceFactory | None = None, **arguments: Any
) -> TapStackArgs:
    """Return the arguments from the config of the stack and the environment variable `ENVIRONMENT_SUFFIX`.

    `service` and `arguments` are arguments of `TapStackArgs`, which override config. Settings groups are merged field
    by field, and `tags`, `secrets` and `existing` name by name. With a `ServiceFactory`, config can also set the
    settings of the service. With `service`, the default environment is the name of the stack, without the prefix
    `<service>-`, instead of `dev`.

    Raise `ConfigError` for an invalid value; the message never contains a secret. Warn of secret values that the state
    of the stack contains in plain text, and, with `service`, of unknown keys that are spelled like a known key.
    """
    config = config or pulumi.Config()
    values = _Values(config)
    with values.errors():
        args = _args(values, service, arguments)
    for key, similar in (_misspelled_keys(config, service) if service else {}).items():
        pulumi.log.warn(f"Unknown config key {config.full_key(key)!r}. Did you mean {config.full_key(similar)!r}?")
    if exposed := values.exposed(service):
        pulumi.log.warn(
            f"Secret config keys whose values are plain text in the state of the stack: {', '.join(exposed)}. "
            "Do not use them for secrets, see docs/production/secrets.md."
        )
    return args


def secrets_from_config(service: Service, config: pulumi.Config | None = None) -> dict[str, pulumi.Output[str]]:
    """Return the secrets of a service from the config key `secrets`. Secrets of other services are ignored.

    Raise `ConfigError` for a name that is spelled like that of a secret without a value.
    """
    values = _Values(config or pulumi.Config())
    with values.errors():
        return _secrets(service, values)


def _service(config: pulumi.Config) -> str:
    return config.get("service") or "items"


class _Values:
    """The config of a project."""

    def __init__(self, config: pulumi.Config) -> None:
        self._config = config
        self._hidden: set[str] = set()

    def get(self, name: str) -> str:
        """Return the value of a key, or an empty string."""
        return self._config.get(name) or ""

    def is_secret(self, name: str) -> bool:
        """Return whether the value of a key is secret."""
        return is_config_secret(self._config.full_key(name))

    def hide(self, name: str, value: object) -> None:
        """Exclude the value of a key from error messages if it is secret."""
        if self.is_secret(name):
            parts = value if isinstance(value, tuple) else (value,)
            self._hidden |= {self.get(name), *map(str, parts)} - {""}

    def parsed(self, name: str) -> Any:
        """Return the JSON value of a key, the string if it is not JSON, or an empty object if the key is unset."""
        try:
            return self._config.get_object(name) or {}
        except pulumi.ConfigTypeError:
            return self.get(name)

    def invalid(self, name: str, value: object, expected: str) -> ValueError:
        """Return the error for a value, without the value if it is secret."""
        if not self.is_secret(name):
            return invalid_value(f"config {name}", value, expected)
        return ValueError(f"config {name} must be {expected}, got a secret value.")

    def exposed(self, service: str | Service | ServiceFactory | None) -> list[str]:
        """Return the secret keys that are set and that the state stores in plain text."""
        known = _keys_of(service or _service(self._config))
        names = (name for name in (*OTHER_KEYS, *known) if name != "secrets" and self.get(name))
        return [
            self._config.full_key(name)
            for name in names
            if self.is_secret(name) and not (name in known and known[name].accepts_secrets)
        ]

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Convert every `ValueError` to a `ConfigError` without secret values."""
        try:
            yield
        except ValueError as exc:
            raise ConfigError(self._redacted(str(exc))) from None

    def _redacted(self, message: str) -> str:
        for part in sorted(self._hidden, key=len, reverse=True):
            message = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[secret]", message)
        return message


def _args(
    values: _Values, service: str | Service | ServiceFactory | None, arguments: Mapping[str, Any]
) -> TapStackArgs:
    """Return the arguments in config, overridden by `service` and `arguments`."""
    selected = service or values.get("service") or "items"
    if not service:
        values.hide("service", selected)
    values.hide("environment_profile", values.get("environment_profile"))
    fields_by_group: dict[type[SettingsGroup], dict[str, Any]] = defaultdict(dict)
    for name, key in _keys_of(selected).items():
        if not key.is_unset(values.get(name)):
            value = _parse(name, key, values)
            for group in key.groups:
                fields_by_group[group][key.field] = value
    groups: dict[str, Any] = {name: group(**fields_by_group[group]) for name, group in SETTINGS_GROUPS.items()}
    configured = _configured_service(selected, fields_by_group)
    definition = SERVICES.get(configured) if isinstance(configured, str) else configured
    own_name = service if isinstance(service, str) or service is None else service.name
    default = pulumi.get_stack().removeprefix(f"{own_name}-") if own_name else "dev"
    configured_arguments: dict[str, Any] = {
        "environment_suffix": _environment(values, default),
        "environment_profile": values.get("environment_profile") or None,
        "service": configured,
        "split_functions": _boolean(values, "split_functions"),
        "adopt_retained": _boolean(values, "adopt_retained"),
        "tags": _tags(values),
        "secrets": _secrets(definition, values) if definition else {},
        "existing": _existing(definition, values) if definition else {},
        **groups,
    }
    overrides = {
        name: _merged(name, configured_arguments.get(name), argument)
        for name, argument in arguments.items()
        if argument is not None
    }
    return TapStackArgs(**configured_arguments | overrides)


def _merged(name: str, configured: Any, argument: Any) -> Any:
    """Return an argument of the program, which overrides the value in config field by field or name by name."""
    if isinstance(configured, SettingsGroup) and isinstance(argument, type(configured)):
        return merge(configured, argument)
    if isinstance(configured, Mapping) and isinstance(argument, Mapping):
        return merge_tags(configured, argument) if name == "tags" else {**configured, **argument}
    return argument


def _environment(values: _Values, default: str) -> str:
    suffix = values.get("environment") or os.environ.get("ENVIRONMENT_SUFFIX") or default
    if values.is_secret("environment"):
        try:
            TapStackArgs(environment_suffix=suffix)
        except ValueError:
            expected = "letters, digits, '-' and '_', and spelled as in docs/concepts/settings.md if it is listed there"
            raise values.invalid("environment", suffix, expected) from None
    return suffix


def _tags(values: _Values) -> Mapping[str, pulumi.Input[str]]:
    tags = values.parsed("tags")
    expected = 'an object of strings, such as {"Owner": "web-team"}'
    if not isinstance(tags, dict):
        raise values.invalid("tags", tags, expected)
    if not values.is_secret("tags"):
        return tags
    try:
        check_tags(tags)
    except ValueError:
        raise values.invalid("tags", tags, f"{expected}, with names and values that AWS accepts") from None
    return {name: pulumi.Output.secret(value) for name, value in tags.items()}


def _existing(service: Service, values: _Values) -> dict[str, str]:
    """Return the ARNs of the existing resources of a service. Those of other services are ignored."""
    arns = values.parsed("existing")
    if not isinstance(arns, dict):
        raise values.invalid("existing", arns, 'an object of ARNs, such as {"orders": "arn:aws:dynamodb:..."}')
    return {name: arn for name, arn in arns.items() if name in service.existing_names()}


def _secrets(service: Service, values: _Values) -> dict[str, pulumi.Output[str]]:
    secrets = values.parsed("secrets")
    if not isinstance(secrets, dict):
        remedy = "Set each secret with pulumi config set --secret --path secrets.NAME."
        raise invalid_value("config secrets", type(secrets), "an object", remedy)
    own_secrets = {secret.name: secrets[secret.name] for secret in service.secrets if secret.name in secrets}
    for secret in service.secrets:
        others = secrets.keys() - own_secrets.keys()
        if secret.name not in secrets and (similar := difflib.get_close_matches(secret.name, others, 1, 0.8)):
            expected = f"named {', '.join(repr(each.name) for each in service.secrets)}"
            raise invalid_value("config secrets", similar[0], expected, f"Did you mean {secret.name!r}?")
    for name, value in own_secrets.items():
        if not isinstance(value, str):
            raise invalid_value(f"config secrets.{name}", type(value), "a string")
    if getattr(get_monitor(), USES_PLACEHOLDERS, False):
        required = {secret.name: PLACEHOLDER for secret in service.secrets if not secret.generated}
        own_secrets = required | own_secrets
    return {name: pulumi.Output.secret(value) for name, value in own_secrets.items()}


def _configured_service(
    service: str | Service | ServiceFactory, fields_by_group: Mapping[type[SettingsGroup], Mapping[str, Any]]
) -> str | Service:
    """Return the name of the service, or its definition if config sets settings that only this service has."""
    if isinstance(service, Service):
        return service
    if isinstance(service, str) and service not in SERVICES:
        return service
    factory = load(service) if isinstance(service, str) else service
    if factory.settings and factory.settings in fields_by_group:
        return factory.build(factory.settings(**fields_by_group[factory.settings]))
    return service if isinstance(service, str) else factory.default


def _boolean(values: _Values, name: str) -> bool:
    """Return a Boolean key; false if it is unset."""
    value = values.get(name) or "false"
    try:
        return parse_bool(value)
    except KeyError:
        raise values.invalid(name, value, "true or false") from None


def _parse(name: str, key: Key, values: _Values) -> Any:
    raw, (is_valid, _) = values.get(name), key.group.checks()[key.field]
    try:
        value = key.parse(raw)
    except (ValueError, KeyError):
        value = None
    if value is None or not is_valid(value):
        raise values.invalid(name, raw, key.expected)
    values.hide(name, value)
    return pulumi.Output.secret(value) if value and key.accepts_secrets and values.is_secret(name) else value
