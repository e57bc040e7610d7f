"""Which Keras a project is for, from its files and imports."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from kerasast.dependency_files import conda_specifier, poetry_specifier
from kerasast.telling_imports import LEGACY_SWITCH, telling_once, weigh_imports
from kerasast.version_detection import DetectedVersion, VersionDetector, detect
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The root of an empty repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def detected(root: Path, *imports: str) -> DetectedVersion:
    return detect(root, None, None, imports)


def test_what_was_asked_for_wins(project: Path) -> None:
    write(project, "requirements.txt", "keras==2.3.1\n")
    asked = detect(project, KerasVersion(3, 3), KerasVersion(2, 9), ["keras.engine"])
    assert asked == DetectedVersion(KerasVersion(3, 3), "as --keras-version says")
    configured = detect(project, None, KerasVersion(2, 9), ["keras.ops"])
    assert configured == DetectedVersion(KerasVersion(2, 9), "as the configuration says")


def test_nothing_says_anything(project: Path) -> None:
    write(project, "requirements.txt", "numpy==1.26\nkeras\n")
    assert detected(project, "keras", "tensorflow.keras.layers.Dense") == DetectedVersion(
        KERAS_3, "the newest; nothing in the project says"
    )


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("keras==2.2.4", KerasVersion(2, 2)),
        ("Keras == 2.4.3  # pinned", KerasVersion(2, 4)),
        ("keras<=2.3.1", KerasVersion(2, 3)),
        ("keras<3", KERAS_2),
        ("keras~=2.11", KERAS_2),
        ("keras>=3", KERAS_3),
        ("keras==3.3.3", KerasVersion(3, 3)),
        ("keras>=3,<3.5", KerasVersion(3, 4)),
        ("keras==3.20.0", KerasVersion(3, 20)),
        ("keras==1.2.2", KerasVersion(2, 0)),
        ("tensorflow<2.16", KERAS_2),
        ("tensorflow==2.15.1", KERAS_2),
        ("tensorflow>=2.4,<2.11", KerasVersion(2, 10)),
        ("tensorflow==2.4.1", KerasVersion(2, 4)),
        ("tensorflow==2.1.0", KerasVersion(2, 2)),
        ("tensorflow==1.14.0", KerasVersion(2, 2)),
        ("tensorflow-cpu~=2.12.0", KerasVersion(2, 12)),
        ("tensorflow_gpu==2.9.0rc1", KerasVersion(2, 9)),
        ("tensorflow-macos==2.13.*", KerasVersion(2, 13)),
        ("tensorflow-intel==2.14.0", KerasVersion(2, 14)),
        ("tensorflow>=2.16", KERAS_3),
        ("tensorflow[and-cuda]==2.20.0", KERAS_3),
        ('tensorflow==2.18.0 ; sys_platform == "darwin"', KERAS_3),
        ("tensorflow==2.10.0 --hash=sha256:abc", KerasVersion(2, 10)),
        ("tf-keras==2.17.0", KERAS_2),
    ],
)
def test_requirements(project: Path, requirement: str, version: KerasVersion) -> None:
    write(project, "requirements.txt", f"numpy\n{requirement}\n")
    result = detected(project)
    assert result.version == version
    assert result.reason.startswith("from requirements.txt: ")


def test_the_reason_names_the_file_and_the_requirement(project: Path) -> None:
    write(project, "requirements.txt", "tensorflow==2.4.1\n")
    assert detected(project).reason == "from requirements.txt: tensorflow==2.4.1"


def test_a_range_of_both_generations_means_the_newest(project: Path) -> None:
    write(project, "requirements.txt", "tensorflow>=2.0\n")
    assert detected(project) == DetectedVersion(
        KERAS_3, "the newest that requirements.txt admits: tensorflow>=2.0"
    )


def test_imports_tell_more_than_a_range_of_both_generations(project: Path) -> None:
    write(project, "requirements.txt", "tensorflow>=2.0\n")
    assert detected(project, "keras.engine.topology.Layer") == DetectedVersion(
        KERAS_2, "from imports: keras.engine.topology.Layer"
    )


def test_imports_tell_less_than_a_decisive_requirement(project: Path) -> None:
    write(project, "requirements.txt", "keras>=3.0\n")
    assert detected(project, "keras.engine.topology.Layer").version == KERAS_3


def test_alternatives_mean_the_newest(project: Path) -> None:
    write(
        project,
        "requirements.txt",
        "tensorflow==2.10; python_version < '3.11'\ntensorflow==2.17; python_version >= '3.11'\n",
    )
    assert detected(project).version == KERAS_3


def test_keras_itself_tells_more_than_tensorflow(project: Path) -> None:
    write(project, "requirements.txt", "tensorflow==2.15\nkeras>=3\n")
    assert detected(project).reason == "from requirements.txt: keras>=3"


def test_tensorflow_tells_what_an_open_range_of_keras_leaves_open(project: Path) -> None:
    write(project, "requirements.txt", "keras>=2.2.4\ntensorflow==2.9\n")
    assert detected(project).version == KerasVersion(2, 9)


def test_included_and_continued_requirements(project: Path) -> None:
    write(project, "requirements.txt", "-r requirements/base.txt\n-r requirements.txt\n-c missing.txt\n")
    write(project, "requirements/base.txt", "tensorflow \\\n    ==2.8.0\n-r ../other.in\n")
    write(project, "other.in", "numpy\n")
    assert detected(project).version == KerasVersion(2, 8)


def test_requirements_txt_before_its_siblings(project: Path) -> None:
    write(project, "requirements-dev.txt", "tensorflow==2.17\n")
    write(project, "requirements.txt", "tensorflow==2.9\n")
    write(project, "requirements/gpu.txt", "tensorflow==2.18\n")
    assert detected(project).reason == "from requirements.txt: tensorflow==2.9"


def test_the_folder_of_requirements(project: Path) -> None:
    write(project, "requirements/gpu.txt", "tensorflow-gpu==2.7\n")
    assert detected(project).reason == "from requirements/gpu.txt: tensorflow-gpu==2.7"


@pytest.mark.parametrize(
    ("name", "content", "version"),
    [
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["tensorflow==2.9.1"]', (2, 9)),
        ("pyproject.toml", '[project.optional-dependencies]\ntf = ["tensorflow<2.13"]', (2, 12)),
        ("pyproject.toml", '[dependency-groups]\ndev = ["keras==2.8", {include-group = "x"}]', (2, 8)),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.9"\ntensorflow = "2.6.0"', (2, 6)),
        ("pyproject.toml", '[tool.poetry.dependencies]\nkeras = {version = "~2.7", optional = true}', (2, 7)),
        ("pyproject.toml", '[tool.poetry.group.ml.dependencies]\nkeras = [{version = "^2.4.3"}]', (2, 15)),
        ("pyproject.toml", '[tool.pdm.dev-dependencies]\ntest = ["tensorflow==2.11"]', (2, 11)),
        ("pyproject.toml", '[tool.pixi.dependencies]\ntensorflow = "2.14.*"', (2, 14)),
        ("setup.cfg", "[options]\ninstall_requires =\n    numpy\n    tensorflow >=2.2, <2.6\n", (2, 5)),
        ("setup.cfg", "[options.extras_require]\ntf = tensorflow==2.10\n", (2, 10)),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['tensorflow==2.3'])", (2, 4)),
        ("setup.py", "R = '''\nnumpy\nkeras==2.2.5\n'''\nsetup(install_requires=R.split())", (2, 2)),
        ("environment.yml", "dependencies:\n  - python=3.8\n  - tensorflow-gpu=2.5=h1a2b\n", (2, 5)),
        ("environment.yaml", "dependencies:\n- conda-forge::keras=2.4\n- pip:\n  - tqdm\n", (2, 4)),
        ("environment.yml", "dependencies:\n  - pip:\n    - 'tensorflow==2.13.0'  # GPU\n", (2, 13)),
        ("Pipfile", '[packages]\ntensorflow = "==2.12.0"\n[dev-packages]\npytest = "*"', (2, 12)),
        ("Pipfile.lock", '{"default": {"tensorflow": {"version": "==2.8.4"}}, "develop": {}}', (2, 8)),
        ("poetry.lock", '[[package]]\nname = "keras"\nversion = "2.11.0"\ndescription = ""\n', (2, 11)),
        ("uv.lock", 'version = 1\n\n[[package]]\nname = "tensorflow"\nversion = "2.10.1"\n', (2, 10)),
        ("pdm.lock", '[[package]]\nname = "keras"\nversion = "3.4.1"\n', (3, 4)),
        ("pylock.toml", '[[packages]]\nname = "keras"\nversion = "3.5.0"\n', (3, 5)),
    ],
)
def test_every_kind_of_file(project: Path, name: str, content: str, version: tuple[int, int]) -> None:
    write(project, name, content)
    result = detected(project)
    assert result.version == KerasVersion(*version)
    assert result.reason.startswith(f"from {name}: ")


def test_setup_py_is_not_executed(project: Path) -> None:
    write(project, "setup.py", "raise SystemExit\nsetup(install_requires=['keras<3'])\n")
    assert detected(project).version == KERAS_2


def test_a_lock_file_tells_more_than_a_range(project: Path) -> None:
    write(project, "pyproject.toml", '[project]\ndependencies = ["tensorflow<2.16"]\n')
    write(project, "uv.lock", '[[package]]\nname = "tensorflow"\nversion = "2.11.0"\n')
    assert detected(project) == DetectedVersion(KerasVersion(2, 11), "from uv.lock: tensorflow==2.11.0")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[project\ndependencies = ['keras==2.2']"),
        ("pyproject.toml", "project = 3\ntool = []\n[dependency-groups]\nx = 1"),
        ("setup.cfg", "install_requires = keras==2.2"),
        ("setup.py", "setup(install_requires=['keras==2.2'"),
        ("setup.py", "x = '" + "\0" + "'"),
        ("requirements.txt", "keras==two\ntensorflow===\nkeras=2.2\ntensorflow @ https://x.org/a.whl\n"),
        ("environment.yml", "- [keras: 2\n- tensorflow=\n- keras==\n"),
        ("Pipfile", "[packages"),
        ("Pipfile.lock", "{"),
        ("Pipfile.lock", '["keras"]'),
        ("poetry.lock", '[[package]]\nname = "keras"\nversion = "unknown"\n'),
    ],
)
def test_malformed_files_are_skipped(project: Path, name: str, content: str) -> None:
    write(project, name, content)
    assert detected(project).reason == "the newest; nothing in the project says"


def test_undecodable_and_unreadable_files_are_skipped(project: Path) -> None:
    (project / "requirements.txt").write_bytes(b"\x80keras==2.3\xff\n")
    (project / "pyproject.toml").mkdir()
    (project / "requirements").write_bytes(b"")
    assert detected(project).version == KERAS_3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_what_windows_writes(project: Path, encoding: str) -> None:
    (project / "requirements.txt").write_bytes("numpy\r\ntensorflow==2.9.1\r\n".encode(encoding))
    assert detected(project).version == KerasVersion(2, 9)


def test_a_requirement_that_nothing_satisfies_says_nothing(project: Path) -> None:
    write(project, "requirements.txt", "keras>3,<2\n")
    assert detected(project).reason == "the newest; nothing in the project says"


class TestLegacyKeras:
    """Keras 2 beside a TensorFlow that brings Keras 3."""

    @pytest.mark.parametrize("said_by", ["tf_keras", "tf_keras.layers.Dense", LEGACY_SWITCH])
    def test_the_code_says_so(self, project: Path, said_by: str) -> None:
        write(project, "requirements.txt", "tensorflow>=2.16\n")
        assert detected(project, "tensorflow", said_by).version == KERAS_2

    def test_a_requirement_says_so(self, project: Path) -> None:
        write(project, "requirements.txt", "tensorflow>=2.16\ntf-keras\n")
        assert detected(project) == DetectedVersion(KERAS_2, "from requirements.txt: tf-keras")

    def test_a_requirement_says_so_beside_a_lock_file(self, project: Path) -> None:
        write(project, "pyproject.toml", '[project]\ndependencies = ["tensorflow", "tf-keras~=2.17"]\n')
        packages = [("keras", "3.4.0"), ("tensorflow", "2.17.0"), ("tf-keras", "2.17.0")]
        lock = "".join(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\n\n' for name, version in packages
        )
        write(project, "uv.lock", lock)
        assert detected(project).reason == "from pyproject.toml: tf-keras~=2.17"
        write(project, "pyproject.toml", '[project]\ndependencies = ["tensorflow", "transformers"]\n')
        assert detected(project).reason == "from uv.lock: keras==3.4.0"

    def test_the_code_uses_keras_3_all_the_same(self, project: Path) -> None:
        write(project, "requirements.txt", "tensorflow>=2.16\ntf-keras\n")
        assert detected(project, "keras.ops").version == KERAS_3

    def test_keras_3_is_wanted_by_name(self, project: Path) -> None:
        write(project, "requirements.txt", "keras>=3\ntf-keras\n")
        assert detected(project, "tf_keras").version == KERAS_3

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("Dockerfile", "FROM python:3.11\nENV TF_USE_LEGACY_KERAS=1\n"),
            ("Dockerfile", "ENV TF_USE_LEGACY_KERAS 1\n"),
            (".env", "TF_USE_LEGACY_KERAS=True\n"),
            ("environment.yml", "variables:\n  TF_USE_LEGACY_KERAS: '1'\n"),
        ],
    )
    def test_the_environment_says_so(self, project: Path, name: str, content: str) -> None:
        write(project, "requirements.txt", "tensorflow>=2.16\n")
        write(project, name, content)
        assert detected(project) == DetectedVersion(KERAS_2, f"from {name}: TF_USE_LEGACY_KERAS=1")

    @pytest.mark.parametrize("content", ["TF_USE_LEGACY_KERAS=0\n", "# TF_USE_LEGACY_KERAS=1\n"])
    def test_the_environment_says_no(self, project: Path, content: str) -> None:
        write(project, "requirements.txt", "tensorflow>=2.16\n")
        write(project, ".env", content)
        assert detected(project).version == KERAS_3


class TestImports:
    """What imported names tell."""

    @pytest.mark.parametrize(
        "name",
        [
            "keras.engine",
            "keras.engine.topology.Layer",
            "keras.layers.core",
            "keras.layers.core.Dense",
            "keras.layers.LocallyConnected1D",
            "keras.utils.np_utils",
            "keras.utils.np_utils.to_categorical",
            "keras.objectives",
            "keras.backend.tensorflow_backend.set_session",
            "keras.wrappers.scikit_learn.KerasClassifier",
            "keras.preprocessing.image.ImageDataGenerator",
            "tensorflow.keras.layers.experimental.preprocessing",
            "tensorflow.keras.wrappers.scikit_learn",
            "tensorflow.python.keras.layers.Dense",
            "tensorflow.compat.v1",
            "tensorflow.contrib.layers",
            "tensorflow.estimator",
            "tensorflow_addons",
            "tf_keras",
            LEGACY_SWITCH,
        ],
    )
    def test_keras_2(self, project: Path, name: str) -> None:
        assert detected(project, "keras", "tensorflow", name).version == KERAS_2

    @pytest.mark.parametrize(
        "name",
        [
            "keras.ops",
            "keras.ops.numpy",
            "keras.random",
            "keras.tree",
            "keras.distribution",
            "keras.saving",
            "keras.layers.RMSNormalization",
            "tensorflow.keras.ops",
            "keras_core.layers",
        ],
    )
    def test_keras_3(self, project: Path, name: str) -> None:
        result = detected(project, "keras", name)
        assert result.version == KERAS_3
        assert result.reason.startswith("from imports: ")

    @pytest.mark.parametrize(
        "name",
        [
            "keras",
            "keras.layers.Dense",
            "tensorflow.keras.preprocessing.image.ImageDataGenerator",
            "keras.src.layers.Dense",
            "keras.optimizers.legacy.Adam",
            "tensorflow",
            "tensorflow.data",
            "numpy.random",
            "tensorflow.keras.saving.register_keras_serializable",
        ],
    )
    def test_nothing(self, name: str) -> None:
        assert weigh_imports([name]) is None

    def test_a_package_tells_once_for_each_file(self) -> None:
        names = ["keras_core", "keras_core.ops", "keras_core.ops.mean", "keras.engine", "numpy"]
        assert telling_once(names) == ["keras.engine", "keras_core", "numpy"]

    def test_the_many_outweigh_the_few(self) -> None:
        evidence = weigh_imports(["keras.ops"] * 3 + ["keras.engine"])
        assert evidence is not None
        assert (evidence.generation, evidence.names) == (3, ("keras.ops",))

    def test_an_even_contradiction_tells_nothing(self, project: Path) -> None:
        assert detected(project, "keras.ops", "keras.engine").version == KERAS_3
        assert weigh_imports(["keras.ops", "keras.engine"]) is None

    def test_the_reason_is_short(self) -> None:
        names = [
            "keras.engine",
            "keras.engine.Layer",
            "keras.objectives",
            "keras.layers.core",
            "keras.utils.np_utils",
        ]
        assert str(weigh_imports(names)) == "keras.engine, keras.layers.core, keras.objectives and 1 more"


class TestFolders:
    """Several projects in one repository."""

    def test_the_nearest_file_upward_wins(self, project: Path) -> None:
        write(project, "requirements.txt", "tensorflow==2.17\n")
        write(project, "old/requirements.txt", "tensorflow==2.9\n")
        detector = VersionDetector(project)
        assert detector.detect().version == KERAS_3
        assert detector.detect_for(project / "train.py").version == KERAS_3
        assert detector.detect_for(project / "new" / "train.py").version == KERAS_3
        old = detector.detect_for(project / "old" / "src" / "train.py")
        assert old == DetectedVersion(KerasVersion(2, 9), "from old/requirements.txt: tensorflow==2.9")

    def test_parents_of_the_root_within_the_repository(self, project: Path) -> None:
        write(project, "pyproject.toml", '[project]\ndependencies = ["keras==2.9"]\n')
        assert detected(project / "src" / "package").reason == "from ../../pyproject.toml: keras==2.9"

    def test_no_parents_outside_a_repository(self, tmp_path: Path) -> None:
        write(tmp_path, "requirements.txt", "keras==2.9\n")
        assert detected(tmp_path / "project").reason == "the newest; nothing in the project says"

    def test_nothing_beyond_the_repository(self, project: Path) -> None:
        write(project, "requirements.txt", "keras==2.9\n")
        (project / "inner" / ".git").mkdir(parents=True)
        assert detected(project / "inner").version == KERAS_3

    def test_a_decisive_file_farther_up_tells_more_than_an_open_range(self, project: Path) -> None:
        write(project, "requirements.txt", "tensorflow==2.9\n")
        write(project, "part/setup.py", "setup(install_requires=['tensorflow>=2.0'])")
        assert VersionDetector(project).detect_for(project / "part" / "a.py").version == KerasVersion(2, 9)

    def test_each_folder_is_read_once(self, project: Path) -> None:
        write(project, "requirements.txt", "tensorflow==2.9\n")
        detector = VersionDetector(project)
        before = detector.detect_for(project / "a.py")
        write(project, "requirements.txt", "tensorflow==2.17\n")
        assert detector.detect_for(project / "b.py") == before
        assert detector.detect_for(project / "sub" / "c.py") == before


@pytest.mark.parametrize(
    ("text", "specifier"),
    [
        ("^2.4", ">=2.4,<3"),
        ("^0.3.1", ">=0.3.1,<0.4"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~2.4", ">=2.4,<2.5"),
        ("~2.4.1", ">=2.4.1,<2.5"),
        ("~2", ">=2,<3"),
        ("~=2.4", "~=2.4"),
        ("2.4.1", "==2.4.1"),
        ("2.4.*", "==2.4.*"),
        ("*", ""),
        (">=2.4,<2.11", ">=2.4,<2.11"),
        (">=2.4 <2.11", ">=2.4,<2.11"),
        ("^2.4 || ^3.0", ">=3.0,<4"),
    ],
)
def test_constraints_of_poetry(text: str, specifier: str) -> None:
    assert poetry_specifier(text) == specifier


@pytest.mark.parametrize(
    ("text", "specifier"),
    [
        ("=2.4", "==2.4.*"),
        ("2.4", "==2.4.*"),
        ("==2.4.1", "==2.4.1"),
        ("=2.4=gpu_py39", "==2.4.*"),
        ("2.4.*", "==2.4.*"),
        ("2.4*", "==2.4.*"),
        (">=2.4,<2.6", ">=2.4,<2.6"),
        ("*", ""),
    ],
)
def test_constraints_of_conda(text: str, specifier: str) -> None:
    assert conda_specifier(text) == specifier


class TestNotebooks:
    """Notebooks are programs of their own, and folders of them may be for different Keras."""

    NAMES: ClassVar = {
        "new/a.ipynb": ["keras.ops"],
        "new/b.ipynb": [],
        "new/c.ipynb": ["keras.ops", "keras.objectives"],
        "old/a.ipynb": ["keras.objectives"],
        "old/b.ipynb": [],
        "old/c.ipynb": ["keras.ops"],
        "weak/a.ipynb": ["tensorflow.compat.v1"],
    }

    def detected(self, project: Path, path: str) -> DetectedVersion:
        for name in self.NAMES:
            write(project, name, "{}")
        imports = [name for names in self.NAMES.values() for name in names]
        notebooks = {project / name: names for name, names in self.NAMES.items()}
        return VersionDetector(project, imports=imports, notebooks=notebooks).detect_for(project / path)

    @pytest.mark.parametrize(
        ("path", "version", "reason"),
        [
            ("new/a.ipynb", KERAS_3, "from imports: keras.ops"),
            ("new/b.ipynb", KERAS_3, "from imports: keras.ops"),
            ("old/a.ipynb", KERAS_2, "from imports in old/a.ipynb: keras.objectives"),
            ("old/c.ipynb", KERAS_3, "from imports: keras.ops"),
            ("weak/a.ipynb", KERAS_3, "from imports: keras.ops"),
            ("new/module.py", KERAS_3, "from imports: keras.ops"),
        ],
    )
    def test_what_a_notebook_imports(
        self, project: Path, path: str, version: KerasVersion, reason: str
    ) -> None:
        assert self.detected(project, path) == DetectedVersion(version, reason)

    def test_what_those_beside_it_import(self, project: Path) -> None:
        write(project, "old/a.ipynb", "{}")
        notebooks = {project / "old" / "a.ipynb": ["keras.objectives"], project / "old" / "b.ipynb": []}
        detector = VersionDetector(project, imports=["keras.ops"], notebooks=notebooks)
        expected = DetectedVersion(KERAS_2, "from imports in old: keras.objectives")
        assert {detector.detect_for(path) for path in notebooks} == {expected}

    def test_a_requirement_tells_more(self, project: Path) -> None:
        write(project, "requirements.txt", "keras>=3\n")
        detector = VersionDetector(project, notebooks={project / "a.ipynb": ["keras.objectives"]})
        assert detector.detect_for(project / "a.ipynb").version == KERAS_3
