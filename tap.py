"""The program: config, a TapStack, its outputs."""

import sys
from pathlib import Path

import pulumi

# The Pulumi CLI runs a program without its folder on the module search path.
if (folder := str(Path(__file__).resolve().parent)) not in sys.path:
    sys.path.insert(0, folder)

from lib.config import args_from_config, check_keys
from lib.tap_stack import TapStack

check_keys()
stack = TapStack("tap", args_from_config())

for name, value in stack.outputs.items():
    pulumi.export(name, value)
