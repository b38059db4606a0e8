"""Process of a Lambda execution environment: imports `index` from a folder, handles events and reports processor time.

It imports only what the loop of Lambda's runtime loads too, so that every function pays for its own imports.
"""

import gc
import importlib
import json
import os
import sys
import time
from typing import Any


class Context:  # pylint: disable=too-few-public-methods  # has the attributes of Lambda's
    """The context object of an invocation."""

    function_name = "benchmark"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:benchmark"
    memory_limit_in_mb = 128
    aws_request_id = "8f507cfc-1b7f-4e5c-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the timeout, which the environment can set."""
        return int(os.environ.get("REMAINING_MS", "5000"))


def main() -> None:
    """Handle one list of events per line; the time of the first includes the import."""
    sys.path.insert(0, sys.argv[1])
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    handler: Any = None
    context = Context()
    for line in sys.stdin:
        events = json.loads(line)
        gc.collect()
        gc.freeze()
        response = None
        started = time.process_time()
        if handler is None:
            handler = importlib.import_module("index").handler
        for event in events:
            response = handler(event, context)
        seconds = time.process_time() - started
        gc.unfreeze()
        replies.write(json.dumps({"seconds": seconds, "response": response}) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
