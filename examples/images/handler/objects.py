"""Objects in the bucket."""

UPLOADS, THUMBNAILS = "uploads/", "thumbnails/"
"""Prefixes of the uploaded files and of the thumbnails."""
MAX_BYTES = 20_000_000
"""Maximum size of an uploaded file."""
CONTENT_TYPES = ("image/gif", "image/jpeg", "image/png", "image/webp")
SIZES = (128, 512, 1024)
"""Maximum width and height of each thumbnail in pixels."""


def thumbnail_key(image_id: str, size: int) -> str:
    """Return the key of a thumbnail."""
    return f"{THUMBNAILS}{image_id}/{size}.webp"
