"""Generated documents: reference pages, pages of each service, and the config section of Pulumi.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..cost.bill import standard
from ..model import Service
from ..services import BUILT_IN, SERVICES, load
from ..stack.config import config_keys
from . import component_page, reference_pages, service_pages, settings_pages
from .project_file import declare_config

ROOT = Path(__file__).parents[2]


def outdated(root: Path = ROOT, names: Iterable[str] = BUILT_IN) -> dict[Path, str]:
    """Return the generated files of services below `root` that are outdated, and their new content."""
    services = {name: SERVICES[name] for name in names}
    return {path: text for path, text in files(root, services).items() if read(path) != text}


def write(documents: Mapping[Path, str]) -> None:
    """Write generated files."""
    for path, text in documents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def files(root: Path, services: Mapping[str, Service]) -> dict[Path, str]:
    """Return the content of every generated file. Costs and capacity are those of the program in `root`, if any."""
    keys = config_keys(load(name) for name in dict.fromkeys((*BUILT_IN, *services)) if name in SERVICES)
    folders = {f"services/{name}": service_pages.pages(service) for name, service in services.items()}
    folders["reference"] = {**reference_pages.pages(services, keys), **settings_pages.pages(keys)}
    program, project = root / "tap.py", root / "Pulumi.yaml"
    if program.exists():
        folders["reference"]["costs.md"] = reference_pages.costs(standard(program))
        folders["reference"]["capacity.md"] = reference_pages.capacity()
        folders["reference"]["components.md"] = component_page.components()
    documents = {
        root / "docs" / folder / name: text for folder, texts in folders.items() for name, text in texts.items()
    }
    if (declared := read(project)) is not None:
        documents[project] = declare_config(declared, keys)
    return documents


def read(path: Path) -> str | None:
    """Return the content of a file, None if it does not exist."""
    return path.read_text(encoding="utf-8") if path.exists() else None
