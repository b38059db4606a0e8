"""A service of one's own, deployed like those that come with the library."""

import pulumi

from examples.notes.service import SERVICE
from lib.config import args_from_config
from lib.tap_stack import TapStack, TapStackArgs

config = args_from_config()
stack = TapStack("notes", TapStackArgs(service=SERVICE, environment_suffix=config.environment, tags=config.tags))

for name, value in stack.outputs.items():
    pulumi.export(name, value)
