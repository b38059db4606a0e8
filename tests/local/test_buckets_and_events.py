"""A deployed service with presigned uploads, a consumer of objects, and consumers of events."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from lib.local.emulator import Emulator

from .conftest import Run

PAGE = "https://shop.example.com"
HANDLER = """
import json
import os
import boto3
from botocore.config import Config
from tap_stack.runtime.errors import NotFound
from tap_stack.runtime.event_handler import Response

S3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
EVENTS = boto3.client("events")


def create_upload(request):
    key = f"uploads/{request.body['name']}"
    params = {"Bucket": os.environ["IMAGES_BUCKET"], "Key": key, "ContentType": "image/png"}
    url = S3.generate_presigned_url("put_object", Params=params, ExpiresIn=300)
    return Response(201, json.dumps({"url": url}))


def get_thumbnail(request):
    params = {"Bucket": os.environ["IMAGES_BUCKET"], "Key": f"thumbnails/{request.path['name']}"}
    try:
        S3.head_object(**params)
    except S3.exceptions.ClientError as error:
        raise NotFound(error.response["Error"]["Code"]) from error
    url = S3.generate_presigned_url("get_object", Params=params, ExpiresIn=300)
    return Response(200, json.dumps({"url": url}))


def list_uploads(request):
    found = S3.list_objects_v2(Bucket=os.environ["IMAGES_BUCKET"], Prefix="uploads/")
    return Response(200, json.dumps({"keys": [entry["Key"] for entry in found.get("Contents", [])]}))


def resize(record):
    image = S3.get_object(Bucket=record.bucket, Key=record.key)["Body"].read()
    name = record.key.removeprefix("uploads/")
    S3.put_object(Bucket=record.bucket, Key=f"thumbnails/{name}", Body=image[: len(image) // 2])
    S3.delete_object(Bucket=record.bucket, Key=record.key)


def place_order(request):
    entry = {"EventBusName": os.environ["SHOP_BUS"], "Source": "shop", "DetailType": "Order placed",
             "Detail": json.dumps(request.body)}
    response = EVENTS.put_events(Entries=[entry])
    return Response(202, json.dumps({"failed": response["FailedEntryCount"]}))


def note(event, kind):
    key = f"notes/{kind}-{event.detail['id']}"
    body = json.dumps({"source": event.source, "type": event.detail_type, "detail": event.detail})
    S3.put_object(Bucket=os.environ["IMAGES_BUCKET"], Key=key, Body=body)


def pack(event):
    note(event, "packed")


def invoice(event):
    note(event, "invoiced")


def watch_account(event):
    note(event, "watched")


def copy_text(record):
    source = {"Bucket": record.bucket, "Key": record.key}
    S3.copy_object(CopySource=source, Bucket=record.bucket, Key=f"notes/{record.key}")
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.settings import FunctionSettings
from tap_stack.tap_stack import TapStack, TapStackArgs


def put_note():
    return Grant(on="images", actions=("PutObject",), keys=("notes/*",))


service = Service(
    name="gallery", title="Gallery", description="A gallery.",
    tables=(Table(name="unused", variable="UNUSED_TABLE", hash_key=Key("id")),),
    buckets=(Bucket(
        name="images", variable="IMAGES_BUCKET", versioned=True,
        cors=(BucketCors(origins=("https://shop.example.com",)),),
        expirations=(Expiration(prefix="uploads/", days=1),),
    ),),
    event_buses=(EventBus(name="shop", variable="SHOP_BUS", archive_days=30),),
    schemas={
        "Upload": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "Order": {"type": "object", "required": ["id", "total"],
                  "properties": {"id": {"type": "string"}, "total": {"type": "integer"}}},
    },
    functions=(Function(
        name="worker", handler="gallery.desk.operations",
        routes=(
            Route(method="POST", path="/uploads", operation="create_upload", body="Upload", responses={201: None},
                  grants=(Grant(on="images", actions=("PutObject",), keys=("uploads/*",)),)),
            Route(method="GET", path="/uploads", operation="list_uploads",
                  grants=(Grant(on="images", actions=("ListBucket",), keys=("uploads/*",)),)),
            Route(method="GET", path="/thumbnails/{name}", operation="get_thumbnail",
                  grants=(Grant(on="images", actions=("GetObject",), keys=("thumbnails/*",)),)),
            Route(method="POST", path="/orders", operation="place_order", body="Order", responses={202: None},
                  grants=(Grant(on="shop", actions=("PutEvents",)),)),
        ),
        consumers=(
            BucketConsumer(
                name="resize-images", bucket="images", operation="resize", prefix="uploads/", suffix=".png",
                grants=(
                    Grant(on="images", actions=("GetObject", "DeleteObject"), keys=("uploads/*",)),
                    Grant(on="images", actions=("PutObject",), keys=("thumbnails/*",)),
                ),
            ),
            EventConsumer(name="pack-orders", bus="shop", operation="pack", grants=(put_note(),),
                          pattern={"source": ["shop"], "detail-type": ["Order placed"]}),
            EventConsumer(name="invoice-orders", bus="shop", operation="invoice", grants=(put_note(),),
                          pattern={"detail": {"total": [{"numeric": [">=", 100]}]}}),
            BucketConsumer(
                name="copy-texts", bucket="images", operation="copy_text", prefix="texts/",
                grants=(Grant(on="images", actions=("GetObject",), keys=("texts/*",)), put_note()),
            ),
            EventConsumer(name="watch-account", operation="watch_account", grants=(put_note(),),
                          pattern={"source": ["tests"]}),
        ),
    ),),
)
stack = TapStack("gallery", TapStackArgs(service=service, split_functions=SPLIT))
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(method: str, url: str, body: bytes | None = None, **headers: str) -> Response:
    """Send a request without credentials, as a browser does. Underscores in header names stand for `-`."""
    request = urllib.request.Request(url, body, {n.replace("_", "-"): v for n, v in headers.items()}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return Response(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


class Gallery:
    """The deployed service."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.client, self.outputs = emulator.client, outputs
        self.bucket = outputs["images_bucket_name"]
        self._url = emulator.api_url(outputs["api_rest_id"], outputs["api_stage"])

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the API. Return the status and the parsed body of the response."""
        data = None if body is None else json.dumps(body).encode()
        response = send(method, self._url + path, data, Content_Type="application/json")
        return response.status, json.loads(response.body)

    def upload_url(self, name: str) -> str:
        """Return a presigned URL."""
        status, body = self.call("POST", "/uploads", {"name": name})
        assert status == 201
        return str(body["url"])

    def read(self, key: str) -> Any:
        """Return a note, or None if it does not exist."""
        try:
            return json.loads(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError:
            return None


@pytest.fixture(scope="module", name="gallery", params=[False, True], ids=["one function", "split functions"])
def gallery_fixture(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Gallery:
    """Service with a bucket and an event bus, with one function or with a function for each operation."""
    folder = tmp_path_factory.mktemp("sources")
    package = folder / f"gallery{request.param}".lower() / "desk"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "operations.py").write_text(HANDLER, encoding="utf-8")
    program = PROGRAM.replace("gallery.desk", f"{package.parent.name}.desk").replace("SPLIT", repr(request.param))
    program = program.replace('name="gallery"', f'name="{package.parent.name}"')
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(folder))
        return Gallery(emulator, Run(emulator, folder)(program))


def wait_for(get: Callable[[], Any]) -> Any:
    """Call `get` until its result is true, and return the result."""
    deadline = time.monotonic() + 60
    while not (result := get()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def test_uploaded_image_is_processed_and_can_be_downloaded(gallery: Gallery) -> None:
    name = "a cat+dog.png"
    upload = send("PUT", gallery.upload_url(name), b"pixels!!", Content_Type="image/png", Origin=PAGE)
    assert upload.status == 200
    assert upload.headers["access-control-allow-origin"] == PAGE
    path = "/thumbnails/a%20cat%2Bdog.png"
    url = wait_for(lambda: gallery.call("GET", path)[1].get("url"))
    assert send("GET", url).body == b"pixe"
    assert wait_for(lambda: gallery.call("GET", "/uploads")[1] == {"keys": []})


def test_missing_object_is_not_found(gallery: Gallery) -> None:
    status, body = gallery.call("GET", "/thumbnails/none.png")
    assert (status, body["code"]) == (404, "NOT_FOUND")


def test_object_with_another_suffix_invokes_no_function(gallery: Gallery) -> None:
    url = gallery.upload_url("notes.txt")
    assert send("PUT", url, b"text", Content_Type="image/png").status == 200
    assert gallery.call("GET", "/uploads") == (200, {"keys": ["uploads/notes.txt"]})
    keys = gallery.client("s3").list_objects_v2(Bucket=gallery.bucket, Prefix="thumbnails/notes").get("Contents", [])
    assert not keys
    gallery.client("s3").delete_object(Bucket=gallery.bucket, Key="uploads/notes.txt")


def test_presigned_url_allows_only_its_object_and_content_type(gallery: Gallery) -> None:
    url = gallery.upload_url("signed.png")
    assert send("PUT", url, b"text", Content_Type="text/html").status == 403
    assert send("PUT", url.replace("signed.png", "other.png"), b"x", Content_Type="image/png").status == 403
    assert send("PUT", url.partition("?")[0], b"x", Content_Type="image/png", Origin=PAGE).status == 403


@pytest.mark.parametrize(("origin", "status"), [(PAGE, 200), ("https://other.example.com", 403)])
def test_browsers_can_upload_only_from_the_allowed_origin(gallery: Gallery, origin: str, status: int) -> None:
    requested = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "content-type"}
    response = send("OPTIONS", gallery.upload_url("cat.png"), None, Origin=origin, **requested)
    assert response.status == status
    allowed = {"access-control-allow-origin": PAGE, "access-control-allow-headers": "content-type"}
    assert (allowed.items() <= response.headers.items()) is (status == 200)


def test_every_matching_consumer_receives_an_event(gallery: Gallery) -> None:
    assert gallery.call("POST", "/orders", {"id": "o-1", "total": 250}) == (202, {"failed": 0})
    event = {"source": "shop", "type": "Order placed", "detail": {"id": "o-1", "total": 250}}
    assert wait_for(lambda: gallery.read("notes/packed-o-1")) == event
    assert wait_for(lambda: gallery.read("notes/invoiced-o-1")) == event


def test_consumer_receives_only_events_that_match_its_pattern(gallery: Gallery) -> None:
    assert gallery.call("POST", "/orders", {"id": "o-2", "total": 99}) == (202, {"failed": 0})
    assert wait_for(lambda: gallery.read("notes/packed-o-2"))
    assert gallery.read("notes/invoiced-o-2") is None


def test_consumer_of_the_default_bus_receives_its_events(gallery: Gallery) -> None:
    entry = {"Source": "tests", "DetailType": "Check", "Detail": json.dumps({"id": "c-1"})}
    gallery.client("events").put_events(Entries=[entry])
    assert wait_for(lambda: gallery.read("notes/watched-c-1"))["source"] == "tests"
    assert gallery.read("notes/packed-c-1") is None


def test_each_consumer_of_a_bucket_receives_its_objects(gallery: Gallery) -> None:
    gallery.client("s3").put_object(Bucket=gallery.bucket, Key="texts/a", Body=b'"text"')
    assert wait_for(lambda: gallery.read("notes/texts/a")) == "text"


def test_bucket_and_bus_have_the_settings_of_their_definitions(gallery: Gallery) -> None:
    s3, events = gallery.client("s3"), gallery.client("events")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=gallery.bucket)["Rules"]
    assert [(rule["ID"], rule["Filter"].get("Prefix", "")) for rule in rules] == [
        ("forget", ""),
        ("expire-1", "uploads/"),
    ]
    assert s3.get_bucket_versioning(Bucket=gallery.bucket)["Status"] == "Enabled"
    (archive,) = events.list_archives(EventSourceArn=gallery.outputs["shop_event_bus_arn"])["Archives"]
    assert archive["RetentionDays"] == 30
    rule = gallery.outputs["event_rule_names"]["pack-orders"]
    bus = gallery.outputs["shop_event_bus_name"]
    (target,) = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": gallery.outputs["dead_letter_queue_arn"]}
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
