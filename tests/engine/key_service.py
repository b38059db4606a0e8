"""A test double of AWS KMS for the encryption of stack secrets by the CLI.

The derivation of a key from a passphrase would take a quarter of the processor time of every command.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

OPERATIONS = {
    "TrentService.Encrypt": ("Plaintext", "CiphertextBlob"),
    "TrentService.Decrypt": ("CiphertextBlob", "Plaintext"),
}
"""Input and output field of each operation. The double does not encrypt; it only receives the data key of a stack."""
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
PROVIDER = f"awskms://{KEY_ID}?region=us-east-1"
"""The secrets provider of a stack."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # pylint: disable=invalid-name  # the base class calls it
        """Respond to a request in the JSON protocol of AWS."""
        input_field, output_field = OPERATIONS[self.headers["x-amz-target"]]
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps({"KeyId": KEY_ID, output_field: request[input_field]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:  # pylint: disable=arguments-differ  # none is used
        """Do not log."""


class KeyService:
    """A context manager that runs the double on a free port of the loopback interface."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which the CLI uses the double."""
        return {
            "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def __enter__(self) -> KeyService:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
