"""Small image files, created without an image library."""

from __future__ import annotations

import base64
import struct
import zlib

ROTATED_JPEG = zlib.decompress(base64.b64decode(
    "eNr7f+P/AwYBLzdPNwZGRgYGRiBk+P+QQcm1IjONgcHXl0GLgYGBAygnxMDMAJJnYwCD/7cZnBn+UwoOMHBzMJxgnMDIKMjw/wiDKNgNKIAZKC"
    "wigC7K8P8WAwdIrT3DAoZRQBb4fxMA59dW3A=="
))  # fmt: skip
"""JPEG file of 400 by 200 pixels whose EXIF orientation (6) rotates it by 90 degrees."""


def png(width: int, height: int) -> bytes:
    """Return a black PNG image."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes((width + 7) // 8)) * height)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def webp_size(content: bytes) -> tuple[int, int]:
    """Return the width and height of a WebP image without transparency."""
    assert (content[:4], content[8:16]) == (b"RIFF", b"WEBPVP8 ")
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
