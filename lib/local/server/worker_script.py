"""Script of the processes in which the emulator runs Lambda functions."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ...assets.provided_packages import PROVIDED

LAZY_INVOKE_DEPTH = """
class _OnImport:
    def find_spec(self, name, path=None, target=None):
        if name != "botocore.handlers":
            return None
        sys.meta_path.remove(self)
        import importlib.util
        spec = importlib.util.find_spec(name)
        exec_module = spec.loader.exec_module

        def exec_and_install(module):
            exec_module(module)
            sys.modules["botocore"].handlers = module
            _ms_install_invoke_depth()

        spec.loader.exec_module = exec_and_install
        return spec
"""
ISOLATION = """
import importlib.machinery, os, sys

class _Provided:
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.PathFinder.find_spec(name, __FOLDERS__) if name in __PROVIDED__ else None

sys.path[:] = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *__STANDARD_LIBRARY__]
sys.meta_path[:] = [
    importlib.machinery.BuiltinImporter,
    importlib.machinery.FrozenImporter,
    importlib.machinery.PathFinder,
    _Provided(),
]
"""


def isolated_worker_script(script: str, standard_library: Sequence[str], folders: Sequence[str]) -> str:
    """Return the script of a Python worker that imports only what Lambda has, not other packages of this environment.

    These are the archive of the function with its layers, the standard library in the folders `standard_library`, and
    `PROVIDED` in `folders`.
    """
    values = {"STANDARD_LIBRARY": [*standard_library], "FOLDERS": [*folders], "PROVIDED": PROVIDED}
    isolation = ISOLATION
    for name, value in values.items():
        isolation = isolation.replace(f"__{name}__", repr(value))
    return isolation + script


def standard_library_path() -> list[str]:
    """Return the module search path of Python without packages."""
    command = [sys.executable, "-I", "-S", "-c", "import json, sys; print(json.dumps(sys.path))"]
    path: list[str] = json.loads(subprocess.check_output(command))  # noqa: S603  # fixed arguments
    return path


def provided_folders() -> list[str]:
    """Return the folders of this environment that contain `PROVIDED`."""
    specs = filter(None, map(importlib.util.find_spec, PROVIDED))
    sources = ([*(spec.submodule_search_locations or ()), spec.origin or ""][0] for spec in specs)
    return list(dict.fromkeys(str(Path(source).parent) for source in sources))


def lazy_worker_script(script: str) -> str:
    """Return the script of a Python worker that instruments botocore only when a function imports it.

    MiniStack counts nested invocations with a botocore hook, so each worker imports botocore. The import takes 40 % of
    the CPU time of a cold start, even if the function does not use botocore.
    """
    call = "    _ms_install_invoke_depth()\n"
    if script.count(call) != 1:
        raise RuntimeError("Unsupported MiniStack release: its worker script has changed. Install the pinned release.")
    return LAZY_INVOKE_DEPTH + script.replace(call, "    sys.meta_path.insert(0, _OnImport())\n")
