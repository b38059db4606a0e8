"""Messages of errors with their location in the code of a program or a service definition."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path

_LIBRARIES = (Path(__file__).parents[1], Path(sysconfig.get_path("stdlib")))
"""Folders of this library and of the standard library, which usually contains the installed packages."""
_PACKAGES = {"site-packages", "dist-packages"}
"""Names of folders with installed packages."""
_UNSET_VARIABLE = (
    "Read the environment variable in a function: only Lambda sets it, and this module is also imported elsewhere, "
    "such as by Route.typed."
)


def located(exc: BaseException, default: str = "") -> str:
    """Return the message of an error on one line, after `<file>:<line>: ` of the innermost frame with code that is not
    of a library, or after `default`. Paths are relative to the working directory, or absolute outside of it."""
    frames = list(traceback.walk_tb(exc.__traceback__))
    own = [(path, line) for frame, line in frames if is_own_code(path := Path(frame.f_code.co_filename))]
    message = " ".join(str(exc).split())
    # A message of this library is a sentence without the type of the error.
    if not message or (type(exc).__module__ == "builtins" and not isinstance(exc, ValueError | TypeError)):
        message = f"{type(exc).__name__}: {message}".removesuffix(": ")
    if isinstance(exc, KeyError) and any(frame.f_locals.get("self") is os.environ for frame, _ in frames):
        message += f". {_UNSET_VARIABLE}"
    if not own:
        return f"{default}{message}"
    path, line = own[-1]
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{line}: {message}"


def is_own_code(path: Path) -> bool:
    """Return whether a file is not part of this library, of Python or of an installed package."""
    is_installed = not _PACKAGES.isdisjoint(path.parts) or any(map(path.is_relative_to, _LIBRARIES))
    return path.is_absolute() and not is_installed
