"""`python -m benchmarks.load`, in small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load.__main__ import main
from lib.local.emulator import free_port

from ..support.fake_aws import Asked, serving

SMALL = ("--service", "items", "--clients", "4", "--seconds", "1")


def test_clients_drive_an_embedded_run_and_its_cap_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--service", "items", "--clients", "4", "--seconds", "3", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "load: 4 clients of items at once, 3 s" in said
    assert "DELETE /items/{ItemId}/{CreatedAt} " in said
    assert "429 ConcurrentInvocationLimitExceeded: over WORKERS" in said
    assert said.endswith("s] nothing unexpected came back\n")


def test_nobody_who_answers_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--url", f"http://127.0.0.1:{free_port()}"]) == 1
    said = capsys.readouterr().out
    assert "no answer ConnectionRefusedError: UNEXPECTED" in said
    assert "s] UNEXPECTED: " in said


def test_a_refusal_is_asked_again_and_an_error_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posted: list[str] = []

    def play(asked: Asked) -> tuple[int, Any]:
        if asked.path != "/items":
            return 502, {"code": "Boom"}
        posted.append(json.loads(asked.body)["ItemId"])
        return (429, {"code": "THROTTLED"}) if posted.count(posted[-1]) == 1 else (201, {"CreatedAt": "now"})

    with serving() as fake:
        fake.script = [play]
        outputs = {"items_api_url": fake.url, "items_api_key": "a key"}
        (tmp_path / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
        assert (
            main(
                ["--service", "items", "--clients", "1", "--seconds", "3", "--outputs", str(tmp_path / "outputs.json")]
            )
            == 1
        )
        assert {asked.headers["x-api-key"] for asked in fake.asked} == {"a key"}
        assert [asked.path for asked in fake.asked][:3] == ["/items", "/items", f"/items/{posted[0]}/now"]
    said = capsys.readouterr().out
    assert "429 THROTTLED: over throttle_rate_per_second" in said
    assert "502 Boom: UNEXPECTED" in said


def test_without_a_deployment_there_is_something_to_do_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--outputs", str(tmp_path / "none.json")]) == 1
    assert "tells of no items service: run make local or make up SERVICE=items first" in capsys.readouterr().out


def test_an_environment_that_cannot_be_is_one_clear_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--env", "no spaces"]) == 1
    assert "error: environment_suffix 'no spaces'" in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--clients", "--seconds", "--workers"])
def test_a_number_that_is_none_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option, "0"])
    assert "'0': give a whole number, 1 or more" in capsys.readouterr().err


def test_more_clients_than_files_may_be_open_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--clients", "999999999"]) == 1
    assert "raise `ulimit -Hn`" in capsys.readouterr().out
