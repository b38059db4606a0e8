"""An image service: presigned uploads, thumbnails that bucket events create with Pillow, and a web page."""

from .service import SERVICE

__all__ = ["SERVICE"]
