"""Pulumi program: create a `TapStack` from config and export its outputs."""

import pulumi
from tap_stack import TapStack
from tap_stack.stack.config import args_from_config, check_keys, check_stack_name

check_keys()
args = args_from_config()
check_stack_name(args)
stack = TapStack("tap", args)

for name, value in stack.outputs.items():
    pulumi.export(name, value)
