"""The AWS emulator MiniStack as a child process."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from .server import FUNCTION_LOG, ROOT_KEY_ID, ROOT_SECRET_KEY

ACCOUNT = "000000000000"
REGION = "us-east-1"
PACKAGE = Path(__file__).parents[1]
START = f"import sys; sys.path.append({str(PACKAGE.parent)!r}); from {PACKAGE.name}.local.server import process"
COMMAND = ["-P", "-c", f"{START}; process.main()"]
"""Python arguments that start the server. Its working directory is not in the module search path, and the folder of
this package is the last one."""
READ_TIMEOUT_SECONDS = 5.0
"""Read timeout of functions that call the emulator. Two attempts fit into the function timeout of 10 s."""
PORT_ATTEMPTS = 3
"""Maximum number of start attempts if no port is specified."""
START_SECONDS = 120.0
WORKERS = 64
"""Maximum number of concurrent Lambda invocations. Each requires a process with about 46 MB of memory."""


class EmulatorError(Exception):
    """Emulator that did not start or exited unexpectedly. The message contains the last line of its log."""


def free_port() -> int:
    """Return a free port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_in_use(port: int) -> bool:
    """Return whether a process listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class Emulator:
    """Context manager that runs MiniStack on the loopback interface, with IAM enforcement and a temporary folder.

    `key_id` and `secret_key` are the credentials of the root user; they are generated for each instance.
    """

    def __init__(self, port: int = 0, workers: int = WORKERS, *, log_functions: bool = False) -> None:
        """With `log_functions`, the server appends the log of all functions to `function_log`."""
        self._picks_port = not port
        self.port = port or free_port()
        self.workers = workers
        self.key_id = f"AKIA{secrets.token_hex(8).upper()}"
        self.secret_key = secrets.token_hex(20)
        self._undo = contextlib.ExitStack()
        self._log = Path()
        self._log_functions = log_functions
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def url(self) -> str:
        """URL of the emulator."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def function_log(self) -> Path:
        """Path of the log of all functions."""
        return self._log.with_name("functions.log")

    def __enter__(self) -> Emulator:
        for _ in range(PORT_ATTEMPTS - 1):
            try:
                return self._start()
            except EmulatorError:
                # Another process can bind the port before the emulator starts.
                if not (self._picks_port and is_port_in_use(self.port)):
                    raise
                self.port = free_port()
        return self._start()

    def _start(self) -> Emulator:
        if is_port_in_use(self.port):
            raise EmulatorError(
                f"Port {self.port} is already in use. Set PORT to a free port, or omit it to select one automatically."
            )
        with contextlib.ExitStack() as undo:
            name = undo.enter_context(tempfile.TemporaryDirectory(prefix="tap-local-", ignore_cleanup_errors=True))
            self._log = Path(name, "emulator.log")
            self._process = self._launch(Path(name))
            undo.callback(_kill, self._process)
            self._wait()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the emulator and its Lambda workers, and delete the temporary folder."""
        while self._clients:
            self._clients.popitem()[1].close()
        self._undo.close()

    def is_alive(self) -> bool:
        """Return whether the process is running."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """Raise `EmulatorError` if the process has exited."""
        if not self.is_alive():
            raise EmulatorError(f"The emulator exited unexpectedly. Last log line: {self.last_log_line()}")

    def last_log_line(self) -> str:
        """Return the last non-empty line of the emulator log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "(empty log)")

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a cached boto3 client of a service in a region, with the credentials of the root user."""
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=self.key_id,
                aws_secret_access_key=self.secret_key,
                config=Config(retries={"max_attempts": 2}, max_pool_connections=32),
            )
        return self._clients[service, region]

    def api_url(self, api_id: str, stage: str) -> str:
        """Return the URL of a stage of a REST or HTTP API."""
        return f"{self.url}/restapis/{api_id}/{stage}/_user_request_"

    def function_url(self, url_id: str) -> str:
        """Return the URL of a function by the ID in its URL on AWS, without a trailing slash."""
        return f"{self.url}/_aws/lambda-url/{url_id}"

    def _launch(self, folder: Path) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *COMMAND],
                cwd=folder,
                env=self._environment(folder),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if not self.is_alive() or time.monotonic() > deadline:
                raise EmulatorError(
                    f"The emulator did not start on port {self.port}. Last log line: {self.last_log_line()}"
                )
            time.sleep(0.05)

    def _is_healthy(self) -> bool:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{self.url}/_ministack/health", timeout=1) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _environment(self, folder: Path) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
        return {
            **inherited,
            "AUTH": "true",
            "AWS_DEFAULT_REGION": REGION,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_ACCOUNT_CONCURRENCY": str(self.workers),
            "LAMBDA_WARM_TTL_SECONDS": "60",
            "LOG_LEVEL": "WARNING",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(folder / "s3"),
            "STATE_DIR": str(folder / "state"),
            "TAP_READ_TIMEOUT_SECONDS": str(READ_TIMEOUT_SECONDS),
            **({FUNCTION_LOG: str(self.function_log)} if self._log_functions else {}),
            ROOT_KEY_ID: self.key_id,
            ROOT_SECRET_KEY: self.secret_key,
            "TMPDIR": str(folder),
        }


class RegionalEmulator(NamedTuple):
    """One region of an emulator."""

    emulator: Emulator
    region: str = REGION

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service in this region."""
        return self.emulator.client(service, self.region)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the emulator and its Lambda workers, which share a session. Their state is not needed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
