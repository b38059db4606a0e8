"""The image service: presigned uploads, thumbnails of Pillow, invalid files and repeated events."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from examples.images import service
from lib.client import smoke_test
from lib.local.emulator import Emulator
from lib.local.engine import Engine

from ..integration.conftest import Http, assert_error
from ..support.deployments import deploy_file
from ..support.examples import PROGRAMS
from ..support.image_files import ROTATED_JPEG, png, webp_size
from .test_buckets_and_events import Response, send, wait_for

IMAGES: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages
PAGE = "https://photos.example.com"


class Images:
    """The deployed service."""

    def __init__(self, emulator: Emulator) -> None:
        engine = Engine(emulator, lambda type_, name: None)
        self.messages: list[str] = []
        self.outputs = deploy_file(
            PROGRAMS["images"],
            engine,
            project="images",
            stack="photos",
            config={"environment": "photos"},
            report=self.messages.append,
        )
        self.client = emulator.client
        self.http = Http(self.outputs, None)
        self.bucket = self.outputs["files_bucket_name"]

    def upload(self, content: bytes, content_type: str = "image/png") -> str:
        """Upload a file as a browser does, and return the ID of the image."""
        created = self.create_upload(len(content), content_type)
        assert send("PUT", created["url"], content, Origin=PAGE, **created["headers"]).status == 200
        return str(created["id"])

    def create_upload(self, size: int, content_type: str = "image/png") -> dict[str, Any]:
        """Return the response to the request for an upload."""
        response = self.http("POST", "/uploads", {"content_type": content_type, "bytes": size})
        assert response.status == 201, response
        return dict(response.body)

    def image(self, image_id: str) -> dict[str, Any]:
        """Wait until an image is processed, and return its metadata."""

        def get() -> Any:
            response = self.http("GET", f"/images/{image_id}")
            return response.body if response.status == 200 else None

        image = wait_for(get)
        assert image, f"{image_id} is not processed"
        return dict(image)

    def get(self, path: str) -> Response:
        """Return the response to a request of a browser."""
        return send("GET", self.http.url + path)

    def dead_letters(self) -> list[Any]:
        """Receive the messages in the dead-letter queue."""
        url = self.outputs["dead_letter_queue_url"]
        messages = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def log(self, text: str) -> list[str]:
        """Return the log lines of the worker that contain a text."""
        events = self.client("logs").filter_log_events(logGroupName=self.outputs["log_group_names"]["worker"])
        return [event["message"] for event in events["events"] if text in event["message"]]

    def repeat(self, image_id: str, *, sequencer: str, size: int = 1) -> None:
        """Deliver an event of an uploaded file to the worker, and raise its error."""
        s3_object = {"key": f"uploads/{image_id}", "size": size, "eTag": "repeated", "sequencer": sequencer}
        s3 = {"configurationId": "process-uploads", "bucket": {"name": self.bucket}, "object": s3_object}
        record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}
        payload = json.dumps({"Records": [record]})
        response = self.client("lambda").invoke(FunctionName=self.outputs["function_names"]["worker"], Payload=payload)
        assert "FunctionError" not in response, response["Payload"].read()


@pytest.fixture(scope="module", name="images")
def images_fixture(emulator: Emulator) -> Images:
    """Deploy the example."""
    return Images(emulator)


def test_service_passes_its_smoke_test(images: Images) -> None:
    results = smoke_test.run(IMAGES, images.outputs, lambda result: None)
    assert smoke_test.has_passed(IMAGES, results), results
    assert "uploads" in results[0].body
    assert not images.messages


def test_upload_has_thumbnails_and_can_be_downloaded(images: Images) -> None:
    content = png(2048, 1024)
    image_id = images.upload(content)
    image = images.image(image_id)
    assert (image["status"], image["format"], image["width"], image["height"]) == ("ready", "PNG", 2048, 1024)
    assert (image["bytes"], image["thumbnails"]) == (len(content), [128, 512, 1024])
    for size, dimensions in {128: (128, 64), 512: (512, 256), 1024: (1024, 512)}.items():
        thumbnail = images.get(f"/images/{image_id}/thumbnails/{size}")
        assert thumbnail.headers["content-type"] == "image/webp"
        assert webp_size(thumbnail.body) == dimensions
    download = images.get(f"/images/{image_id}/file")
    assert (download.status, download.body) == (200, content)
    assert download.headers["content-disposition"] == "attachment"


def test_image_is_rotated_by_its_exif_orientation(images: Images) -> None:
    image_id = images.upload(ROTATED_JPEG, "image/jpeg")
    image = images.image(image_id)
    assert (image["format"], image["width"], image["height"]) == ("JPEG", 200, 400)
    thumbnail = images.get(f"/images/{image_id}/thumbnails/128").body
    assert webp_size(thumbnail) == (64, 128)
    assert b"EXIF" not in thumbnail


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"<script>alert(1)</script>", "The file must be an image in the format GIF, JPEG, PNG, WEBP."),
        (png(4000, 3000)[:200], "The image is damaged."),
        (png(10_000, 5_001), "The image must have at most 50000000 pixels."),
        (png(20_000, 10_000), "The image must have at most 50000000 pixels."),
    ],
    ids=["no image", "truncated", "too many pixels", "decompression bomb"],
)
def test_invalid_file_fails_without_a_retry(images: Images, content: bytes, error: str) -> None:
    image_id = images.upload(content)
    image = images.image(image_id)
    assert (image["status"], image["error"], image["thumbnails"]) == ("failed", error, [])
    assert_error(images.http("GET", f"/images/{image_id}/thumbnails/128"), 404, "NOT_FOUND")
    time.sleep(1.5)  # the emulator retries after a second
    assert len(images.log(image_id)) == 1
    assert not images.dead_letters()


def test_images_are_listed_by_status_with_the_newest_first(images: Images) -> None:
    first, failed, second = [
        images.image(images.upload(content))["id"] for content in (png(8, 8), b"no image", png(8, 8))
    ]
    newest = images.http("GET", "/images?limit=1").body["images"]
    assert [image["id"] for image in newest] == [second]
    following = images.http("GET", f"/images?limit=1&before={second}").body["images"]
    assert [image["id"] for image in following] == [first]
    rejected = images.http("GET", "/images?status=failed&limit=1").body["images"]
    assert [image["id"] for image in rejected] == [failed]


def test_url_allows_only_one_upload_of_the_requested_file(images: Images) -> None:
    content = png(8, 8)
    created = images.create_upload(len(content))
    url, headers = created["url"], created["headers"]
    assert send("PUT", url, content + b"larger", **headers).status == 403
    assert send("PUT", url, content, **{**headers, "Content-Type": "text/html"}).status == 403
    assert send("PUT", url, content, **{**headers, "If-None-Match": "other"}).status == 403
    assert send("PUT", url, content, **headers).status == 200
    assert send("PUT", url, content, **headers).status == 412


def test_browser_can_upload_from_the_page(images: Images) -> None:
    requested = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "content-type,if-none-match"}
    response = send("OPTIONS", images.create_upload(1)["url"], None, Origin=PAGE, **requested)
    assert (response.status, response.headers["access-control-allow-origin"]) == (200, "*")


def test_repeated_and_earlier_events_change_nothing(images: Images) -> None:
    image_id = images.upload(png(8, 8))
    image = images.image(image_id)
    item = images.client("dynamodb").get_item(
        TableName=images.outputs["images_table_name"], Key={"id": {"S": image_id}}
    )["Item"]
    for sequencer in (item["sequencer"]["S"], "0"):
        images.repeat(image_id, sequencer=sequencer)
    assert images.image(image_id) == image


def test_later_event_of_the_same_object_replaces_the_image(images: Images) -> None:
    image_id = images.upload(png(8, 8))
    images.image(image_id)
    content = png(16, 8)
    images.client("s3").put_object(Bucket=images.bucket, Key=f"uploads/{image_id}", Body=content)
    assert wait_for(lambda: images.image(image_id)["width"] == 16)


def test_file_above_the_limit_is_not_read(images: Images) -> None:
    images.repeat("0-huge", sequencer="1", size=20_000_001)
    assert images.image("0-huge")["error"] == "The file must have at most 20000000 bytes."


def test_event_whose_processing_fails_moves_to_the_dead_letter_queue(images: Images) -> None:
    iam, role = images.client("iam"), images.outputs["role_arns"]["worker"].rpartition("/")[2]
    document = iam.get_role_policy(RoleName=role, PolicyName="grants")["PolicyDocument"]
    reduced = [each for each in document["Statement"] if "s3:PutObject" not in each["Action"]]
    assert len(reduced) < len(document["Statement"])

    def put(statements: list[Any]) -> None:
        changed = json.dumps({**document, "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName="grants", PolicyDocument=changed)

    put(reduced)
    try:
        image_id = images.upload(png(8, 8))
        (event,) = wait_for(images.dead_letters)
    finally:
        put(document["Statement"])
    assert event["Records"][0]["s3"]["object"]["key"] == f"uploads/{image_id}"
    assert images.http("GET", f"/images/{image_id}").status == 404
