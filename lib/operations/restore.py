"""A table restored next to the live one, the differences, and writing them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..client.outputs_file import read_stacks
from ..console import Terminal
from . import RecoveryError
from .aws import client
from .compare import Comparison, Counts, Pair, compared
from .table_copy import Live, description, restored
from .write_back import DELETED, LEFT, WRITTEN, write_back

SHOWN = 10
"""How many rows that differ are shown."""


def restore(
    live: Live, source: str | datetime, terminal: Terminal, *, apply: bool = False, exact: bool = False
) -> bool:
    """Restore a table next to the live one and compare them; with `apply`, write back the differences.

    The source is a time, the ARN of a backup or recovery point, or the name of a table restored before. With `exact`,
    also delete the rows that the copy does not have. Return whether no row was skipped.
    """
    dynamodb = client("dynamodb", live.region)
    if not description(dynamodb, live.name):
        raise RecoveryError(
            f"{live.name} is gone: make up creates it again, empty; then restore it from the ARN of a backup"
        )
    copy = _copy(live, source, terminal)
    pair = _pair(dynamodb, copy, live.name)
    with compared(pair, lambda rows: terminal.passing(f"  {rows:,} rows are read")) as comparison:
        counts = comparison.counts()
        terminal.step(
            f"{counts.equal:,} rows are equal, {counts.different:,} different, {counts.only_there:,} only in {copy}, "
            f"{counts.only_here:,} only in {live.name}"
        )
        done = _apply(pair, comparison, exact, terminal) if apply else _propose(counts, comparison, terminal)
    terminal.say(
        f"  the copy costs until it is deleted: aws dynamodb delete-table --region {live.region} --table-name {copy}"
    )
    return done


def found_table(outputs: Path, stack: str, table: str) -> Live:
    """The live table that an outputs file tells of; raises `RecoveryError`."""
    try:
        stacks = read_stacks(outputs)
    except FileNotFoundError:
        stacks = {}
    if stack not in stacks:
        existing = f"those of {', '.join(stacks)}" if stacks else "none"
        raise RecoveryError(f"{outputs} must have the outputs of {stack}, got {existing}. Run make outputs for it.")
    found = stacks[stack]
    names: Mapping[str, str] = found["table_names"]
    wanted = next((name for name, physical in names.items() if table in (name, physical)), None)
    if wanted is None:
        raise RecoveryError(f"table must be one of {', '.join(names)}, got {table!r}.")
    return Live(names[wanted], found["table_arns"][wanted], found.get("backup_restore_role_arn", ""))


def _copy(live: Live, source: str | datetime, terminal: Terminal) -> str:
    """Return the name of the table that is compared with the live one."""
    if isinstance(source, str) and not source.startswith("arn:"):
        return source
    at = "as of" if isinstance(source, datetime) else "from"
    terminal.step(f"restoring {live.name} {at} {source}")
    copy = restored(live, source, lambda said: terminal.passing(f"  {said}"))
    terminal.step(f"{copy} stands")
    return copy


def _pair(dynamodb: Any, there: str, here: str) -> Pair:
    schemas = [description(dynamodb, table).get("KeySchema", []) for table in (there, here)]
    if schemas[0] != schemas[1]:
        raise RecoveryError(f"{there} {'has other keys than' if schemas[0] else 'is not there, beside'} {here}")
    ends = dynamodb.describe_time_to_live(TableName=here)["TimeToLiveDescription"].get("AttributeName", "")
    return Pair(dynamodb=dynamodb, there=there, here=here, keys=[one["AttributeName"] for one in schemas[1]], ttl=ends)


def _propose(counts: Counts, comparison: Comparison, terminal: Terminal) -> bool:
    """Show what would be written."""
    batch = next(comparison.differences(), [])
    for difference in batch[:SHOWN]:
        terminal.say(f"  {difference.kind}: {difference.key}")
    if batch:
        terminal.say(
            f"  nothing is written: --apply (make: APPLY=1) writes {counts.different + counts.only_there:,} rows back, "
            f"and --exact (make: EXACT=1) deletes {counts.only_here:,}"
        )
    return True


def _apply(pair: Pair, comparison: Comparison, exact: bool, terminal: Terminal) -> bool:
    """Write back, and whether nothing was left."""
    done = write_back(pair, comparison, exact, lambda left: terminal.say(f"  left, {left.why}: {left.key}"))
    terminal.step(f"{done[WRITTEN]:,} rows are written to {pair.here}, {done[DELETED]:,} deleted")
    left = sum(done[why] for why in LEFT)
    if left:
        terminal.say(f"  {left:,} rows are left as they are: run it again to compare them as they are now")
    return not left
