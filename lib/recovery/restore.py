"""`make restore`: a table as it was, beside the live one; what differs, and back with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import outputs as files
from ..local.terminal import Terminal
from . import RecoveryError
from .aws import client
from .comparison import Comparison, Counts, Pair, compared
from .restoring import Live, description, moment, restored
from .writing import DELETED, LEFT, WRITTEN, write_back

SHOWN = 10
"""How many rows that differ are shown."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--stack", required=True, help="the deployment, e.g. items-prod")
    parser.add_argument("--table", default="", help="by its name in the description, or in AWS")
    sources = parser.add_mutually_exclusive_group(required=True)
    sources.add_argument("--at", help="as of this time, e.g. 2026-11-20T10:00:00Z")
    sources.add_argument(
        "--from", dest="source", help="a backup's or a recovery point's ARN, or a table restored before"
    )
    parser.add_argument("--apply", action="store_true", help="write back what differs")
    parser.add_argument("--exact", action="store_true", help="with --apply: delete rows that were not there, too")
    parser.add_argument("--outputs", type=Path, default=files.FOLDER / files.ALL, help="default %(default)s")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Restore, compare, and write back if asked to; the process's exit code."""
    live = found_table(options.outputs, options.stack, options.table)
    dynamodb = client("dynamodb", live.region)
    if not description(dynamodb, live.name):
        raise RecoveryError(f"{live.name} is gone: make up makes it anew, empty; then give FROM, the ARN of a backup")
    copy = _copy(options, live, terminal)
    pair = _pair(dynamodb, copy, live.name)
    with compared(pair, lambda rows: terminal.passing(f"  {rows:,} rows are read")) as comparison:
        counts = comparison.counts()
        terminal.step(
            f"{counts.equal:,} rows are equal, {counts.different:,} different, {counts.only_there:,} only in {copy}, "
            f"{counts.only_here:,} only in {live.name}"
        )
        done = (
            _apply(pair, comparison, options.exact, terminal)
            if options.apply
            else _propose(counts, comparison, terminal)
        )
    terminal.say(
        f"  the copy costs until it is deleted: aws dynamodb delete-table --region {live.region} --table-name {copy}"
    )
    return 0 if done else 1


def found_table(outputs: Path, stack: str, table: str) -> Live:
    """The live table that an outputs file tells of; raises `RecoveryError`."""
    try:
        stacks: Mapping[str, Any] = json.loads(outputs.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stacks = {}
    if stack not in stacks:
        raise RecoveryError(
            f"{outputs} tells of {', '.join(stacks) or 'nothing'}, not of {stack}: run make outputs for it"
        )
    found = stacks[stack]
    names: Mapping[str, str] = found["table_names"]
    wanted = next((name for name, physical in names.items() if table in (name, physical)), None)
    if wanted is None:
        raise RecoveryError(f"TABLE {table!r}: give one of {', '.join(names)}")
    return Live(names[wanted], found["table_arns"][wanted], found.get("backup_restore_role_arn", ""))


def _copy(options: argparse.Namespace, live: Live, terminal: Terminal) -> str:
    """The name of the table that is compared with the live one."""
    if options.source and not options.source.startswith("arn:"):
        return str(options.source)
    source = moment(options.at) if options.at else options.source
    terminal.step(f"restoring {live.name} as of {options.at}" if options.at else f"restoring {live.name} from {source}")
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
            f"  nothing is written: APPLY=1 writes {counts.different + counts.only_there:,} rows back, "
            f"and with EXACT=1 deletes {counts.only_here:,}"
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
