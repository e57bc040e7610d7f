"""The configuration: where it is found, what it says, and what is said about mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasast.config import (
    OPTIONS,
    ConfigError,
    Settings,
    describe,
    find_config,
    load_settings,
    settings_for,
)
from kerasast.diagnostics import Confidence, Severity
from kerasast.registry import UnknownSelector, all_rules
from kerasast.versions import KerasVersion


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str) -> Settings:
    return load_settings(write(folder / "kerasast.toml", text))


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        select = ["saving"]
        ignore = ["unbuilt-children"]
        extend-select = ["fit-without-compile"]
        exclude = ["a"]
        extend-exclude = ["b"]
        respect-gitignore = false
        keras-version = "2.15"
        min-confidence = "low"
        preview = true
        [per-file-ignores]
        "tests/*" = ["saving", "training"]
        [severity]
        saving = "warning"
        save-before-build = "info"
        """,
    )
    assert settings == Settings(
        root=tmp_path,
        source=tmp_path / "kerasast.toml",
        select=("saving",),
        ignore=("unbuilt-children",),
        extend_select=("fit-without-compile",),
        per_file_ignores={"tests/*": ("saving", "training")},
        exclude=("a",),
        extend_exclude=("b",),
        respect_gitignore=False,
        keras_version=KerasVersion(2, 15),
        severity={"saving": Severity.WARNING, "save-before-build": Severity.INFO},
        min_confidence=Confidence.LOW,
        preview=True,
    )
    assert set(OPTIONS) == {key for key, _ in describe(settings)} - {"root", "config file"}


def test_every_example_of_the_help_can_be_loaded(tmp_path: Path) -> None:
    for option in OPTIONS.values():
        settings = load(tmp_path, f"{option.key} = {option.example}\n")
        assert getattr(settings, option.attribute) != getattr(Settings(), option.attribute), option.key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", "unknown key `selct`; did you mean `select`?"),
        ("per_file_ignores = {}", "unknown key `per_file_ignores`; did you mean `per-file-ignores`?"),
        ("colour = 1", "unknown key `colour`; the keys are select, ignore, "),
        ('select = "saving"', "`select` must be a list of strings"),
        ("select = [1]", "`select` must be a list of strings"),
        ("respect-gitignore = 1", "`respect-gitignore` must be true or false"),
        ("keras-version = 3.10", '`keras-version` must be a string, such as "3.15" or "auto"'),
        ('keras-version = "three"', '`keras-version` must be "auto" or a version of Keras'),
        (
            'keras-version = "4"',
            "`keras-version` must be a version of Keras 2 or Keras 3; there is no Keras 4",
        ),
        ('min-confidence = "sure"', '`min-confidence` must be one of "low", "medium", "high"'),
        ("min-confidence = 1", '`min-confidence` must be one of "low", "medium", "high"'),
        (
            'select = ["save-before-bild"]',
            "`select`: 'save-before-bild' is neither a rule nor a category; did you",
        ),
        ('ignore = ["savin"]', "did you mean 'saving'?"),
        ('per-file-ignores = {"a" = "saving"}', "`per-file-ignores` must be a list of strings for 'a'"),
        ('per-file-ignores = {"a" = ["nope"]}', "`per-file-ignores`: 'nope' is neither"),
        ("per-file-ignores = []", "`per-file-ignores` must be a table from patterns"),
        (
            'severity = {saving = "fatal"}',
            '`severity` must be one of "info", "warning", "error" for \'saving\'',
        ),
        ('severity = {nope = "error"}', "`severity`: 'nope' is neither"),
        ("severity = 1", "`severity` must be a table"),
        ("select = [", "is not TOML: "),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'kerasast.toml'}: ")
    assert message in str(caught.value)


def test_bytes_that_are_not_utf8_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "kerasast.toml"
    path.write_bytes(b"select = ['\xff']")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_settings(path)


def test_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nkerasast = 1"])
def test_pyproject_of_a_wrong_shape_is_explained(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="must be a table"):
        load_settings(write(tmp_path / "pyproject.toml", text))


def test_nearest_file_upward_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    outer = write(tmp_path / "pyproject.toml", "[tool.kerasast]\npreview = true\n")
    write(tmp_path / "a" / "pyproject.toml", "[tool.other]\nx = 1\n")
    assert find_config(inner) == outer
    settings = settings_for(inner)
    assert (settings.preview, settings.root) == (True, tmp_path)
    own = write(tmp_path / "a" / "kerasast.toml", "")
    assert find_config(inner) == own


def test_own_file_wins_over_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.kerasast]\npreview = true\n")
    own = write(tmp_path / "kerasast.toml", "preview = false\n")
    assert find_config(tmp_path) == own
    assert not settings_for(tmp_path).preview


def test_isolated_ignores_files_but_keeps_the_root(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.kerasast]\npreview = true\n")
    (tmp_path / "src").mkdir()
    settings = settings_for(tmp_path / "src", isolated=True)
    assert (settings.preview, settings.source, settings.root) == (False, None, tmp_path)


def test_given_file_counts(tmp_path: Path) -> None:
    write(tmp_path / "kerasast.toml", "")
    other = write(tmp_path / "conf" / "other.toml", "preview = true\n")
    assert settings_for(tmp_path, config=other).preview


def test_default_runs_every_stable_rule_that_is_not_opt_in() -> None:
    rules = all_rules()
    default = {name for name, item in rules.items() if not item.preview and not item.opt_in}
    assert set(Settings().rules()) == default == {name for name, item in rules.items() if item.is_default}
    previews = {name for name, item in rules.items() if item.preview and not item.opt_in}
    assert set(Settings(preview=True).rules()) == default | previews


def test_opt_in_rules_run_when_a_selection_means_them() -> None:
    opt_in = {name for name, item in all_rules().items() if item.opt_in and not item.preview}
    assert "unsafe-deserialization" in opt_in
    for selection in (
        Settings(select=("ALL",)),
        Settings(select=("security",)),
        Settings(extend_select=("security",)),
        Settings(select=("unsafe-deserialization",)),
    ):
        assert "unsafe-deserialization" in selection.rules()
    assert opt_in <= Settings(select=("ALL",)).rules().keys()
    assert "unsafe-deserialization" not in Settings(extend_select=("security",), ignore=("security",)).rules()


def test_what_keeps_a_rule_from_running_by_default() -> None:
    rules = all_rules()
    assert rules["unsafe-deserialization"].restriction == "opt-in"
    assert rules["save-before-build"].restriction == ""
    for item in rules.values():
        assert (item.restriction == "") is item.is_default


def test_ignored_rule_in_preview_does_not_run_with_previews() -> None:
    previews = [name for name, item in all_rules().items() if item.preview and not item.opt_in]
    for name in previews:
        assert name in Settings(preview=True).rules()
        assert name not in Settings(preview=True, ignore=(name,)).rules()


def test_selection() -> None:
    always = {"syntax-error", "invalid-notebook", "internal-error"}
    assert set(Settings(select=("save-before-build",)).rules()) == always | {"save-before-build"}
    saving = {name for name, item in all_rules().items() if item.category == "saving" and not item.preview}
    chosen = Settings(select=("saving",), ignore=("save-before-build", "syntax-error"))
    assert set(chosen.rules()) == (always | saving) - {"save-before-build", "syntax-error"}
    assert "fit-without-compile" in Settings(select=(), extend_select=("training",)).rules()
    with pytest.raises(UnknownSelector):
        Settings(select=("nope",)).rules()


def test_severity_of_a_rule_wins_over_that_of_its_category() -> None:
    for order in (("saving", "save-before-build"), ("save-before-build", "saving")):
        values = {"saving": Severity.INFO, "save-before-build": Severity.WARNING}
        severities = Settings(severity={key: values[key] for key in order}).severities()
        assert severities["save-before-build"] is Severity.WARNING
        assert severities["wrong-file-extension"] is Severity.INFO
