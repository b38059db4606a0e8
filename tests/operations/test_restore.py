"""`tap restore` against the emulator, which restores the current items of a table regardless of the time."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.operations import OperationError, table_copy
from lib.operations.compare import SEGMENTS, Pair, compare_tables
from lib.operations.write_back import CHANGED, SkippedItem, write_back

from ..support.fake_aws import FakeAws, RecordedCall, serving
from .conftest import Desk

AT = "2026-11-20T11:00:00+01:00"
COPY = "-restored-20261120T100000Z"


def change_items(desk: Desk) -> None:
    """Change one item of the live table, delete one and add one."""
    desk.put("a", to="Eve", note="yes")
    desk.delete("b")
    desk.put("d", to="Dan")


def test_table_is_restored_next_to_the_live_table_with_its_tags(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--at", AT) == 0
    copy = desk.dynamodb.describe_table(TableName=desk.name + COPY)["Table"]
    assert desk.items(desk.name + COPY) == desk.items()
    tags = desk.dynamodb.list_tags_of_resource(ResourceArn=copy["TableArn"])["Tags"]
    assert tags == [{"Key": "Owner", "Value": "desk"}]
    printed = capsys.readouterr().out
    assert f"items equal: 3, different: 0, only in {desk.name}{COPY}: 0, only in {desk.name}: 0" in printed
    assert f"aws dynamodb delete-table --region us-east-1 --table-name {desk.name}{COPY}" in printed


def test_differences_are_printed_but_not_written_by_default(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.restore("--at", AT)
    change_items(desk)
    before = desk.items()
    assert desk.restore("--at", AT) == 0
    printed = capsys.readouterr().out
    assert f"items equal: 1, different: 1, only in {desk.name}{COPY}: 1" in printed
    for label, id_ in (("different", "a"), ("only in the restored table", "b"), ("only in the live table", "d")):
        assert f'  {label}: {{"id": {{"S": "{id_}"}}, "at": {{"N": "1"}}}}' in printed
    assert (
        "no changes written. Write back 2 items with --apply (make: APPLY=1), and delete 1 with --apply --exact "
        "(make: APPLY=1 EXACT=1)." in printed
    )
    assert desk.items() == before


def test_apply_writes_back_differences_and_retains_new_items(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.restore("--at", AT)
    change_items(desk)
    assert desk.restore("--at", AT, "--apply") == 0
    assert desk.items() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}, "d": {"to": "Dan"}}
    assert f"items written to {desk.name}: 2, deleted: 0" in capsys.readouterr().out


def test_exact_deletes_items_that_exist_only_in_the_live_table(desk: Desk) -> None:
    desk.restore("--at", AT)
    change_items(desk)
    assert desk.restore("--from", desk.name + COPY, "--apply", "--exact") == 0
    assert desk.items() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}}


def test_every_page_of_the_tables_is_compared(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4 * SEGMENTS):
        desk.put(f"large-{number}", text="x" * 300_000)
    desk.restore("--at", AT)
    assert f"items equal: {4 * SEGMENTS + 3}, different: 0, only in {desk.name}{COPY}: 0" in capsys.readouterr().out


def test_expired_items_count_as_missing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("expired", expires=int(time.time()) - 5)
    desk.put("valid", expires=int(time.time()) + 3600)
    desk.restore("--at", AT)
    desk.delete("expired")
    desk.delete("valid")
    assert desk.restore("--at", AT, "--apply", "--exact") == 0
    assert f"items equal: 3, different: 0, only in {desk.name}{COPY}: 1" in capsys.readouterr().out
    assert desk.items().keys() == {"a", "b", "c", "valid"}


class ConcurrentWriter:
    """A DynamoDB client that simulates a concurrent writer: each live item changes after it is read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk.dynamodb, name)

    def get_item(self, **request: Any) -> Any:
        """Read an item, and write it if it is in the live table."""
        response = self._desk.dynamodb.get_item(**request)
        if request["TableName"] == self._desk.name:
            self._desk.put(request["Key"]["id"]["S"], to="Fay")
        return response


@pytest.mark.parametrize("exact", [False, True])
def test_item_that_changes_between_read_and_write_is_skipped_and_reported(desk: Desk, exact: bool) -> None:
    desk.restore("--at", AT)
    change_items(desk)
    skipped: list[SkippedItem] = []
    pair = Pair(dynamodb=ConcurrentWriter(desk), restored=desk.name + COPY, live=desk.name, key_names=["id", "at"])
    with compare_tables(pair, lambda _: None) as comparison:
        results = write_back(pair, comparison, exact, skipped.append)
    assert results == {CHANGED: 3 if exact else 2}
    ids = {json.loads(item.key)["id"]["S"] for item in skipped}
    assert ids == ({"a", "b", "d"} if exact else {"a", "b"})
    assert all(desk.items()[id_] == {"to": "Fay"} for id_ in ids)


def test_item_that_changed_since_the_comparison_is_skipped_and_reported(desk: Desk) -> None:
    desk.restore("--at", AT)
    change_items(desk)
    pair = Pair(dynamodb=desk.dynamodb, restored=desk.name + COPY, live=desk.name, key_names=["id", "at"])
    skipped: list[SkippedItem] = []
    with compare_tables(pair, lambda _: None) as comparison:
        desk.put("a", to="Fay")
        desk.dynamodb.delete_item(TableName=desk.name + COPY, Key={"id": {"S": "b"}, "at": {"N": "1"}})
        results = write_back(pair, comparison, False, skipped.append)
    assert results == {CHANGED: 2}
    assert desk.items()["a"] == {"to": "Fay"}
    assert len(skipped) == 2


def test_item_with_too_many_attributes_for_a_condition_is_skipped_and_reported(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.restore("--at", AT)
    attributes = {f"a{number}": number for number in range(200)}
    desk.put("a", **attributes)
    assert desk.restore("--at", AT, "--apply") == 1
    assert len(desk.items()["a"]) == 200
    printed = capsys.readouterr().out
    assert "skipped, too many attributes for a conditional write: " in printed
    assert "items skipped: 1. Run the command again" in printed


def test_dynamodb_backup_is_restored(desk: Desk) -> None:
    arn = desk.dynamodb.create_backup(TableName=desk.name, BackupName="before")["BackupDetails"]["BackupArn"]
    change_items(desk)
    assert desk.restore("--from", arn, "--apply", "--exact") == 0
    assert desk.items() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}}
    assert desk.dynamodb.describe_table(TableName=f"{desk.name}-restored-{arn.rpartition('/')[2]}")


def error(capsys: pytest.CaptureFixture[str]) -> str:
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("at", ["yesterday", "2026-11-20T10:00:00"])
def test_time_without_an_offset_is_rejected(desk: Desk, at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--at", at) == 2
    assert f"at must be a time with a UTC offset, such as 2026-11-20T10:00:00Z, got '{at}'." in error(capsys)


def test_table_with_another_key_schema_is_rejected(
    desk: Desk, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f"{desk.name}-other"
    emulator.client("dynamodb").create_table(
        TableName=other,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert desk.restore("--from", other) == 1
    assert f"The key schema of {other} must be that of {desk.name} (" in error(capsys)


def test_missing_table_is_rejected(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--from", "missing") == 1
    assert "Table missing does not exist. Specify a table restored from " in error(capsys)


def test_missing_live_table_must_be_created_first(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.dynamodb.delete_table(TableName=desk.name)
    assert desk.restore("--at", AT) == 1
    assert f"{desk.name} does not exist. Create it with make up, then restore it from" in error(capsys)


def test_error_for_an_unknown_table_or_stack_lists_the_existing_names(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.restore("--at", AT, "--table", "letters") == 1
    assert "table must be one of parcels, got 'letters'." in error(capsys)
    assert desk.restore("--at", AT, "--stack", "desk-prod") == 1
    assert "must contain the outputs of desk-prod, got those of desk-dev. Run make outputs for it." in error(capsys)
    assert desk.restore("--at", AT, "--outputs", "missing.json") == 1
    assert "missing.json must contain the outputs of desk-dev, got none. Run make outputs" in error(capsys)


def test_table_can_be_specified_by_its_name_in_aws(desk: Desk) -> None:
    assert desk.restore("--at", AT, "--table", desk.name) == 0


@pytest.fixture(name="proxy")
def proxy_fixture(desk: Desk, aws: pytest.MonkeyPatch, emulator: Emulator) -> Iterator[FakeAws]:
    """A proxy of the emulator that can replace responses."""
    del desk
    with serving(emulator.url.removeprefix("http://")) as fake:
        aws.setenv("AWS_ENDPOINT_URL", fake.url)
        aws.setattr(table_copy, "POLL_SECONDS", 0.0)
        yield fake


def rejection(operation: str, code: str) -> Any:
    """Return a script line that rejects one DynamoDB operation with an error code."""

    def respond(call: RecordedCall) -> Any:
        if not call.headers.get("x-amz-target", "").endswith(f".{operation}"):
            return "pass"
        return 400, {"__type": f"com.amazonaws.dynamodb#{code}", "message": "no"}

    return respond


def test_error_for_a_time_outside_the_restore_window_contains_the_window(
    desk: Desk, proxy: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy.script = [rejection("RestoreTableToPointInTime", "InvalidRestoreTimeException")]
    desk.dynamodb.update_continuous_backups(
        TableName=desk.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert desk.restore("--at", AT) == 1
    assert re.search("at must be a time from 20.* to 20.*, got '2026-11-20T10:00:00Z'", error(capsys))


def test_table_without_point_in_time_recovery_is_rejected(
    desk: Desk, proxy: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy.script = [rejection("RestoreTableToPointInTime", "PointInTimeRecoveryUnavailableException")]
    assert desk.restore("--at", AT) == 1
    expected = (
        f"at must be unset, because point-in-time recovery is disabled for {desk.name}, got '2026-11-20T10:00:00Z'."
    )
    assert expected in error(capsys)


def test_other_aws_error_is_printed_in_one_line(desk: Desk, proxy: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    proxy.script = [rejection("RestoreTableToPointInTime", "ResourceInUseException")]
    assert desk.restore("--at", AT) == 1
    assert "ResourceInUseException" in error(capsys)


def test_failed_scan_stops_the_other_scans(desk: Desk, proxy: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    proxy.script = [rejection("Scan", "AccessDeniedException")]
    assert desk.restore("--at", AT) == 1
    assert "AccessDeniedException" in error(capsys)


def test_restore_in_progress_is_waited_for(desk: Desk, proxy: FakeAws) -> None:
    polls: list[RecordedCall] = []

    def respond(call: RecordedCall) -> Any:
        is_copy = call.headers.get("x-amz-target", "").endswith(".DescribeTable") and COPY in call.body.decode()
        if is_copy and len(polls) < 2:
            polls.append(call)
            return 200, {"Table": {"TableName": desk.name + COPY, "TableStatus": "CREATING"}}
        return "pass"

    desk.dynamodb.restore_table_to_point_in_time(
        SourceTableName=desk.name, TargetTableName=desk.name + COPY, UseLatestRestorableTime=True
    )
    proxy.script = [respond]
    assert desk.restore("--at", AT) == 0
    assert len(polls) == 2


RECOVERY_POINT = "arn:aws:backup:us-east-1:000000000000:recovery-point:1EB3B5E7"
ROLE = "arn:aws:iam::000000000000:role/restores"


class RestoreJobs:
    """Restore jobs of AWS Backup, which complete at the second request for their status."""

    def __init__(self, desk: Desk, status: str = "COMPLETED", manager: str = "AWS") -> None:
        self._desk, self._status, self._manager = desk, status, manager
        self.started: dict[str, Any] = {}
        self._status_requests = 0

    def __call__(self, call: RecordedCall) -> Any:
        if call.path == "/restore-jobs":
            self.started = json.loads(call.body)
            return 200, {"RestoreJobId": "job-1"}
        if call.path == "/restore-jobs/job-1":
            return 200, self._describe()
        if call.headers.get("x-amz-target") == "TrentService.DescribeKey":
            key = json.loads(call.body)["KeyId"]
            return 200, {"KeyMetadata": {"KeyId": "1", "Arn": key, "KeyManager": self._manager}}
        return "pass"

    def _describe(self) -> dict[str, str]:
        self._status_requests += 1
        if self._status_requests == 1:
            return {"Status": "RUNNING"}
        if self._status == "COMPLETED":
            self._desk.dynamodb.restore_table_to_point_in_time(
                SourceTableName=self._desk.name,
                TargetTableName=self.started["Metadata"]["targetTableName"],
                UseLatestRestorableTime=True,
            )
        return {"Status": self._status, "StatusMessage": "table quota exceeded"}


def test_recovery_point_is_restored_by_aws_backup(desk: Desk, proxy: FakeAws) -> None:
    desk.write_outputs(backup_restore_role_arn=ROLE)
    jobs = RestoreJobs(desk)
    proxy.script = [jobs]
    assert desk.restore("--from", RECOVERY_POINT) == 0
    name = f"{desk.name}-restored-1EB3B5E7"
    assert jobs.started == {
        "RecoveryPointArn": RECOVERY_POINT,
        "ResourceType": "DynamoDB",
        "IamRoleArn": ROLE,
        "IdempotencyToken": name,
        "Metadata": {"targetTableName": name, "encryptionType": "Default", "kmsMasterKeyArn": "Not Applicable"},
    }
    assert desk.items(name) == desk.items()


@pytest.mark.parametrize("manager", ["AWS", "CUSTOMER"])
def test_restored_table_has_the_encryption_of_the_live_table(
    desk: Desk, proxy: FakeAws, manager: str, emulator: Emulator
) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    desk.dynamodb.update_table(TableName=desk.name, SSESpecification={"Enabled": True, "KMSMasterKeyId": key})
    desk.write_outputs(backup_restore_role_arn=ROLE)
    jobs = RestoreJobs(desk, manager=manager)
    proxy.script = [jobs]
    assert desk.restore("--from", RECOVERY_POINT) == 0
    assert jobs.started["Metadata"]["encryptionType"] == "KMS"
    assert jobs.started["Metadata"]["kmsMasterKeyArn"] == (key if manager == "CUSTOMER" else "Not Applicable")


def test_failed_restore_job_is_reported(desk: Desk, proxy: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write_outputs(backup_restore_role_arn=ROLE)
    proxy.script = [RestoreJobs(desk, status="FAILED")]
    assert desk.restore("--from", RECOVERY_POINT) == 1
    assert error(capsys) == (
        "error: AWS Backup restore job job-1 must be COMPLETED, got FAILED (table quota exceeded). "
        "Fix the problem, then run this command again."
    )


def test_recovery_point_requires_a_restore_role(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--from", RECOVERY_POINT) == 1
    assert "Set backup_retention_days" in error(capsys)


def test_time_can_have_any_offset() -> None:
    assert table_copy.parse_timestamp(AT) == table_copy.parse_timestamp("2026-11-20T10:00:00Z")
    with pytest.raises(OperationError, match=r"^at must be a time with a UTC offset, .*, got '10:00'"):
        table_copy.parse_timestamp("10:00")


@pytest.mark.parametrize("words", [[], ["--at", AT, "--from", "copy"]])
def test_source_is_either_a_time_or_a_backup(desk: Desk, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore(*words) == 2
    assert error(capsys).startswith("error: Exactly one of --at and --from is required. Run ")
