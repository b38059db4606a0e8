"""Script of the processes in which the emulator runs Lambda functions."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ...assets.provided_packages import PROVIDED
from .worker_logs import END_OF_LOG

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


STARTUP_ERROR = """
def _startup_error(error, folders, variables):
    import os, traceback
    message = type(error).__name__ + ": " + str(error)
    steps = list(traceback.walk_tb(error.__traceback__))
    locations = [(frame.f_code.co_filename, line) for frame, line in steps]
    own = [(path, line) for path, line in locations if any(path.startswith(os.path.join(f, "")) for f in folders if f)]
    own = [(path, line) for path, line in own if "/tap_stack/" not in path] or own
    if own:
        message += " at %s:%d" % own[-1]
    if isinstance(error, KeyError) and any(frame.f_locals.get("self") is os.environ for frame, _ in steps):
        names = [name for name in sorted(variables) if not name.startswith(("AWS_", "LAMBDA_", "_"))]
        message += ". Variables of the function: " + (", ".join(names) or "none")
    return message
"""
"""Function of the worker script that describes an error of the initialization: its type, message, file and line, and
the variables of the function if the error is an unset one."""


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


def detailed_worker_script(script: str) -> str:
    """Return the script of a Python worker that reports the type and location of an error in the initialization.

    MiniStack reports only the message, which for an unset environment variable is its name.
    """
    error = '"error": str(e)}) + "\\n")\n        _real_stdout.flush()\n        return\n'
    if script.count(error) != 1:
        raise _unsupported()
    folders = '[code_dir, *os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)]'
    return STARTUP_ERROR + script.replace(error, error.replace("str(e)", f"_startup_error(e, {folders}, env)"))


def _unsupported() -> RuntimeError:
    return RuntimeError("Unsupported MiniStack release: its worker script has changed. Install the pinned release.")


def lazy_worker_script(script: str) -> str:
    """Return the script of a Python worker that instruments botocore only when a function imports it.

    MiniStack counts nested invocations with a botocore hook, so each worker imports botocore. The import takes 40 % of
    the CPU time of a cold start, even if the function does not use botocore.
    """
    call = "    _ms_install_invoke_depth()\n"
    if script.count(call) != 1:
        raise _unsupported()
    return LAZY_INVOKE_DEPTH + script.replace(call, "    sys.meta_path.insert(0, _OnImport())\n")


def delimited_worker_script(script: str) -> str:
    """Return the script of a Python worker that writes `END_OF_LOG` to stderr after each invocation."""
    end = "        _real_stdout.flush()\n\nrun()\n"
    if script.count(end) != 1:
        raise _unsupported()
    return script.replace(end, f"        print({END_OF_LOG!r}, file=sys.__stderr__, flush=True)\n{end}")
