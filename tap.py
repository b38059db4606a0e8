"""The program: config, a TapStack, its outputs."""

import pulumi

from lib.config import args_from_config
from lib.tap_stack import TapStack

stack = TapStack("tap", args_from_config())

for name, value in stack.outputs.items():
    pulumi.export(name, value)
