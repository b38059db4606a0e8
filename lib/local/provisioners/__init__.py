"""Provisioners: functions that create a resource type in the emulator, from Pulumi's inputs.

There is a module for each service of AWS or for several small ones. Importing this package imports all of them, which
registers their functions.
"""

from importlib import import_module
from pkgutil import iter_modules

from .base import NOT_EMULATED, PROVISIONERS, READERS, CreatedResource

__all__ = ["NOT_EMULATED", "PROVISIONERS", "READERS", "CreatedResource"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
