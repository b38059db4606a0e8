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


def main(stack: str, text: str) -> None:
    """Write what the Pulumi CLI told of one stack; secrets, which it tells as `[secret]`, are left out."""
    try:
        outputs = json.loads(text)
    except ValueError:
        sys.exit(f"error: stack {stack} has no outputs: deploy it first, with make up")
    write({stack: {name: value for name, value in outputs.items() if value != "[secret]"}})


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
