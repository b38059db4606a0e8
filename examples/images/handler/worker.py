"""The consumer of the bucket."""

from __future__ import annotations

import os
from typing import Any

import boto3
from tap_stack.runtime import logging
from tap_stack.runtime.attributes import to_item
from tap_stack.runtime.dynamodb import ConditionFailed, DynamoDB
from tap_stack.runtime.records import ObjectEvent

from . import pictures
from .objects import MAX_BYTES, SIZES, UPLOADS, thumbnail_key

S3 = boto3.client("s3")
STORE, TABLE = DynamoDB(), os.environ["IMAGES_TABLE"]


def process_upload(record: ObjectEvent) -> None:
    """Create the thumbnails of an uploaded file, and store its metadata.

    A file that is not an image gets the status `failed`, because a retry would fail, too. Every other error is raised:
    Lambda retries the event twice, then moves it to the dead-letter queue.
    """
    image_id = record.key.removeprefix(UPLOADS)
    if _is_processed(image_id, record.sequencer):
        return  # S3 delivers an event at least once
    try:
        result = _create_thumbnails(image_id, record)
    except pictures.InvalidImage as exc:
        logging.write("WARNING", "image rejected", image=image_id, reason=str(exc), cause=repr(exc.__cause__))
        result = {"status": "failed", "error": str(exc)}
    _store({"id": image_id, "bytes": record.size, "etag": record.etag, "sequencer": record.sequencer, **result})


def _create_thumbnails(image_id: str, record: ObjectEvent) -> dict[str, Any]:
    if record.size > MAX_BYTES:
        raise pictures.InvalidImage(f"The file must have at most {MAX_BYTES} bytes.")
    content = S3.get_object(Bucket=record.bucket, Key=record.key)["Body"].read()
    picture = pictures.read(content, SIZES)
    for size, thumbnail in picture.thumbnails.items():
        key = thumbnail_key(image_id, size)
        S3.put_object(Bucket=record.bucket, Key=key, Body=thumbnail, ContentType="image/webp")
    return {"status": "ready", "format": picture.format, "width": picture.width, "height": picture.height}


def _is_processed(image_id: str, sequencer: str) -> bool:
    item = STORE.call("GetItem", TableName=TABLE, Key={"id": {"S": image_id}}).get("Item")
    return item is not None and bool(item["sequencer"]["S"] >= sequencer)


def _store(image: dict[str, Any]) -> None:
    """Store the metadata, unless those of a later event of the same object are stored."""
    try:
        STORE.call(
            "PutItem",
            TableName=TABLE,
            Item=to_item(image),
            ConditionExpression="attribute_not_exists(id) OR sequencer < :sequencer",
            ExpressionAttributeValues={":sequencer": {"S": image["sequencer"]}},
        )
    except ConditionFailed:
        logging.write("INFO", "later event already processed", image=image["id"])
