"""Provisioners: functions that each create resources of one type in the emulator from Pulumi inputs.

Each module covers one or several AWS services. Importing this package imports all modules, which register their
provisioners.
"""

from importlib import import_module
from pkgutil import iter_modules

from .base import EXISTING_LAYER, NOT_EMULATED, PROVISIONERS, READERS, CreatedResource

__all__ = ["EXISTING_LAYER", "NOT_EMULATED", "PROVISIONERS", "READERS", "CreatedResource"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
