"""A Lambda worker process: imports `index` from the folder it is given, serves events, tells their processor time.

It imports nothing that would spare a contender an import of its own, beyond what Lambda's own loop has loaded.
"""

import gc
import importlib
import json
import os
import sys
import time
from typing import Any


class Context:  # pylint: disable=too-few-public-methods  # has what Lambda's has
    """What Lambda says about a call."""

    function_name = "benchmark"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:benchmark"
    memory_limit_in_mb = 128
    aws_request_id = "8f507cfc-1b7f-4e5c-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Never short of time, unless the environment says so."""
        return int(os.environ.get("REMAINING_MS", "5000"))


def main() -> None:
    """Serve orders, one a line: `count` requests, `events` (JSON texts) in turn.

    The first order's time includes the import.
    """
    sys.path.insert(0, sys.argv[1])
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    handler: Any = None
    context = Context()
    for line in sys.stdin:
        order = json.loads(line)
        texts = order["events"]
        events = [json.loads(texts[number % len(texts)]) for number in range(order["count"])]
        gc.collect()
        gc.freeze()
        answer = None
        started = time.process_time()
        if handler is None:
            handler = importlib.import_module("index").handler
        for event in events:
            answer = handler(event, context)
        seconds = time.process_time() - started
        gc.unfreeze()
        replies.write(json.dumps({"seconds": seconds, "answer": answer}) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
