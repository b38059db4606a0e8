"""MkDocs hooks: scripts that the theme would load from other hosts, and links to files outside of docs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from posixpath import dirname, join, normpath, relpath
from typing import Any

PACKAGES = "build/npm/node_modules"
"""Folder into which `make docs` installs the npm packages with the scripts."""
MERMAID = "assets/javascripts/mermaid.js"
"""Path in the site of the script that draws diagrams."""
WORKER = "assets/javascripts/worker.js"
"""Path in the site of the script that makes search work without a server."""
SCRIPTS = {MERMAID: "@mermaid-js/tiny/dist/mermaid.tiny.js", WORKER: "iframe-worker/shim/index.js"}
"""Path in `PACKAGES` of each script."""
LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


def on_config(config: Any) -> None:
    """Use the scripts that are installed. Without them, pages show the source text of diagrams."""
    config.extra["polyfills"] = [WORKER] if _source(config, WORKER).exists() else []
    if not _source(config, MERMAID).exists():
        config.mdx_configs["pymdownx.superfences"]["custom_fences"] = []


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the page with only the text of links to files outside of the documentation."""
    folder = dirname(page.file.src_uri)

    def text_of(link: re.Match[str]) -> str:
        return link[1] if normpath(join(folder, link[2])).startswith("..") else link[0]

    return LINK.sub(text_of, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Return the page with the script that draws diagrams if it has one."""
    if 'class="mermaid"' not in output:
        return output
    return output.replace("</head>", f'<script src="{relpath(MERMAID, dirname(page.url) or ".")}"></script></head>')


def on_post_build(config: Any) -> None:
    """Copy the scripts into the site."""
    for path in filter(lambda path: _source(config, path).exists(), SCRIPTS):
        shutil.copyfile(_source(config, path), Path(config.site_dir, path))


def _source(config: Any, path: str) -> Path:
    return Path(config.config_file_path).parent / PACKAGES / SCRIPTS[path]
