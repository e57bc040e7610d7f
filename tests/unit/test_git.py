"""What git is asked, in real repositories, and `--diff-base`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kerasast.cli import cli
from kerasast.git import GitError, changes_since, find_repository, public_url

OLD = "import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save('old.keras')\n"
NEW = "model.save('new.keras')\n"


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false"]
    run = subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, as the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / "b.py").write_text(OLD)
    git("add", ".")
    git("commit", "-qm", "first")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments], prog_name="kerasast")


def places(*arguments: str) -> list[tuple[str, int]]:
    """Path and row of what is reported."""
    result = check("--output-format", "json", *arguments)
    assert result.exit_code in (0, 1), result.stderr
    return [(item["filename"], item["location"]["row"]) for item in json.loads(result.stdout)]


def test_only_changed_lines_are_reported(repository: Path) -> None:
    assert places("--diff-base", "HEAD") == []
    (repository / "a.py").write_text("# moved\n" + OLD + NEW)
    (repository / "new.py").write_text(OLD)
    assert places("--diff-base", "HEAD") == [("a.py", 6), ("new.py", 4)]
    assert len(places()) == 4


def test_the_configuration_of_git_does_not_matter(repository: Path) -> None:
    for key, value in (
        ("diff.noprefix", "true"),
        ("diff.interHunkContext", "9"),
        ("diff.context", "5"),
        ("color.diff", "always"),
        ("diff.external", "false"),
    ):
        git("config", key, value)
    (repository / "a.py").write_text("# moved\n" + OLD + NEW)
    assert places("--diff-base", "HEAD") == [("a.py", 6)]


def test_changes_are_those_since_the_branches_parted(repository: Path) -> None:
    git("switch", "-qc", "topic")
    (repository / "a.py").write_text(OLD + NEW)
    git("commit", "-qam", "second")
    git("switch", "-q", "main")
    (repository / "b.py").write_text(OLD.replace("old", "other"))
    git("commit", "-qam", "third")
    git("switch", "-q", "topic")
    assert places("--diff-base", "main") == [("a.py", 5)]


def test_renamed_files_and_unusual_names(repository: Path) -> None:
    git("mv", "b.py", 'ü "b\t.py')
    path = repository / 'ü "b\t.py'
    path.write_text(OLD + NEW)
    assert [row for _, row in places("--diff-base", "HEAD")] == [5]


def test_lines_that_look_like_headers(repository: Path) -> None:
    (repository / "a.py").write_text(OLD + '"""\n++ b/b.py\n@@ -1 +1,9 @@\n"""\n')
    assert changes_since(repository, "HEAD").lines == {str(repository.resolve() / "a.py"): [(5, 8)]}


def test_notebooks_are_compared_by_the_lines_of_their_file(repository: Path) -> None:
    def store(*lines: str) -> None:
        cell = {"cell_type": "code", "source": [f"{line}\n" for line in lines]}
        (repository / "n.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}, indent=1))

    store(*OLD.splitlines(), "x = 1")
    git("add", ".")
    git("commit", "-qm", "notebook")
    store(*OLD.splitlines(), NEW.strip(), "x = 1")
    assert places("--diff-base", "HEAD") == [("n.ipynb", 5)]


def test_an_unreadable_file_matters_if_it_has_changed(repository: Path) -> None:
    (repository / "b.py").write_text("import keras\nmodel = (\n")
    git("commit", "-qam", "broken")
    assert places("--diff-base", "HEAD") == []
    assert places("--diff-base", "HEAD~1") != []


@pytest.mark.parametrize("revision", ["none", "--output=x", "HEAD~7"])
def test_a_revision_that_is_not_there(repository: Path, revision: str) -> None:
    result = check("--diff-base", revision)
    assert result.exit_code == 2
    assert f"there is no revision {revision!r}" in result.stderr
    assert not (repository / "x").exists()


def test_outside_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.py").write_text(OLD)
    result = check("--diff-base", "HEAD")
    assert result.exit_code == 2
    assert "error: --diff-base: not a git repository" in result.stderr
    assert find_repository(tmp_path) is None


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_repository(tmp_path) is None
    with pytest.raises(GitError, match="git is not installed"):
        changes_since(tmp_path, "HEAD")


def test_the_repository(repository: Path) -> None:
    git("remote", "add", "origin", "https://me:secret@example.org/a/b.git")
    found = find_repository(repository)
    assert found is not None
    assert (found.root, found.branch) == (repository.resolve(), "main")
    assert found.url == "https://example.org/a/b.git"
    assert found.revision == git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("git@example.org:a/b.git", "ssh://example.org/a/b.git"),
        ("ssh://git@example.org:2222/a.git", "ssh://example.org:2222/a.git"),
        ("https://token@example.org/a?x=secret#y", "https://example.org/a"),
        ("/srv/git/a.git", None),
        ("../a.git", None),
        ("C:\\a.git", None),
        ("file:///srv/a.git", None),
        ("https://[broken", None),
    ],
)
def test_addresses_hold_no_secrets(url: str, public: str | None) -> None:
    assert public_url(url) == public
