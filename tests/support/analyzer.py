"""The policy pack of this repository as a server of Pulumi's analyzer protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc


@contextmanager
def policy_pack_server(site_packages: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Start the policy pack as the Pulumi engine does, with the library in `site_packages`, and yield a client."""
    (site_packages / "tap_stack").symlink_to(Path("lib").resolve())
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "policy"]
    environment = {**os.environ, "PYTHONPATH": str(site_packages)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            # The message of a stack with many functions exceeds the default limit. The engine also disables the limit.
            options = [("grpc.max_send_message_length", -1)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()
