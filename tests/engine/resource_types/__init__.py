"""How AWS and its provider treat each resource type that the project uses, a module per AWS service."""

from importlib import import_module
from pkgutil import iter_modules

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {}
"""Every known resource type by its Pulumi token."""

for _module in iter_modules(__path__):
    TYPES.update(import_module(f"{__name__}.{_module.name}").TYPES)
