"""Worker process: imports `index` from a folder, handles events, and reports the processor time.

It imports only modules that the Lambda runtime imports as well, so that the import time of a function is complete.
"""

import gc
import importlib
import json
import os
import sys
import time
from typing import Any


class Context:  # pylint: disable=too-few-public-methods  # only attributes that Lambda defines
    """The context object of an invocation."""

    function_name = "benchmark"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:benchmark"
    memory_limit_in_mb = 128
    aws_request_id = "8f507cfc-1b7f-4e5c-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time, which the environment variable `REMAINING_MS` sets."""
        return int(os.environ.get("REMAINING_MS", "5000"))


def main() -> None:
    """Handle one list of events per input line. The time of the first line includes the import."""
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
