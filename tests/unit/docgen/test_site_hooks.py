"""Hooks of the documentation site."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace as Fake

import pytest

from lib.docgen import site_hooks as hooks


@pytest.fixture(name="config")
def config_fixture(tmp_path: Path) -> Fake:
    """The configuration of a site for which no script is installed."""
    (tmp_path / "site/assets/javascripts").mkdir(parents=True)
    fences = {"pymdownx.superfences": {"custom_fences": ["mermaid"]}}
    return Fake(
        config_file_path=str(tmp_path / "mkdocs.yml"),
        site_dir=str(tmp_path / "site"),
        extra={"polyfills": ["https://unpkg.com/iframe-worker/shim"]},
        mdx_configs=fences,
    )


def install(folder: Path) -> None:
    for path, name in hooks.SCRIPTS.items():
        script = folder / hooks.PACKAGES / name
        script.parent.mkdir(parents=True)
        script.write_text(path, encoding="utf-8")


def test_installed_scripts_are_served_by_the_site(config: Fake, tmp_path: Path) -> None:
    install(tmp_path)
    hooks.on_config(config)
    assert config.extra["polyfills"] == [hooks.WORKER]
    assert config.mdx_configs["pymdownx.superfences"]["custom_fences"] == ["mermaid"]
    hooks.on_post_build(config)
    for path in hooks.SCRIPTS:
        assert (tmp_path / "site" / path).read_text(encoding="utf-8") == path


def test_site_without_scripts_loads_none_from_other_hosts(config: Fake, tmp_path: Path) -> None:
    hooks.on_config(config)
    assert config.extra["polyfills"] == []
    assert config.mdx_configs["pymdownx.superfences"]["custom_fences"] == []
    hooks.on_post_build(config)
    assert not any((tmp_path / "site/assets/javascripts").iterdir())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[cost](cost.md#prices)", "[cost](cost.md#prices)"),
        ("[index](../index.md)", "[index](../index.md)"),
        ("[`lib/cost/`](../../lib/cost/)", "`lib/cost/`"),
        ("[rules](../../CONTRIBUTING.md#rules)", "rules"),
        ("[AWS](https://aws.amazon.com/)", "[AWS](https://aws.amazon.com/)"),
        ("[below](#below)", "[below](#below)"),
    ],
)
def test_links_out_of_the_documentation_become_text(link: str, expected: str) -> None:
    page = Fake(file=Fake(src_uri="production/cost.md"))
    assert hooks.on_page_markdown(f"See {link}.", page=page, config=None) == f"See {expected}."


@pytest.mark.parametrize(
    ("url", "script"),
    [("index.html", hooks.MERMAID), ("services/items/architecture.html", f"../../{hooks.MERMAID}")],
)
def test_pages_with_diagrams_load_the_script(url: str, script: str) -> None:
    page = Fake(url=url)
    head = "<html><head></head>"
    assert hooks.on_post_page(head, page=page, config=None) == head
    diagram = '<pre class="mermaid">flowchart</pre>'
    expected = f'<html><head><script src="{script}"></script></head>{diagram}'
    assert hooks.on_post_page(head + diagram, page=page, config=None) == expected
