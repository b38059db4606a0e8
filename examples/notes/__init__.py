"""A custom service: notes, a description and a package of functions.

A distribution that contains it would register `FACTORY` by the entry point group `tap_stack.services`.
"""

from tap_stack.model import ServiceFactory

from .service import SERVICE

FACTORY = ServiceFactory(name="notes", build=lambda _settings: SERVICE)
