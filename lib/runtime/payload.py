"""The size of a response as Lambda receives it.

The runtime sends JSON in which the body is a string, so that its quotes are escaped. Lambda accepts 6 MB of that.
"""

from __future__ import annotations

import os
from json.encoder import encode_basestring, encode_basestring_ascii

MAX_BODY_BYTES = 6_000_000
"""Maximum size of a body. The rest of Lambda's 6,291,556 bytes is for headers and the structure of the response."""
UNESCAPED = frozenset(("AWS_Lambda_python3.12", "AWS_Lambda_python3.13"))
"""Values of `AWS_EXECUTION_ENV` with which the runtime sends UTF-8; with all others it sends six ASCII characters for
each character that is not ASCII, and twelve for each beyond U+FFFF."""
LINE_SEPARATORS = ("\u2028", "\u2029")
"""Some versions of the runtime escape these always: six bytes for three."""


def sent_bytes(body: str) -> int:
    """Return the number of bytes that a body, or a part of one, takes in the response."""
    if os.environ.get("AWS_EXECUTION_ENV") not in UNESCAPED:
        return len(encode_basestring_ascii(body)) - 2
    return len(encode_basestring(body).encode()) - 2 + 3 * sum(map(body.count, LINE_SEPARATORS))
