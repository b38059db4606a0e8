"""Pulumi program: deploys the service with the secrets in the config of the stack."""

import sys
from pathlib import Path

import pulumi

# The service is in the package `examples`, so add the folder of this package to the module search path.
if (folder := str(Path(__file__).resolve().parents[2])) not in sys.path:
    sys.path.insert(0, folder)

from tap_stack import TapStack
from tap_stack.stack.config import args_from_config

from examples.webhooks.service import SERVICE

stack = TapStack("webhooks", args_from_config(service=SERVICE))

for name, value in stack.outputs.items():
    pulumi.export(name, value)
