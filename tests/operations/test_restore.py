"""`make restore`, against the emulator: it restores a table as it is now, whatever time is asked for."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.operations import RecoveryError, table_copy
from lib.operations.compare import SEGMENTS, Pair, compared
from lib.operations.write_back import CHANGED, Left, write_back

from ..support.fake_aws import Asked, FakeAws, serving
from .conftest import Desk

AT = "2026-11-20T11:00:00+01:00"
COPY = "-restored-20261120T100000Z"


def something_happens(desk: Desk) -> None:
    """One row changes, one is deleted, one is new."""
    desk.put("a", to="Eve", bribe="yes")
    desk.delete("b")
    desk.put("d", to="Dan")


def test_a_table_is_restored_beside_the_live_one_with_its_tags(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--at", AT) == 0
    copy = desk.dynamodb.describe_table(TableName=desk.name + COPY)["Table"]
    assert desk.rows(desk.name + COPY) == desk.rows()
    tags = desk.dynamodb.list_tags_of_resource(ResourceArn=copy["TableArn"])["Tags"]
    assert tags == [{"Key": "Owner", "Value": "desk"}]
    said = capsys.readouterr().out
    assert f"3 rows are equal, 0 different, 0 only in {desk.name}{COPY}, 0 only in {desk.name}" in said
    assert f"aws dynamodb delete-table --region us-east-1 --table-name {desk.name}{COPY}" in said


def test_what_differs_is_told_and_left(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.restore("--at", AT)
    something_happens(desk)
    before = desk.rows()
    assert desk.restore("--at", AT) == 0
    said = capsys.readouterr().out
    assert "1 rows are equal, 1 different, 1 only in" in said
    for kind, id_ in (("different", "a"), ("only there", "b"), ("only here", "d")):
        assert f'  {kind}: {{"id": {{"S": "{id_}"}}, "at": {{"N": "1"}}}}' in said
    assert (
        "nothing is written: --apply (make: APPLY=1) writes 2 rows back, and --exact (make: EXACT=1) deletes 1" in said
    )
    assert desk.rows() == before


def test_what_differs_is_written_back_and_what_is_new_stays(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.restore("--at", AT)
    something_happens(desk)
    assert desk.restore("--at", AT, "--apply") == 0
    assert desk.rows() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}, "d": {"to": "Dan"}}
    assert f"2 rows are written to {desk.name}, 0 deleted" in capsys.readouterr().out


def test_what_was_not_there_is_deleted_where_that_is_asked_for(desk: Desk) -> None:
    desk.restore("--at", AT)
    something_happens(desk)
    assert desk.restore("--from", desk.name + COPY, "--apply", "--exact") == 0
    assert desk.rows() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}}


def test_a_restored_table_of_more_than_one_page_is_compared_whole(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4 * SEGMENTS):
        desk.put(f"large-{number}", text="x" * 300_000)
    desk.restore("--at", AT)
    assert f"{4 * SEGMENTS + 3} rows are equal, 0 different, 0 only in" in capsys.readouterr().out


def test_rows_that_have_ended_are_no_rows(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put("ended", ends=int(time.time()) - 5)
    desk.put("lasting", ends=int(time.time()) + 3600)
    desk.restore("--at", AT)
    desk.delete("ended")
    desk.delete("lasting")
    assert desk.restore("--at", AT, "--apply", "--exact") == 0
    assert "3 rows are equal, 0 different, 1 only in" in capsys.readouterr().out
    assert desk.rows().keys() == {"a", "b", "c", "lasting"}


class Meddler:
    """A client of DynamoDB during whose every read of the live table somebody writes to it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk.dynamodb, name)

    def get_item(self, **request: Any) -> Any:
        """Read, and let somebody write."""
        answer = self._desk.dynamodb.get_item(**request)
        if request["TableName"] == self._desk.name:
            self._desk.put(request["Key"]["id"]["S"], to="somebody else")
        return answer


@pytest.mark.parametrize("exact", [False, True])
def test_a_row_that_changes_between_reading_and_writing_is_told_and_not_lost(desk: Desk, exact: bool) -> None:
    desk.restore("--at", AT)
    something_happens(desk)
    left: list[Left] = []
    pair = Pair(dynamodb=Meddler(desk), there=desk.name + COPY, here=desk.name, keys=["id", "at"])
    with compared(pair, lambda _: None) as comparison:
        done = write_back(pair, comparison, exact, left.append)
    assert done == {CHANGED: 3 if exact else 2}
    assert {json.loads(one.key)["id"]["S"] for one in left} == ({"a", "b", "d"} if exact else {"a", "b"})
    assert all(desk.rows()[json.loads(one.key)["id"]["S"]] == {"to": "somebody else"} for one in left)


def test_a_row_that_changed_since_it_was_compared_is_told_and_not_lost(desk: Desk) -> None:
    desk.restore("--at", AT)
    something_happens(desk)
    pair = Pair(dynamodb=desk.dynamodb, there=desk.name + COPY, here=desk.name, keys=["id", "at"])
    left: list[Left] = []
    with compared(pair, lambda _: None) as comparison:
        desk.put("a", to="somebody else")
        desk.dynamodb.delete_item(TableName=desk.name + COPY, Key={"id": {"S": "b"}, "at": {"N": "1"}})
        done = write_back(pair, comparison, False, left.append)
    assert done == {CHANGED: 2}
    assert desk.rows()["a"] == {"to": "somebody else"}
    assert len(left) == 2


def test_a_row_too_wide_to_be_guarded_is_told_and_left(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.restore("--at", AT)
    wide = {f"a{number}": number for number in range(200)}
    desk.put("a", **wide)
    assert desk.restore("--at", AT, "--apply") == 1
    assert len(desk.rows()["a"]) == 200
    said = capsys.readouterr().out
    assert "left, too wide to be written safely: " in said
    assert "1 rows are left as they are: run it again" in said


def test_a_backup_of_dynamodbs_own_is_restored(desk: Desk) -> None:
    arn = desk.dynamodb.create_backup(TableName=desk.name, BackupName="before")["BackupDetails"]["BackupArn"]
    something_happens(desk)
    assert desk.restore("--from", arn, "--apply", "--exact") == 0
    assert desk.rows() == {"a": {"to": "Ada"}, "b": {"to": "Bob"}, "c": {"to": "Cy"}}
    assert desk.dynamodb.describe_table(TableName=f"{desk.name}-restored-{arn.rpartition('/')[2]}")


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of the errors."""
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("at", ["yesterday", "2026-11-20T10:00:00"])
def test_a_time_without_its_offset_is_refused(desk: Desk, at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--at", at) == 2
    assert f"at must be a time with a UTC offset, such as 2026-11-20T10:00:00Z, got '{at}'." in error(capsys)


def test_a_table_of_other_keys_is_not_compared(
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
    assert f"{other} has other keys than {desk.name}" in error(capsys)


def test_a_table_that_is_nowhere_is_not_compared(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--from", "nowhere") == 1
    assert "nowhere is not there" in error(capsys)


def test_a_live_table_that_is_gone_is_made_anew_first(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.dynamodb.delete_table(TableName=desk.name)
    assert desk.restore("--at", AT) == 1
    assert f"{desk.name} is gone: make up creates it again, empty; then restore it from" in error(capsys)


def test_an_unknown_table_or_stack_is_told_with_those_there_are(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--at", AT, "--table", "letters") == 1
    assert "table must be one of parcels, got 'letters'." in error(capsys)
    assert desk.restore("--at", AT, "--stack", "desk-prod") == 1
    assert "must have the outputs of desk-prod, got those of desk-dev. Run make outputs for it." in error(capsys)
    assert desk.restore("--at", AT, "--outputs", "nowhere.json") == 1
    assert "nowhere.json must have the outputs of desk-dev, got none. Run make outputs" in error(capsys)


def test_a_table_may_be_named_as_aws_names_it(desk: Desk) -> None:
    assert desk.restore("--at", AT, "--table", desk.name) == 0


@pytest.fixture(name="between")
def a_server_between(desk: Desk, aws: pytest.MonkeyPatch, emulator: Emulator) -> Iterator[FakeAws]:
    """An endpoint before the emulator that can answer for it."""
    del desk
    with serving(emulator.url.removeprefix("http://")) as fake:
        aws.setenv("AWS_ENDPOINT_URL", fake.url)
        aws.setattr(table_copy, "POLL_SECONDS", 0.0)
        yield fake


def refused(operation: str, code: str) -> Any:
    """A line of a script that refuses one operation of DynamoDB's."""

    def line(asked: Asked) -> Any:
        refuses = asked.headers.get("x-amz-target", "").endswith(f".{operation}")
        return (400, {"__type": f"com.amazonaws.dynamodb#{code}", "message": "no"}) if refuses else "pass"

    return line


def test_a_time_out_of_the_window_is_told_with_the_window(
    desk: Desk, between: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    between.script = [refused("RestoreTableToPointInTime", "InvalidRestoreTimeException")]
    desk.dynamodb.update_continuous_backups(
        TableName=desk.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert desk.restore("--at", AT) == 1
    assert re.search("at must be a time from 20.* to 20.*, got '2026-11-20T10:00:00Z'", error(capsys))


def test_a_table_without_recovery_is_told_so(desk: Desk, between: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    between.script = [refused("RestoreTableToPointInTime", "PointInTimeRecoveryUnavailableException")]
    assert desk.restore("--at", AT) == 1
    assert f"{desk.name} has no point-in-time recovery, got '2026-11-20T10:00:00Z'. Set from" in error(capsys)


def test_whatever_else_aws_refuses_is_one_line(
    desk: Desk, between: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    between.script = [refused("RestoreTableToPointInTime", "ResourceInUseException")]
    assert desk.restore("--at", AT) == 1
    assert "ResourceInUseException" in error(capsys)


def test_a_scan_that_fails_ends_the_others(desk: Desk, between: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    between.script = [refused("Scan", "AccessDeniedException")]
    assert desk.restore("--at", AT) == 1
    assert "AccessDeniedException" in error(capsys)


def test_a_restore_under_way_is_waited_for(desk: Desk, between: FakeAws) -> None:
    waited: list[str] = []

    def line(asked: Asked) -> Any:
        is_copy = asked.headers.get("x-amz-target", "").endswith(".DescribeTable") and COPY in asked.body.decode()
        if is_copy and len(waited) < 2:
            waited.append("once more")
            return 200, {"Table": {"TableName": desk.name + COPY, "TableStatus": "CREATING"}}
        return "pass"

    desk.dynamodb.restore_table_to_point_in_time(
        SourceTableName=desk.name, TargetTableName=desk.name + COPY, UseLatestRestorableTime=True
    )
    between.script = [line]
    assert desk.restore("--at", AT) == 0
    assert len(waited) == 2


POINT = "arn:aws:backup:us-east-1:000000000000:recovery-point:1EB3B5E7"
ROLE = "arn:aws:iam::000000000000:role/restores"


class Jobs:
    """AWS Backup, as far as restoring goes: it is done when it is asked for the second time."""

    def __init__(self, desk: Desk, status: str = "COMPLETED", manager: str = "AWS") -> None:
        self._desk, self._status, self._manager = desk, status, manager
        self.started: dict[str, Any] = {}
        self._looks = 0

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/restore-jobs":
            self.started = json.loads(asked.body)
            return 200, {"RestoreJobId": "job"}
        if asked.path == "/restore-jobs/job":
            return 200, self._looked()
        if asked.headers.get("x-amz-target") == "TrentService.DescribeKey":
            key = json.loads(asked.body)["KeyId"]
            return 200, {"KeyMetadata": {"KeyId": "1", "Arn": key, "KeyManager": self._manager}}
        return "pass"

    def _looked(self) -> dict[str, str]:
        self._looks += 1
        if self._looks == 1:
            return {"Status": "RUNNING"}
        if self._status == "COMPLETED":
            self._desk.dynamodb.restore_table_to_point_in_time(
                SourceTableName=self._desk.name,
                TargetTableName=self.started["Metadata"]["targetTableName"],
                UseLatestRestorableTime=True,
            )
        return {"Status": self._status, "StatusMessage": "no more tables"}


def test_a_recovery_point_is_restored_by_aws_backup(desk: Desk, between: FakeAws) -> None:
    desk.tell(backup_restore_role_arn=ROLE)
    jobs = Jobs(desk)
    between.script = [jobs]
    assert desk.restore("--from", POINT) == 0
    name = f"{desk.name}-restored-1EB3B5E7"
    assert jobs.started == {
        "RecoveryPointArn": POINT,
        "ResourceType": "DynamoDB",
        "IamRoleArn": ROLE,
        "IdempotencyToken": name,
        "Metadata": {"targetTableName": name, "encryptionType": "Default", "kmsMasterKeyArn": "Not Applicable"},
    }
    assert desk.rows(name) == desk.rows()


@pytest.mark.parametrize("manager", ["AWS", "CUSTOMER"])
def test_a_copy_is_encrypted_as_the_live_table_is(
    desk: Desk, between: FakeAws, manager: str, emulator: Emulator
) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    desk.dynamodb.update_table(TableName=desk.name, SSESpecification={"Enabled": True, "KMSMasterKeyId": key})
    desk.tell(backup_restore_role_arn=ROLE)
    jobs = Jobs(desk, manager=manager)
    between.script = [jobs]
    assert desk.restore("--from", POINT) == 0
    assert jobs.started["Metadata"]["encryptionType"] == "KMS"
    assert jobs.started["Metadata"]["kmsMasterKeyArn"] == (key if manager == "CUSTOMER" else "Not Applicable")


def test_a_restore_that_aws_backup_gave_up_is_told(
    desk: Desk, between: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.tell(backup_restore_role_arn=ROLE)
    between.script = [Jobs(desk, status="FAILED")]
    assert desk.restore("--from", POINT) == 1
    assert "AWS Backup has failed the restore: no more tables" in error(capsys)


def test_a_recovery_point_without_a_role_is_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore("--from", POINT) == 1
    assert "set backup_retention_days" in error(capsys)


def test_a_time_is_of_any_offset() -> None:
    assert table_copy.moment(AT) == table_copy.moment("2026-11-20T10:00:00Z")
    with pytest.raises(RecoveryError, match=r"^at must be a time with a UTC offset, .*, got '10:00'"):
        table_copy.moment("10:00")


@pytest.mark.parametrize("words", [[], ["--at", AT, "--from", "copy"]])
def test_source_is_either_a_time_or_a_backup(desk: Desk, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.restore(*words) == 2
    assert error(capsys).startswith("error: Exactly one of --at and --from is required. Run ")
