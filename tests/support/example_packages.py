"""Packages of the programs in `examples/`."""

from __future__ import annotations

import pytest

from lib.assets import packages, uv

from . import examples


def require(*values: object) -> None:
    """Install the packages of the examples with these names, recordings or paths. Other values are ignored.

    Skip the test if the packages are not in the cache of this user and PyPI is not reachable.
    """
    for name, path in examples.PROGRAMS.items():
        if path.name == "__main__.py" and {name, f"example-{name}", path} & {*values}:
            for lock in path.parent.glob("*/requirements.lock"):
                try:
                    packages.install(lock, "python3.13", "x86_64")
                except uv.UvError as error:
                    pytest.skip(f"packages of an example cannot be installed: {error}")
