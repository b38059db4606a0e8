"""Generated documents: reference pages, pages of each service, and the config section of Pulumi.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..cost.bill import standard
from ..model import Service
from ..services import BUILT_IN, SERVICES, load
from ..stack.config import Key, config_keys
from . import component_page, reference_pages, service_pages, settings_pages
from .project_file import declare_config

ROOT = Path(__file__).parents[2]


def outdated(root: Path = ROOT, names: Iterable[str] = BUILT_IN, *, has_reference: bool = True) -> dict[Path, str]:
    """Return the generated files of services below `root` that are outdated, and their new content.

    `has_reference` selects the files of this repository: the reference pages in addition to those of each service.
    """
    services = {name: SERVICES[name] for name in names}
    generated = files(root, services) if has_reference else service_files(root, services)
    return {path: text for path, text in generated.items() if read(path) != text}


def write(documents: Mapping[Path, str]) -> None:
    """Write generated files."""
    for path, text in documents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def service_files(root: Path, services: Mapping[str, Service]) -> dict[Path, str]:
    """Return the pages of services with their own settings, and the config section of the project in `root`."""
    keys = _config_keys(services)
    folders = {f"services/{name}": service_pages.pages(service) for name, service in services.items()}
    for name in filter(SERVICES.__contains__, services):
        folders[f"services/{name}"] |= settings_pages.service_pages(load(name), keys)
    return _documents(root, folders, keys)


def files(root: Path, services: Mapping[str, Service]) -> dict[Path, str]:
    """Return the content of every generated file. Costs and capacity are those of the program in `root`, if any."""
    keys = _config_keys((*BUILT_IN, *services))
    folders = {f"services/{name}": service_pages.pages(service) for name, service in services.items()}
    folders["reference"] = {**reference_pages.pages(services, keys), **settings_pages.pages(keys)}
    program = root / "tap.py"
    if program.exists():
        folders["reference"]["costs.md"] = reference_pages.costs(standard(program))
        folders["reference"]["capacity.md"] = reference_pages.capacity()
        folders["reference"]["components.md"] = component_page.components()
    return _documents(root, folders, keys)


def _config_keys(names: Iterable[str]) -> dict[str, Key]:
    return config_keys(load(name) for name in dict.fromkeys(names) if name in SERVICES)


def _documents(root: Path, folders: Mapping[str, Mapping[str, str]], keys: Mapping[str, Key]) -> dict[Path, str]:
    """Return the content of the files in folders of `docs`, and of the project file, if there is one."""
    documents = {
        root / "docs" / folder / name: text for folder, texts in folders.items() for name, text in texts.items()
    }
    project = root / "Pulumi.yaml"
    if (declared := read(project)) is not None:
        documents[project] = declare_config(declared, keys)
    return documents


def read(path: Path) -> str | None:
    """Return the content of a file, None if it does not exist."""
    return path.read_text(encoding="utf-8") if path.exists() else None
