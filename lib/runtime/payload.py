"""The payload size of a response, which Lambda limits to 6 MB.

The payload is a JSON object in which the body is a string, so that characters such as quotes are escaped.
"""

from __future__ import annotations

import os
from json.encoder import encode_basestring, encode_basestring_ascii

MAX_BODY_BYTES = 6_000_000
"""Maximum size of a body. Lambda's limit is 6,291,556 bytes, including headers and the structure of the response."""
UTF8_RUNTIMES = frozenset(("AWS_Lambda_python3.12", "AWS_Lambda_python3.13"))
"""Values of `AWS_EXECUTION_ENV` of runtimes that encode payloads as UTF-8. All others escape characters that are not
ASCII as six characters, or twelve above U+FFFF."""
LINE_SEPARATORS = ("\u2028", "\u2029")
"""Characters that some versions of these runtimes escape: six bytes instead of three."""


def payload_bytes(body: str) -> int:
    """Return the size of a body, or of a part of it, in the payload."""
    if os.environ.get("AWS_EXECUTION_ENV") not in UTF8_RUNTIMES:
        return len(encode_basestring_ascii(body)) - 2
    return len(encode_basestring(body).encode()) - 2 + 3 * sum(map(body.count, LINE_SEPARATORS))
