"""Definition of the service."""

from tap_stack.model import (
    Bucket,
    BucketConsumer,
    BucketCors,
    Call,
    Function,
    Grant,
    Index,
    Key,
    Route,
    Service,
    Table,
)
from tap_stack.settings import FunctionSettings

from .handler.objects import CONTENT_TYPES, MAX_BYTES, SIZES, THUMBNAILS, UPLOADS

READ_IMAGE = Grant(on="images", actions=("GetItem",), reason="find the image")
STATUSES = ["ready", "failed"]
SCHEMAS = {
    "NewUpload": {
        "type": "object",
        "required": ["content_type", "bytes"],
        "properties": {
            "content_type": {"type": "string", "enum": [*CONTENT_TYPES]},
            "bytes": {"type": "integer", "minimum": 1, "maximum": MAX_BYTES},
        },
        "additionalProperties": False,
    },
    "Upload": {
        "type": "object",
        "required": ["id", "url", "headers"],
        "properties": {
            "id": {"type": "string"},
            "url": {"type": "string", "description": "URL for one PUT request with the file, valid for five minutes."},
            "headers": {"type": "object", "description": "Headers of the request."},
        },
    },
    "Image": {
        "type": "object",
        "required": ["id", "status", "bytes", "etag", "thumbnails"],
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": STATUSES},
            "error": {"type": "string", "description": "Reason for the status `failed`."},
            "bytes": {"type": "integer"},
            "etag": {"type": "string"},
            "format": {"type": "string"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "thumbnails": {"type": "array", "items": {"type": "integer", "enum": [*SIZES]}},
        },
    },
    "Images": {
        "type": "object",
        "required": ["images"],
        "properties": {"images": {"type": "array", "items": {"$ref": "#/components/schemas/Image"}}},
    },
}
API = Function(
    name="api",
    handler="examples.images.handler.api",
    files=("page.html",),
    settings=FunctionSettings(memory_mb=512),
    routes=(
        Route(method="GET", path="/", operation="show_page", responses={200: "text/html"}, authorizer=""),
        Route(
            method="POST",
            path="/uploads",
            operation="create_upload",
            body="NewUpload",
            responses={201: "Upload"},
            grants=(Grant(on="files", actions=("PutObject",), keys=(f"{UPLOADS}*",), reason="sign upload URLs"),),
        ),
        Route(
            method="GET",
            path="/images",
            operation="list_images",
            query={
                "status": {"type": "string", "enum": STATUSES},
                "before": {"type": "string", "description": "ID of the last image of the previous page."},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            },
            responses={200: "Images"},
            grants=(Grant(on="images", actions=("Query",), indexes=("by-status",), reason="list the images"),),
        ),
        Route(
            method="GET",
            path="/images/{id}",
            operation="get_image",
            responses={200: "Image"},
            grants=(READ_IMAGE,),
        ),
        Route(
            method="GET",
            path="/images/{id}/file",
            operation="download_image",
            responses={302: None},
            grants=(
                READ_IMAGE,
                Grant(on="files", actions=("GetObject",), keys=(f"{UPLOADS}*",), reason="sign download URLs"),
            ),
        ),
        Route(
            method="GET",
            path="/images/{id}/thumbnails/{size}",
            operation="get_thumbnail",
            responses={200: "image/webp"},
            grants=(
                READ_IMAGE,
                Grant(on="files", actions=("GetObject",), keys=(f"{THUMBNAILS}*",), reason="return thumbnails"),
            ),
        ),
    ),
)
WORKER = Function(
    name="worker",
    handler="examples.images.handler.worker",
    requirements="requirements.txt",
    settings=FunctionSettings(
        runtime="python3.13",
        architecture="arm64",
        memory_mb=1024,
        timeout_seconds=60,
        reserved_concurrency=20,
    ),
    consumers=(
        BucketConsumer(
            name="process-uploads",
            bucket="files",
            operation="process_upload",
            prefix=UPLOADS,
            grants=(
                Grant(on="files", actions=("GetObject",), keys=(f"{UPLOADS}*",), reason="read uploaded files"),
                Grant(on="files", actions=("PutObject",), keys=(f"{THUMBNAILS}*",), reason="write thumbnails"),
                Grant(on="images", actions=("GetItem", "PutItem"), reason="store the metadata once per upload"),
            ),
        ),
    ),
)
SERVICE = Service(
    name="images",
    description="Thumbnails of uploaded images.",
    tables=(
        Table(
            name="images",
            variable="IMAGES_TABLE",
            hash_key=Key("id"),
            indexes=(Index(name="by-status", hash_key=Key("status"), range_key=Key("id")),),
        ),
    ),
    buckets=(
        Bucket(
            name="files",
            variable="IMAGES_BUCKET",
            cors=(BucketCors(origins=("*",), methods=("PUT",)),),
        ),
    ),
    schemas=SCHEMAS,
    functions=(API, WORKER),
    demo=(
        Call(method="GET", path="/", status=200, content_type="text/html"),
        Call(
            method="POST",
            path="/uploads",
            status=201,
            body={"content_type": "image/png", "bytes": 1234},
            captures={"id": "id"},
        ),
        Call(method="POST", path="/uploads", status=400, body={"content_type": "image/png", "bytes": MAX_BYTES + 1}),
        Call(method="GET", path="/images?status=failed&limit=5", status=200),
        Call(method="GET", path="/images/{id}", status=404),
        Call(method="GET", path="/images/{id}/file", status=404),
        Call(method="GET", path="/images/{id}/thumbnails/128", status=404),
    ),
)
