"""The outputs of deployments as files, which is all that integration tests know of one.

`pulumi stack output --json | python -m lib.outputs STACK` writes those of a deployment on AWS.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path("cfn-outputs")
ALL, FLAT = "all-outputs.json", "flat-outputs.json"

Outputs = Mapping[str, Any]


class OutputsError(Exception):
    """There are no such outputs; the message says what to do."""


def flat(stacks: Mapping[str, Outputs]) -> dict[str, Any]:
    """Each output as `<service>_<output>`; those of `items`, or of the only stack there is, bare as well."""
    found: dict[str, Any] = {}
    for outputs in stacks.values():
        bare = outputs if len(stacks) == 1 or outputs["service"] == "items" else {}
        found |= {**bare, **{f"{outputs['service']}_{name}": value for name, value in outputs.items()}}
    return found


def write(stacks: Mapping[str, Outputs], folder: Path = FOLDER) -> None:
    """Write both files whole: a reader sees the old ones or the new ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in ((ALL, stacks), (FLAT, flat(stacks))):
        unfinished = folder / f".{name}.new"
        unfinished.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        unfinished.replace(folder / name)


def reach(path: Path, service: str, api_key: str | None = None) -> tuple[str, str]:
    """The URL and the key of a service's API, by flat outputs; the key is empty where the API asks for none.

    Raises `OutputsError` if they tell of no such service.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        url = found[f"{service}_api_url"]
    except (OSError, ValueError, KeyError) as exc:
        wanted = f"run make local or make up SERVICE={service} first"
        raise OutputsError(f"{path} tells of no {service} service: {wanted}") from exc
    api_key = api_key or found.get(f"{service}_api_key")
    if not api_key and f"{service}_api_key_id" in found:
        # AWS tells the key to whom it may; of a local run it is among the outputs.
        import boto3  # pylint: disable=import-outside-toplevel  # nobody else needs it

        region = found[f"{service}_dynamodb_table_arn"].split(":")[3]
        client = boto3.client("apigateway", region_name=region)
        api_key = client.get_api_key(apiKey=found[f"{service}_api_key_id"], includeValue=True)["value"]
    return url, api_key or ""


def main(stack: str, text: str) -> None:
    """Write what the Pulumi CLI told of one stack; secrets, which it tells as `[secret]`, are left out."""
    try:
        outputs = json.loads(text)
    except ValueError:
        sys.exit(f"error: stack {stack} has no outputs: deploy it first, with make up")
    write({stack: {name: value for name, value in outputs.items() if value != "[secret]"}})


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
