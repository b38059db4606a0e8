"""How each resource type is made in the emulator: Pulumi's inputs in, AWS's answer out.  A module for each of AWS's
services, found by being here."""

from importlib import import_module
from pkgutil import iter_modules

from .base import MAKERS, NOT_EMULATED, READERS, Made

__all__ = ["MAKERS", "NOT_EMULATED", "READERS", "Made"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
