"""Run `tap.py` with Pulumi mocks, and print the processor time and the types of all resources as JSON."""

import json
import runpy
import time
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs

from lib.program.runner import run

COMPUTED = {
    "executionArn": "arn:aws:execute-api:us-east-1:123456789012:abcdefghij",
    "invokeArn": "arn:aws:apigateway:us-east-1:lambda:path/functions/function/invocations",
    "invokeUrl": "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod",
    "rootResourceId": "root",
}
"""Outputs that the program uses and that are not inputs."""


class MockCloud(pulumi.runtime.Mocks):
    """Mocks that record the types of all resources."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.types.append(args.typ)
        return f"{args.name}-id", {**COMPUTED, "arn": f"arn:aws:any:us-east-1:123456789012:{args.name}", **args.inputs}

    def call(self, args: MockCallArgs) -> Any:
        return {"accountId": "123456789012", "partition": "aws", "region": "us-east-1"}


def program() -> None:
    """Run `tap.py`."""
    runpy.run_path("tap.py")


def main() -> None:
    """Run the program like Pulumi's language host."""
    cloud = MockCloud()
    run(program, MockMonitor(cloud), project="tap", stack="dev", config={}, log=lambda level, message: None)
    print(json.dumps({"cpu": time.process_time(), "types": cloud.types}))


if __name__ == "__main__":
    main()
