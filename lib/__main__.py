"""`python -m lib`, or `python -m tap_stack` when installed: the command `tap`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
