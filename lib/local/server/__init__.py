"""Server process of the emulator: MiniStack with access control and corrections. `emulator.py` starts it.

Each module but `process` and `access_control` corrects one part of MiniStack. They replace private functions of the
pinned release, which has no public names for them.
"""

ROOT_KEY_ID, ROOT_SECRET_KEY = "TAP_ROOT_KEY_ID", "TAP_ROOT_SECRET_KEY"
"""Environment variables with the credentials of the root user."""
FUNCTION_LOG = "TAP_FUNCTION_LOG"
"""Environment variable with the path of the log file of all functions. If it is unset, no log file is written."""
