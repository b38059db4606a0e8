"""The program: config, a TapStack, its outputs."""

import sys
from pathlib import Path

import pulumi

# The Pulumi CLI runs a program without its folder on the module search path.
if (folder := str(Path(__file__).resolve().parent)) not in sys.path:
    sys.path.insert(0, folder)

from lib.stack.config import args_from_config, check_keys, check_stack_name
from lib.tap_stack import TapStack

check_keys()
args = args_from_config()
check_stack_name(args)
stack = TapStack("tap", args)

for name, value in stack.outputs.items():
    pulumi.export(name, value)
