"""What the server knows of one project: its files, what the editor has made of them, and what was said of each.

A change of a file is analysed by itself, together with the open files that import it. Knows nothing of the protocol.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kerasast.check_file import FileReport
from kerasast.config import Settings, settings_for
from kerasast.engine import Analyzer, Progress, Result
from kerasast.prefilter import select_files
from kerasast.survey import InputFile, Opened, display_path, module_key, read_bytes
from kerasast.version_detection import DetectedVersion


class Session:
    """One folder of the editor's workspace, or one file that lies in none.

    Raises:
        kerasast.config.ConfigError: the settings cannot be used.
        kerasast.registry.UnknownSelector: the settings select what does not exist.
        kerasast.baseline.BaselineError: the baseline cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        settings: Callable[[Path], Settings] = settings_for,
        progress: Progress | None = None,
    ) -> None:
        """`folder` may be a file, which is then looked at alone. `settings` finds those of a folder."""
        self.folder = folder
        self.settings: Settings = settings(folder if folder.is_dir() else folder.parent)
        self._analyzer = Analyzer(self.settings, progress=progress)
        self._texts: dict[str, bytes] = {}
        self._reports: dict[str, FileReport] = {}
        self._opened, _ = self._analyzer.open_paths([folder])

    def set_text(self, path: Path, text: str) -> None:
        """The editor shows this text for a file, whatever is on disk."""
        self._put(display_path(path), path, encoded(text))

    def forget_text(self, path: Path) -> None:
        """The editor has closed a file: what is on disk counts again."""
        name = display_path(path)
        if self._texts.pop(name, None) is None:
            return
        data = read_bytes(path)
        self._replace(name, b"" if isinstance(data, str) else data)

    def analyze(self) -> Result:
        """What is to be said of the project as it is now."""
        project = self._opened.survey.project()
        stale = [item for item in self._opened.survey.checked if item.path not in self._reports]
        self._reports.update(self._analyzer.reports(self._opened, project, stale))
        return self._analyzer.conclude(self._opened, project, self._reports)

    @property
    def opened(self) -> Opened:
        """The project as it is now."""
        return self._opened

    def version_of(self, path: Path) -> DetectedVersion | None:
        """The Keras that a file is for; `None` if the file has nothing to do with Keras."""
        return self._opened.versions.get(display_path(path))

    def forget_reports(self) -> None:
        """Let the next analysis look at every file: some rules look at more than what a file imports."""
        self._reports.clear()

    def _put(self, name: str, path: Path, data: bytes) -> None:
        if self._texts.get(name) == data:
            return
        self._texts[name] = data
        if any(item.path == name and item.checked for item in self._opened.survey.inputs.values()):
            self._replace(name, data)
        else:
            self._add(name, path, data)

    def _replace(self, name: str, data: bytes) -> None:
        """Give a known file another content, and forget what was said of it and of the files that import it."""
        stale = self._dependent(name)
        self._opened = self._opened.changed({name: data})
        for path in stale | self._dependent(name):
            self._reports.pop(path, None)

    def _dependent(self, name: str) -> set[str]:
        """The paths of a file and of those that import it, themselves or through others."""
        survey = self._opened.survey
        module = next((module for module, item in survey.inputs.items() if item.path == name), name)
        project = survey.project()
        return {name} | {
            item.path for key, item in survey.inputs.items() if module in project.import_closure(key)
        }

    def _add(self, name: str, path: Path, data: bytes) -> None:
        """A file that is new to the project, or that has had nothing to do with Keras so far."""
        root = self.settings.root
        relative = path.relative_to(root).as_posix() if root in path.parents else path.name
        key, is_package = module_key(relative)
        if key not in select_files({key: data}).check:
            return
        survey = self._opened.survey.changed({})
        survey.add(InputFile(name, relative, key, is_package, data))
        survey.add_companions(root)
        self._opened = replace(self._opened, survey=survey, versions=survey.versions(self.settings))
        self._reports.clear()


def encoded(text: str) -> bytes:
    """A text as the bytes of a file: in the encoding that its own first lines declare, else UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return text.encode(declared)
    except (SyntaxError, UnicodeEncodeError, LookupError):
        return data
