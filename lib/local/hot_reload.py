"""Puts saved changes of Lambda code into the functions that run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from ..assets.lambda_archive import source_path, zipped
from .emulator import Place
from .provisioners.archives import archive_files


class Watcher:
    """Compares the archives of deployed functions with the files they came from."""

    def __init__(self, archives: Mapping[tuple[Place, str], Any], tell: Callable[[str], None]) -> None:
        """`archives` are Pulumi archives, by their function; their paths are relative to the working folder."""
        self._tell = tell
        self._deployed = {function: archive_files(archive) for function, archive in archives.items()}
        self._said: dict[str, str] = {}

    def poll(self) -> None:
        """Update every function some of whose files are not what they were."""
        for (place, name), files in self._deployed.items():
            try:
                self._update(place, name, files)
            except (OSError, UnicodeDecodeError, ClientError) as exc:
                self._once(name, f"{name}: not live, {exc}")

    def _update(self, place: Place, name: str, files: dict[str, str]) -> None:
        changed = self._changed(files)
        if changed and all(self._compiles(path, text) for path, text in changed.items()):
            updated = {**files, **changed}
            client = place.client("lambda")
            client.update_function_code(FunctionName=name, ZipFile=zipped(updated))
            # All of a layer is among the files, and the emulator, unlike AWS, looks in layers first.
            client.update_function_configuration(FunctionName=name, Layers=[])
            for alias in client.list_aliases(FunctionName=name)["Aliases"]:
                version = client.publish_version(FunctionName=name)["Version"]
                client.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)
            files.update(changed)
            self._tell(f"{name}: live with {', '.join(sorted(changed))}")

    def _changed(self, files: Mapping[str, str]) -> dict[str, str]:
        """What the files on disk say now, where that is something else.

        A file that is empty in the archive is a package's, whose own file may well say more.
        """
        found = {path: source_path(path) for path, text in files.items() if text.strip()}
        folders = {PurePosixPath(path).parent for path, file in found.items() if file.exists()} - {PurePosixPath()}
        for folder in folders:
            names = {(folder / file.name).as_posix(): file for file in source_path(folder.as_posix()).glob("*.py")}
            found.update({name: file for name, file in names.items() if name not in files})
        texts = {name: path.read_text(encoding="utf-8") for name, path in found.items() if path.is_file()}
        return {name: text for name, text in texts.items() if text != files.get(name)}

    def _compiles(self, path: str, text: str) -> bool:
        try:
            compile(text, path, "exec")
        except (SyntaxError, ValueError) as exc:
            self._once(path + text, f"{path}: not live, {exc}")
            return False
        return True

    def _once(self, what: str, line: str) -> None:
        """Say a line, but not again for the same trouble."""
        if self._said.get(what) != line:
            self._said[what] = line
            self._tell(line)
