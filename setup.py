"""Maps the packages in `lib/` to their installed names. `pyproject.toml` contains all other metadata."""

from setuptools import find_packages, setup

setup(packages=["tap_stack", *(f"tap_stack.{name}" for name in find_packages("lib"))])
