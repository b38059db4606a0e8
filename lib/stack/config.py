"""Pulumi config, as the arguments of a `TapStack`."""

from __future__ import annotations

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from ..model import Service, ServiceFactory
from ..services import SERVICES, load, loadable
from ..settings import LAYERS, SettingsGroup, check_tags, invalid_value
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
)
"""The keys besides those of settings."""
DEFAULTS = ("", "0")
"""Values of keys that are not set, by their type in `Pulumi.yaml`."""


class ConfigError(ValueError, pulumi.RunError):
    """Invalid config. The Pulumi CLI prints the message without a traceback."""


def truth(text: str) -> bool:
    """True or false from config's text."""
    return {"true": True, "false": False}[text.lower()]


def text_or_none(text: str) -> str:
    """Text, of which `none` is the empty one where nothing else is: an empty value in config says nothing."""
    return "" if text == "none" else text


def texts(text: str) -> tuple[str, ...]:
    """Several texts with commas between them; `none` is none of them."""
    return () if text == "none" else tuple(one.strip() for one in text.split(","))


READERS: Mapping[type, Callable[[str], Any]] = {bool: truth, int: int, float: float, str: str, tuple: texts}
"""How a value of each type is spelt."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of the configuration that sets one field, of one class or of several that share it."""

    field: str
    layers: tuple[type[SettingsGroup], ...]
    read: Callable[[str], Any]

    @property
    def layer(self) -> type[SettingsGroup]:
        """The first class that has the field."""
        return self.layers[0]

    @property
    def zero_says_nothing(self) -> bool:
        """Whether it is a number that cannot be 0: such a key is an integer in `Pulumi.yaml`, which needs a default."""
        return self.read is int and not self.layer.checks()[self.field][0](0)

    @property
    def expected(self) -> str:
        """Allowed values as config spells them, as a noun phrase."""
        expected = self.layer.checks()[self.field][1]
        if self.read is texts:
            return f"a comma-separated list of {expected.removeprefix('a tuple of ')}, or none"
        return expected.replace("empty", "none")

    @property
    def keeps_secrets(self) -> bool:
        """Whether a secret value stays secret in the state of the stack."""
        metadata = {one.name: one.metadata for one in fields(self.layer)}[self.field]
        return bool(metadata["accepts_output"])

    def unsaid(self, text: str) -> bool:
        """Whether the figure is left to the layers below; `Pulumi.yaml` must give every key a default."""
        return not text or (self.zero_says_nothing and text == "0")


def _reader(layer: type[SettingsGroup], field: str, hint: Any) -> Callable[[str], Any]:
    kinds = {getattr(one, "__origin__", one) for one in (get_args(hint) or (hint,))} & READERS.keys()
    read = READERS[kinds.pop() if kinds else str]
    return text_or_none if read is str and layer.checks()[field][0]("") else read


def config_keys(factories: Iterable[ServiceFactory] = ()) -> dict[str, Key]:
    """Return the config keys of the settings of every stack and of some services' own settings."""
    found: dict[str, Key] = {}
    for layer in (*LAYERS.values(), *(factory.settings for factory in factories if factory.settings)):
        hints = get_type_hints(layer, localns={"pulumi": pulumi})  # which settings do not import
        for name, field in layer.config_keys().items():
            before = found.get(name)
            layers = (*(before.layers if before else ()), layer)
            found[name] = Key(field=field, layers=layers, read=_reader(layer, field, hints[field]))
    return found


def _keys_of(service: str) -> dict[str, Key]:
    return config_keys([load(service)] if service in SERVICES else [])


def check_keys(config: pulumi.Config | None = None, own_keys: Iterable[str] = ()) -> None:
    """Raise `ConfigError` for keys of the project that nothing reads, each with the nearest known key.

    `own_keys` are the keys that the program itself reads. The settings of other services are imported only for keys
    that are set, or are spelled like a known key.
    """
    config = config or pulumi.Config()
    prefix, known = f"{config.name}:", {*_keys_of(_service(config)), *OTHER_KEYS, *own_keys}
    values = {
        key.removeprefix(prefix): value
        for key, value in {**get_config_env(), **CONFIG.get()}.items()
        if key.startswith(prefix) and key.removeprefix(prefix) not in known
    }
    if not any(value not in DEFAULTS or difflib.get_close_matches(key, known, 1, 0.8) for key, value in values.items()):
        return
    known |= {*config_keys(loadable())}
    nearest = {key: difflib.get_close_matches(key, known, 1, 0)[0] for key in sorted({*values} - known)}
    if nearest:
        pairs = ", ".join(f"'{prefix}{key}' (nearest key: '{prefix}{other}')" for key, other in nearest.items())
        raise ConfigError(f"config keys must be known, got {pairs}. Rename them, or remove them with pulumi config rm.")


def check_stack_name(args: TapStackArgs) -> None:
    """Raise `ConfigError` if the name of the stack says another service or environment than its config.

    Such a name is `<service>-<environment>`, followed by the region for a standby; any other name is free.
    """
    stack, service, environment = pulumi.get_stack(), args.description().name, args.environment
    is_named = any(stack.startswith(f"{name}-") for name in SERVICES)
    if is_named and not re.fullmatch(rf"{re.escape(f'{service}-{environment}')}(-{REGION})?", stack):
        raise ConfigError(
            f"config service and environment must match the name of the stack, {stack!r}, got {service!r} and "
            f"{environment!r}. Deploying them here would replace the tables of {stack}. Change the config, or deploy "
            f"another stack: pulumi stack init {service}-{environment}."
        )


def args_from_config(config: pulumi.Config | None = None) -> TapStackArgs:
    """The arguments that `Pulumi.yaml`, the stack's file and `ENVIRONMENT_SUFFIX` spell out.

    Raise `ConfigError` for an invalid value, without the value if it is secret. Warn of secret values that the state
    of the stack contains in plain text.
    """
    values = _Values(config or pulumi.Config())
    with values.errors():
        args = _args(values)
    if exposed := values.exposed():
        pulumi.log.warn(
            f"Secret config keys whose values are plain text in the state of the stack: {', '.join(exposed)}. "
            "Do not keep secrets in them: see docs/production/secrets.md."
        )
    return args


def secrets_from_config(service: Service, config: pulumi.Config | None = None) -> dict[str, pulumi.Output[str]]:
    """What the configuration has under `secrets` for a service; those of other services are nothing to it."""
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

    def text(self, name: str) -> str:
        """Return the value of a key, or an empty string."""
        return self._config.get(name) or ""

    def is_secret(self, name: str) -> bool:
        """Return whether the value of a key is secret."""
        return is_config_secret(self._config.full_key(name))

    def hide(self, name: str, value: object) -> None:
        """Keep the value of a key out of errors if it is secret."""
        if self.is_secret(name):
            parts = value if isinstance(value, tuple) else (value,)
            self._hidden |= {self.text(name), *map(str, parts)} - {""}

    def parsed(self, name: str) -> Any:
        """Return an object or list, or the string of a value that is no JSON; an empty object if it is not set."""
        try:
            return self._config.get_object(name) or {}
        except pulumi.ConfigTypeError:
            return self.text(name)

    def invalid(self, name: str, value: object, expected: str) -> ValueError:
        """Return the error for a value, which a secret value is not part of."""
        if not self.is_secret(name):
            return invalid_value(f"config {name}", value, expected)
        return ValueError(f"config {name} must be {expected}, got a secret value.")

    def exposed(self) -> list[str]:
        """Return the secret keys that are set and whose values end in plain text."""
        known = _keys_of(_service(self._config))
        names = (name for name in (*OTHER_KEYS, *known) if name != "secrets" and self.text(name))
        return [
            self._config.full_key(name)
            for name in names
            if self.is_secret(name) and not (name in known and known[name].keeps_secrets)
        ]

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn every ValueError into a `ConfigError` that shows no secret value."""
        try:
            yield
        except ValueError as exc:
            raise ConfigError(self._redacted(str(exc))) from None

    def _redacted(self, message: str) -> str:
        for part in sorted(self._hidden, key=len, reverse=True):
            message = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[secret]", message)
        return message


def _args(values: _Values) -> TapStackArgs:
    service = values.text("service") or "items"
    values.hide("service", service)
    values.hide("environment_profile", values.text("environment_profile"))
    said: dict[type[SettingsGroup], dict[str, Any]] = defaultdict(dict)
    for name, key in _keys_of(service).items():
        text = values.text(name)
        if not key.unsaid(text):
            value = _read(name, key, values)
            for layer in key.layers:
                said[layer][key.field] = value
    layers: dict[str, Any] = {name: layer(**said[layer]) for name, layer in LAYERS.items()}
    described = SERVICES.get(service)
    return TapStackArgs(
        environment_suffix=_environment(values),
        environment_profile=values.text("environment_profile") or None,
        service=_chosen(service, said),
        split_functions=_flag(values, "split_functions"),
        adopt_retained=_flag(values, "adopt_retained"),
        tags=_tags(values),
        secrets=_secrets(described, values) if described else {},
        **layers,
    )


def _environment(values: _Values) -> str:
    suffix = values.text("environment") or os.environ.get("ENVIRONMENT_SUFFIX") or "dev"
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


def _secrets(service: Service, values: _Values) -> dict[str, pulumi.Output[str]]:
    given = values.parsed("secrets")
    if not isinstance(given, dict):
        remedy = "Set each secret with pulumi config set --secret --path secrets.NAME."
        raise invalid_value("config secrets", type(given), "an object", remedy)
    found = {secret.name: given[secret.name] for secret in service.secrets if secret.name in given}
    for name, value in found.items():
        if not isinstance(value, str):
            raise invalid_value(f"config secrets.{name}", type(value), "a string")
    return {name: pulumi.Output.secret(value) for name, value in found.items()}


def _chosen(service: str, said: Mapping[type[SettingsGroup], Mapping[str, Any]]) -> str | Service:
    """The service by its name, or where something is chosen about it the service as chosen."""
    settings = load(service).settings if service in SERVICES else None
    return load(service).build(settings(**said[settings])) if settings and settings in said else service


def _flag(values: _Values, name: str) -> bool:
    """Return a key that is true or false; unset, it is false."""
    text = values.text(name) or "false"
    try:
        return truth(text)
    except KeyError:
        raise values.invalid(name, text, "true or false") from None


def _read(name: str, key: Key, values: _Values) -> Any:
    text, (is_valid, _) = values.text(name), key.layer.checks()[key.field]
    try:
        value = key.read(text)
    except (ValueError, KeyError):
        value = None
    if value is None or not is_valid(value):
        raise values.invalid(name, text, key.expected)
    values.hide(name, value)
    return pulumi.Output.secret(value) if value and key.keeps_secrets and values.is_secret(name) else value
