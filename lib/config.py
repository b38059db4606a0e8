"""Pulumi config, as the arguments of a `TapStack`."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

import pulumi

from .args import TapStackArgs
from .service import Service
from .services import CHOICES, SERVICES
from .settings import LAYERS, Layer, refuse


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
    layers: tuple[type[Layer], ...]
    read: Callable[[str], Any]

    @property
    def layer(self) -> type[Layer]:
        """The first class that has the field."""
        return self.layers[0]

    @property
    def zero_says_nothing(self) -> bool:
        """Whether it is a number that cannot be 0: such a key is an integer in `Pulumi.yaml`, which needs a default."""
        return self.read is int and not self.layer.checks()[self.field][0](0)

    def unsaid(self, text: str) -> bool:
        """Whether the figure is left to the layers below; `Pulumi.yaml` must give every key a default."""
        return not text or (self.zero_says_nothing and text == "0")


def _reader(layer: type[Layer], field: str) -> Callable[[str], Any]:
    hint = get_type_hints(layer, localns={"pulumi": pulumi})[field]  # which settings do not import
    kinds = {getattr(one, "__origin__", one) for one in (get_args(hint) or (hint,))} & READERS.keys()
    read = READERS[kinds.pop() if kinds else str]
    return text_or_none if read is str and layer.checks()[field][0]("") else read


def _keys() -> dict[str, Key]:
    found: dict[str, Key] = {}
    for layer in (*LAYERS.values(), *(choice.settings for choice in CHOICES.values())):
        for one in fields(layer):
            name = one.metadata["key"] or f"{layer.WHERE}_{one.name}"
            before = found.get(name)
            layers = (*(before.layers if before else ()), layer)
            found[name] = Key(field=one.name, layers=layers, read=_reader(layer, one.name))
    return found


KEYS: Mapping[str, Key] = _keys()
"""A key for every figure.  Options of services, whose descriptions begin with their names, are nothing to the
others: an environment's file is for all of them."""


def args_from_config(config: pulumi.Config | None = None) -> TapStackArgs:
    """The arguments that `Pulumi.yaml`, the stack's file and `ENVIRONMENT_SUFFIX` spell out."""
    config = config or pulumi.Config()
    service = config.get("service") or "items"
    said: dict[type[Layer], dict[str, Any]] = defaultdict(dict)
    for name, key in KEYS.items():
        text = config.get(name) or ""
        if not key.unsaid(text):
            value = _read(name, key, text)
            for layer in key.layers:
                said[layer][key.field] = value
    tags = config.get_object("tags") or {}
    if not isinstance(tags, dict):
        raise refuse("config tags", tags, 'give an object of texts, such as {"Owner": "web-team"}')
    layers: dict[str, Any] = {name: layer(**said[layer]) for name, layer in LAYERS.items()}
    described = SERVICES.get(service)
    return TapStackArgs(
        environment_suffix=config.get("environment") or os.environ.get("ENVIRONMENT_SUFFIX") or "dev",
        service=_chosen(service, said),
        split_functions=_split(config.get("split_functions") or "false"),
        tags=tags,
        secrets=secrets_from_config(described, config) if described else {},
        **layers,
    )


def secrets_from_config(service: Service, config: pulumi.Config | None = None) -> dict[str, pulumi.Output[str]]:
    """What the configuration has under `secrets` for a service; those of other services are nothing to it."""
    given = (config or pulumi.Config()).get_object("secrets") or {}
    if not isinstance(given, dict):
        raise refuse("config secrets", type(given).__name__, "give an object, with pulumi config set --secret --path")
    found = {secret.name: given[secret.name] for secret in service.secrets if secret.name in given}
    for name, value in found.items():
        if not isinstance(value, str):
            raise refuse(f"config secrets.{name}", type(value).__name__, "give a text")
    return {name: pulumi.Output.secret(value) for name, value in found.items()}


def _chosen(service: str, said: Mapping[type[Layer], Mapping[str, Any]]) -> str | Service:
    """The service by its name, or where something is chosen about it the service as chosen."""
    choice = CHOICES.get(service)
    return choice.make(choice.settings(**said[choice.settings])) if choice and choice.settings in said else service


def _split(text: str) -> bool:
    try:
        return truth(text)
    except KeyError:
        raise refuse("config split_functions", text, "give true or false") from None


def _read(name: str, key: Key, text: str) -> Any:
    possible, wanted = key.layer.checks()[key.field]
    try:
        value = key.read(text)
    except (ValueError, KeyError):
        value = None
    if value is None or not possible(value):
        raise refuse(f"config {name}", text, wanted)
    return value
