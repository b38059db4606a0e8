"""A service of one's own, deployed like those that come with the library."""

import sys
from pathlib import Path

import pulumi

# The Pulumi CLI runs a program without the folder of the library on the module search path.
if (folder := str(Path(__file__).resolve().parents[1])) not in sys.path:
    sys.path.insert(0, folder)

from examples.notes.service import SERVICE
from lib.stack.config import args_from_config
from lib.tap_stack import TapStack, TapStackArgs

config = args_from_config()
stack = TapStack("notes", TapStackArgs(service=SERVICE, environment_suffix=config.environment, tags=config.tags))

for name, value in stack.outputs.items():
    pulumi.export(name, value)
