"""A custom service that stores notes.

A distribution that contains it registers `FACTORY` in the entry point group `tap_stack.services`.
"""

from tap_stack.model import ServiceFactory

from .service import SERVICE

FACTORY = ServiceFactory(name="notes", build=lambda _settings: SERVICE)
