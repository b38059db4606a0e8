"""Pulumi program: create a `TapStack` from config and export its outputs."""

from tap_stack.program.service_program import create_stack

stack = create_stack()
