"""The packages below `lib/`, under the name by which they are installed; everything else is in `pyproject.toml`."""

from setuptools import find_packages, setup

setup(packages=["tap_stack", *(f"tap_stack.{name}" for name in find_packages("lib"))])
