"""Serverless services on AWS, defined once: `tap_stack.TapStack`.

The package is installed as `tap_stack`. In a clone its folder is `lib`: `lib.x` is the same module as `tap_stack.x`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # By the installed name: in a clone, mypy would take these imports for cycles with modules that import from here.
    from tap_stack.settings import (
        AlarmSettings,
        ApiSettings,
        AuthorizationSettings,
        BackupSettings,
        CostSettings,
        EncryptionSettings,
        FirewallSettings,
        FunctionSettings,
        NetworkSettings,
        ObservationSettings,
        RolloutSettings,
        Settings,
        SiteSettings,
        TableSettings,
    )
    from tap_stack.tap_stack import TapStack, TapStackArgs

__all__ = [
    "AlarmSettings", "ApiSettings", "AuthorizationSettings", "BackupSettings", "CostSettings",
    "EncryptionSettings", "FirewallSettings", "FunctionSettings", "NetworkSettings", "ObservationSettings",
    "RolloutSettings", "Settings", "SiteSettings", "TableSettings", "TapStack", "TapStackArgs", "__version__",
]  # fmt: skip
__version__ = "0.1.0"

_NAME, _FOLDER_NAME = "tap_stack", "lib"


def __getattr__(name: str) -> Any:
    """Import a public name when it is used, because TapStack imports Pulumi."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".tap_stack" if name.startswith("TapStack") else ".settings", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _FolderName(MetaPathFinder, Loader):
    """Finds this folder as `tap_stack`, even if another one is installed, and the modules `lib.x` as `tap_stack.x`."""

    def find_spec(self, fullname: str, *_unused: object) -> ModuleSpec | None:
        """Return how to load this folder or a module of it, None for other modules."""
        if fullname == _NAME:
            return spec_from_file_location(fullname, __file__)
        top, _, name = fullname.partition(".")
        # The files themselves are what `import lib` and `python -m lib` execute.
        if top != _FOLDER_NAME or name in ("", "__main__"):
            return None
        found = find_spec(f"{_NAME}.{name}")
        if found is None:
            return None
        spec = ModuleSpec(fullname, self, origin=found.origin)
        spec.submodule_search_locations = found.submodule_search_locations
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Import the module of the other name."""
        # Import returns the module that is in `sys.modules` afterwards.
        name = module.__name__
        sys.modules[name] = import_module(f"{_NAME}{name.removeprefix(_FOLDER_NAME)}")


def _use_folder_name() -> None:
    """Let `lib` be the package `tap_stack`, so that a process has one copy of every module."""
    imported = sys.modules.get(_NAME)
    if imported and not Path(__file__).samefile(imported.__file__ or ""):
        raise ImportError(
            f"{_FOLDER_NAME} must be the folder of {_NAME}, which was imported from {imported.__file__}. "
            f"Import {_FOLDER_NAME} first, or install this clone with `make install`."
        )
    sys.meta_path.insert(0, _FolderName())
    sys.modules[_FOLDER_NAME] = import_module(_NAME)


if __name__ == _FOLDER_NAME:
    _use_folder_name()
