"""What the server knows of one project: its files, what the editor has made of them, and what was said of each.

After a change only the file that changed is looked at again before an answer, and if that is to be hasty, of its
functions and classes only those in which something was typed. The rest, and the files that import it, follow when there
is time for it (`pending`). Knows nothing of the protocol.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from kerasast.check_file import FileReport
from kerasast.config import Settings, settings_for
from kerasast.engine import Analyzer, Progress, Result
from kerasast.garbage import keep
from kerasast.lsp.haste import Looked, revised
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
        self._stale: set[str] = set()
        self._looked: dict[str, Looked] = {}
        """The files in which nothing but their own text has changed since they were looked at."""
        self._hasty: set[str] = set()
        """The files of which only what has changed was looked at since."""
        self._opened, _ = self._analyzer.open_paths([folder])
        self._project = self._opened.survey.project()

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

    def analyze(self, needed: Iterable[str] | None = None, *, hasty: bool = False) -> Result:
        """What is to be said of the project as it is now.

        Of the files that `needed` does not name by path, something may be said that was true before the last change;
        without it, everything is true now. If it is `hasty`, that may also be so of functions and classes in which
        nobody has typed, and there are no fixes.
        """
        wanted = set(self._opened.versions) if needed is None else set(needed)
        first = not self._reports
        for item in self._opened.survey.checked:
            known = item.path in self._reports
            if known and not (item.path in wanted and self.is_outdated(item.path, hasty=hasty)):
                continue
            if not (hasty and known and self._check_changes(item)):
                self._check(item)
        if first:
            keep()  # Looking for garbage among all that is kept would take longer than the analysis of a file.
        return self._analyzer.conclude(self._opened, self._project, self._reports, fixes=not hasty)

    def is_outdated(self, path: str, *, hasty: bool = False) -> bool:
        """Whether something else may have to be said of a file than was said last; `hasty` is as in `analyze`."""
        return path in self._stale or (path in self._hasty and not hasty)

    @property
    def pending(self) -> list[str]:
        """The paths of files of which something else may have to be said now than was said last; open ones first."""
        known = [item.path for item in self._opened.survey.checked if self.is_outdated(item.path)]
        return sorted(known, key=lambda path: path not in self._texts)

    def catch_up(self, path: str) -> bool:
        """Look at a file again; whether something else is to be said of it."""
        item, before = self._checked(path), self._reports.get(path)
        if item is None:
            return False
        self._check(item)
        return before is None or before.diagnostics != self._reports[path].diagnostics

    def _checked(self, path: str) -> InputFile | None:
        return next((item for item in self._opened.survey.checked if item.path == path), None)

    def _check(self, item: InputFile) -> None:
        before = self._reports.get(item.path)
        report = self._analyzer.report(self._opened, self._project, item)
        if before is not None and self._opened.survey.files[item.module].problems:
            # While somebody types there is often a syntax error, and what the file saves and loads is not gone.
            report = replace(report, facts=before.facts)
        tree, source = self._tree(item), self._opened.survey.files[item.module].source
        self._note(item, report, None if tree is None else Looked.at(source, tree, report))
        self._hasty.discard(item.path)

    def _check_changes(self, item: InputFile) -> bool:
        """Look at what is not the same in a file as when it was looked at; whether that was possible."""
        source = self._opened.survey.files[item.module].source
        tree, before = self._tree(item), self._looked.get(item.path)
        if tree is None or before is None:
            return False
        check = partial(self._analyzer.report, self._opened, self._project, item)
        looked = revised(before, source, tree, check)
        if looked is None:
            return False
        self._note(item, looked.report, looked)
        self._hasty.add(item.path)
        return True

    def _note(self, item: InputFile, report: FileReport, looked: Looked | None) -> None:
        self._reports[item.path] = report
        self._stale.discard(item.path)
        if looked is not None:
            self._looked[item.path] = looked

    def _tree(self, item: InputFile) -> ast.Module | None:
        """The tree of a file; `None` for one that is not just one module of Python now."""
        file = self._opened.survey.files[item.module]
        is_other = self._project.source(item.module) is not file.source
        if file.problems or file.source.is_notebook or is_other:
            return None
        return self._project.tree(item.module)

    @property
    def opened(self) -> Opened:
        """The project as it is now."""
        return self._opened

    def version_of(self, path: Path) -> DetectedVersion | None:
        """The Keras that a file is for; `None` if the file has nothing to do with Keras."""
        return self._opened.versions.get(display_path(path))

    def forget_reports(self) -> None:
        """Look at every file again: some rules look at more than what a file imports."""
        self._stale.update(self._reports)
        self._looked.clear()

    def _put(self, name: str, path: Path, data: bytes) -> None:
        if self._texts.get(name) == data:
            return
        self._texts[name] = data
        item = self._checked(name)
        if item is None:
            self._add(name, path, data)
        elif item.data != data:
            self._replace(name, data)

    def _replace(self, name: str, data: bytes) -> None:
        """Give a known file another content; other things may have to be said of it and of those that import it."""
        survey = self._opened.survey
        module = next((module for module, item in survey.inputs.items() if item.path == name), name)
        before = self._importers(module)
        self._opened = self._opened.changed({name: data}, passing=True)
        self._project = self._opened.survey.update(self._project, module)
        others = before | self._importers(module)
        self._stale |= others
        for path in others - {name}:
            self._looked.pop(path, None)

    def _importers(self, module: str) -> set[str]:
        """The paths of a module and of those that import it, themselves or through others."""
        inputs, project = self._opened.survey.inputs, self._project
        return {
            item.path
            for key, item in inputs.items()
            if key == module or module in project.import_closure(key)
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
        self._project = survey.project()
        self.forget_reports()


def encoded(text: str) -> bytes:
    """A text as the bytes of a file: in the encoding that its own first lines declare, else UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return text.encode(declared)
    except (SyntaxError, UnicodeEncodeError, LookupError):
        return data
