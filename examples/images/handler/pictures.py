"""Thumbnails of files that can be anything: a photo, a damaged image, or an attack on the decoder."""

from __future__ import annotations

import io
import warnings
from typing import NamedTuple

from PIL import (  # pylint: disable=import-error  # a package of requirements.txt
    ExifTags,
    Image,
    ImageOps,
    UnidentifiedImageError,
)

FORMATS = ("GIF", "JPEG", "PNG", "WEBP")
"""Formats that are decoded. Pillow supports many more, each with its own decoder of untrusted data."""
MAX_PIXELS = 50_000_000
"""Maximum width times height, 200 MB in memory. A small file can contain any number of pixels."""
ROTATED = (5, 6, 7, 8)
"""EXIF orientations of images that are stored with width and height exchanged."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# By default, Pillow rejects only images with twice the number of pixels.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class InvalidImage(Exception):
    """The file is not an image that can be processed. The message contains the reason."""


class Picture(NamedTuple):
    """A decoded image."""

    format: str
    width: int
    """Width in pixels as displayed, after the rotation that the EXIF orientation specifies."""
    height: int
    thumbnails: dict[int, bytes]
    """WebP files by maximum width and height. They have no metadata, such as the location of a photo."""


def read(content: bytes, sizes: tuple[int, ...]) -> Picture:
    """Return an image with its thumbnails. Raise `InvalidImage` for other content."""
    try:
        return _read(content, sizes)
    except UnidentifiedImageError as exc:
        raise InvalidImage(f"The file must be an image in the format {', '.join(FORMATS)}.") from exc
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise InvalidImage(f"The image must have at most {MAX_PIXELS} pixels.") from exc
    except Exception as exc:  # pylint: disable=broad-exception-caught  # decoders raise many types for damaged files
        raise InvalidImage("The image is damaged.") from exc


def _read(content: bytes, sizes: tuple[int, ...]) -> Picture:
    largest = max(sizes)
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        format_, (width, height) = str(image.format), image.size
        if image.getexif().get(ExifTags.Base.Orientation) in ROTATED:
            width, height = height, width
        image.draft(None, (largest, largest))  # decodes a JPEG file at a fraction of its size
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    picture.thumbnail((largest, largest))
    picture = ImageOps.exif_transpose(picture)
    return Picture(format_, width, height, {size: _thumbnail(picture, size) for size in sizes})


def _thumbnail(picture: Image.Image, size: int) -> bytes:
    thumbnail, file = picture.copy(), io.BytesIO()
    thumbnail.thumbnail((size, size))
    thumbnail.save(file, "WEBP")
    return file.getvalue()
