"""`python -m lib`, or `python -m tap_stack` if installed: runs `tap`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
