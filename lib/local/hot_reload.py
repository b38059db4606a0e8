"""Updates deployed functions with saved changes of their code.

It compares contents, 10 ms of processor time for 541 files: an observer of the file system would need the same
comparison after each event, and loses a folder that is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from ..assets.lambda_archive import source_path, zip_files
from .emulator import RegionalEmulator
from .provisioners.lambda_ import archive_files


class Watcher:
    """Compares the code of deployed functions with the files that it came from."""

    def __init__(self, archives: Mapping[tuple[RegionalEmulator, str], Any], report: Callable[[str], None]) -> None:
        """`archives` are Pulumi archives, by their function; their paths are relative to the working folder."""
        self._report = report
        self._deployed = {function: archive_files(archive) for function, archive in archives.items()}
        self._errors: dict[str, str] = {}

    def poll(self) -> None:
        """Update the functions whose files have changed."""
        for (aws, name), files in self._deployed.items():
            try:
                self._update(aws, name, files)
            except (OSError, UnicodeDecodeError, ClientError) as exc:
                self._report_once(name, f"{name}: not live, {exc}")

    def _update(self, aws: RegionalEmulator, name: str, files: dict[str, str]) -> None:
        changed = _changed(files)
        if changed and all(self._compiles(path, text) for path, text in changed.items()):
            client = aws.client("lambda")
            client.update_function_code(FunctionName=name, ZipFile=zip_files({**files, **changed}))
            # The code of layers is among the files, and the emulator, unlike AWS, looks in layers first.
            client.update_function_configuration(FunctionName=name, Layers=[])
            for alias in client.list_aliases(FunctionName=name)["Aliases"]:
                version = client.publish_version(FunctionName=name)["Version"]
                client.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)
            files.update(changed)
            self._report(f"{name}: live with {', '.join(sorted(changed))}")

    def _compiles(self, path: str, text: str) -> bool:
        try:
            compile(text, path, "exec")
        except (SyntaxError, ValueError) as exc:
            self._report_once(path + text, f"{path}: not live, {exc}")
            return False
        return True

    def _report_once(self, subject: str, error: str) -> None:
        """Report an error unless it was the last one of the subject."""
        if self._errors.get(subject) != error:
            self._errors[subject] = error
            self._report(error)


def _changed(files: Mapping[str, str]) -> dict[str, str]:
    """Return the contents of changed and of new files.

    A file that is empty in the archive is that of a package, and may have content in the project.
    """
    paths = {name: source_path(name) for name, text in files.items() if text.strip()}
    folders = {PurePosixPath(name).parent for name, path in paths.items() if path.exists()} - {PurePosixPath()}
    for folder in folders:
        modules = {(folder / path.name).as_posix(): path for path in source_path(folder.as_posix()).glob("*.py")}
        paths.update({name: path for name, path in modules.items() if name not in files})
    texts = {name: path.read_text(encoding="utf-8") for name, path in paths.items() if path.is_file()}
    return {name: text for name, text in texts.items() if text != files.get(name)}
