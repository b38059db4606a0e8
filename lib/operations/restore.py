"""Restore a table next to the live table, compare them and write the differences back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..client.outputs_file import read_stacks
from ..console import Terminal
from . import OperationError
from .aws import client
from .compare import Comparison, Counts, Pair, compare_tables
from .table_copy import LiveTable, describe_table, restore_table
from .write_back import DELETED, SKIPPED, WRITTEN, write_back

MAX_PRINTED = 10
"""Maximum number of differences that are printed."""


def restore(
    live: LiveTable, source: str | datetime, terminal: Terminal, *, apply: bool = False, exact: bool = False
) -> bool:
    """Restore a table next to the live table and compare them; with `apply`, write back the differences.

    The source is a time, the ARN of a backup or recovery point, or the name of an existing restored table. With
    `exact`, also delete the items that exist only in the live table. Return False if an item was skipped.
    """
    dynamodb = client("dynamodb", live.region)
    if not describe_table(dynamodb, live.name):
        raise OperationError(
            f"Table {live.name} does not exist. Create it with make up, then restore it from the ARN of a backup."
        )
    name = _restored_name(live, source, terminal)
    pair = _pair(dynamodb, name, live.name)
    with compare_tables(pair, lambda items: terminal.show_transient(f"  items read: {items:,}")) as comparison:
        counts = comparison.counts()
        terminal.step(
            f"items equal: {counts.equal:,}, different: {counts.different:,}, only in {name}: "
            f"{counts.only_restored:,}, only in {live.name}: {counts.only_live:,}"
        )
        if apply:
            is_complete = _write_back(pair, comparison, exact, terminal)
        else:
            is_complete = True
            _print_differences(counts, comparison, terminal)
    terminal.print_line(
        f"  {name} is billed until you delete it: aws dynamodb delete-table --region {live.region} --table-name {name}"
    )
    return is_complete


def find_live_table(outputs: Path, stack: str, table: str) -> LiveTable:
    """Return a table of a stack from an outputs file, by its name in the service or in AWS.

    Raise `OperationError` if the file does not contain it.
    """
    try:
        stacks = read_stacks(outputs)
    except FileNotFoundError:
        stacks = {}
    if stack not in stacks:
        existing = f"those of {', '.join(stacks)}" if stacks else "none"
        raise OperationError(f"{outputs} must contain the outputs of {stack}, got {existing}. Run make outputs for it.")
    values = stacks[stack]
    names: Mapping[str, str] = values["table_names"]
    name = next((name for name, physical_name in names.items() if table in (name, physical_name)), None)
    if name is None:
        raise OperationError(f"table must be one of {', '.join(names)}, got {table!r}.")
    return LiveTable(names[name], values["table_arns"][name], values.get("backup_restore_role_arn", ""))


def _restored_name(live: LiveTable, source: str | datetime, terminal: Terminal) -> str:
    """Return the name of the restored table. Restore it if the source is a time or an ARN."""
    if isinstance(source, str) and not source.startswith("arn:"):
        return source
    preposition = "as of" if isinstance(source, datetime) else "from"
    terminal.step(f"restoring {live.name} {preposition} {source}")
    name = restore_table(live, source, lambda message: terminal.show_transient(f"  {message}"))
    terminal.step(f"{name} is ACTIVE")
    return name


def _pair(dynamodb: Any, restored: str, live: str) -> Pair:
    """Return the tables to compare. Raise `OperationError` unless both have the same key schema."""
    restored_schema, live_schema = (describe_table(dynamodb, table).get("KeySchema", []) for table in (restored, live))
    if not restored_schema:
        raise OperationError(f"Table {restored} does not exist. Specify a table restored from {live}.")
    if restored_schema != live_schema:
        names, live_names = (", ".join(_key_names(schema)) for schema in (restored_schema, live_schema))
        raise OperationError(
            f"The key schema of {restored} must be that of {live} ({live_names}), got {names}. "
            f"Specify a table restored from {live}."
        )
    ttl = dynamodb.describe_time_to_live(TableName=live)["TimeToLiveDescription"].get("AttributeName", "")
    key_names = _key_names(live_schema)
    return Pair(dynamodb=dynamodb, restored=restored, live=live, key_names=key_names, ttl=ttl)


def _key_names(schema: Sequence[Mapping[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in schema]


def _print_differences(counts: Counts, comparison: Comparison, terminal: Terminal) -> None:
    batch = next(comparison.differences(), [])
    for difference in batch[:MAX_PRINTED]:
        terminal.print_line(f"  {difference.label}: {difference.key}")
    if batch:
        terminal.print_line(
            f"  no changes written. Write back {counts.different + counts.only_restored:,} items with --apply "
            f"(make: APPLY=1), and delete {counts.only_live:,} with --apply --exact (make: APPLY=1 EXACT=1)."
        )


def _write_back(pair: Pair, comparison: Comparison, exact: bool, terminal: Terminal) -> bool:
    """Write back the differences. Return False if an item was skipped."""
    results = write_back(
        pair, comparison, exact, lambda skipped: terminal.print_line(f"  skipped, {skipped.reason}: {skipped.key}")
    )
    terminal.step(f"items written to {pair.live}: {results[WRITTEN]:,}, deleted: {results[DELETED]:,}")
    skipped = sum(results[reason] for reason in SKIPPED)
    if skipped:
        terminal.print_line(f"  items skipped: {skipped:,}. Run the command again to compare their current versions.")
    return not skipped
