"""Operations of the API."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tap_stack.runtime.attributes import Item, to_python
from tap_stack.runtime.dynamodb import DynamoDB
from tap_stack.runtime.errors import NotFound
from tap_stack.runtime.event_handler import Request, Response

from .objects import SIZES, UPLOADS, thumbnail_key

URL_SECONDS = 300
S3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
STORE = DynamoDB()
# With a function for each operation, a function has only the variables of the resources that it accesses.
TABLE, BUCKET = os.environ.get("IMAGES_TABLE"), os.environ.get("IMAGES_BUCKET")


def show_page(_request: Request) -> Response:
    """Return the page with the upload form."""
    return Response.file(Path(__file__).with_name("page.html"))


def create_upload(request: Request) -> Response:
    """Return a URL for one upload of a file with the type and the size in the request."""
    image_id = f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(8)}"  # sorted by time
    upload = {"ContentType": request.body["content_type"], "ContentLength": request.body["bytes"], "IfNoneMatch": "*"}
    params = {"Bucket": BUCKET, "Key": UPLOADS + image_id, **upload}
    url = S3.generate_presigned_url("put_object", Params=params, ExpiresIn=URL_SECONDS)
    # The URL is valid only with these headers. The client adds Content-Length by itself.
    headers = {"Content-Type": upload["ContentType"], "If-None-Match": "*"}
    return Response.json({"id": image_id, "url": url, "headers": headers}, 201)


def list_images(request: Request) -> Response:
    """Return images with a status, the newest first."""
    condition, values = "#status = :status", {":status": {"S": request.query.get("status", "ready")}}
    if "before" in request.query:
        condition, values[":before"] = f"{condition} AND id < :before", {"S": request.query["before"]}
    found = STORE.call(
        "Query",
        TableName=TABLE,
        IndexName="by-status",
        KeyConditionExpression=condition,
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        Limit=request.query.get("limit", 20),
    )
    return Response.json({"images": [_to_image(item) for item in found["Items"]]})


def get_image(request: Request) -> Response:
    """Return the metadata of an image."""
    return Response.json(_to_image(_find(request.path["id"])))


def download_image(request: Request) -> Response:
    """Redirect to the uploaded file, which browsers save: it must not run as a page if it is no image."""
    image_id = _find(request.path["id"])["id"]["S"]
    params = {"Bucket": BUCKET, "Key": UPLOADS + image_id, "ResponseContentDisposition": "attachment"}
    return Response.redirect(S3.generate_presigned_url("get_object", Params=params, ExpiresIn=URL_SECONDS))


def get_thumbnail(request: Request) -> Response:
    """Return a thumbnail of an image."""
    image_id, size = request.path["id"], request.path["size"]
    if size not in map(str, SIZES) or _find(image_id)["status"]["S"] != "ready":
        raise NotFound(f"The image has no thumbnail with the size {size!r}.")
    file = S3.get_object(Bucket=BUCKET, Key=thumbnail_key(image_id, int(size)))
    response = Response.binary(file["Body"].read(), "image/webp")
    return response._replace(headers={**response.headers, "Cache-Control": "private, max-age=86400"})


def _find(image_id: str) -> Item:
    item = STORE.call("GetItem", TableName=TABLE, Key={"id": {"S": image_id}}).get("Item")
    if item is None:
        raise NotFound(f"Image {image_id!r} not found. It is available when its upload has been processed.")
    return dict(item)


def _to_image(item: Item) -> dict[str, Any]:
    image = to_python(item)
    del image["sequencer"]
    return {**image, "thumbnails": [*SIZES] if image["status"] == "ready" else []}
