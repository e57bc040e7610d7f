"""Runs programs in real Keras; executed by the Python of an oracle environment, never imported by the tests.

Keras and TensorFlow are imported once. Every line on standard input is a program as JSON; for each one a
child is forked, which runs it in an empty folder of its own, and one line of JSON says what was observed:

    {"id": ..., "files": {path: code}, "main": path, "proofs": [code], "timeout": seconds,
     "watch": name, "environment": {name: value}}

    {"id": ..., "raised": failure, "proof": failure or "passed" or null, "observations": [text],
     "artefacts": [{"kind", "path", "arrays", "problem", "places"}], "losses": [{"kind", "text", "places"}],
     "exceptions": [text], "warnings": [text], "output": text, "seconds": s}

A failure is {"type", "message", "file", "line", "places"} or null; a place is [file, line]. `exceptions` and `warnings`
are whole texts after their types; the exceptions are those raised, those that the code handles itself, and what they
came from. `artefacts` holds what the program saved through Keras, each loaded back after the program has ended; it is
empty for programs with proofs. "watch" is the name of data in the program that fits its models: with it, training and
loading are watched too, and `losses` is what `watch.py` found. Where the process died or had to be killed,
there is a "crash" with a text.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, Optional  # noqa: UP035  (Python 3.9)

Json = Dict[str, Any]  # noqa: UP006  (Python 3.9)


def failure(error: BaseException, folder: str) -> Json:
    """An exception as data: its own line in the program, and its text without the temporary folder."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith((folder, "<proof"))]
    last = own[-1] if own else None
    return {
        "type": type(error).__name__,
        "message": str(error).replace(folder, ""),
        "file": last.filename.replace(f"{folder}/src/", "") if last else None,
        "line": last.lineno if last else None,
        "places": [[frame.filename.replace(f"{folder}/src/", ""), frame.lineno] for frame in own],
    }


def run_program(program: Json, folder: str, recorder: Any, watch: Any) -> Json:
    """Run one program, and its proofs or the check of what it saved, in this process."""
    import keras

    source, work = f"{folder}/src", f"{folder}/work"
    for path, code in program["files"].items():
        target = Path(source, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(code, encoding="utf-8")
    os.makedirs(work)
    os.chdir(work)
    os.environ.update(program.get("environment", {}))
    recorder.source = source
    sys.path[:0] = [source, str(Path(source, program["main"]).parent)]
    sys.argv = [program["main"]]
    module = types.ModuleType("__main__")
    module.__file__ = f"{source}/{program['main']}"
    sys.modules["__main__"] = module
    keras.utils.set_random_seed(1)
    observations: list[str] = []
    exceptions: list[str] = []
    module.__dict__[NOTE] = lambda: note(sys.exc_info()[1], folder, exceptions)
    result: Json = {
        "raised": None,
        "proof": None,
        "observations": observations,
        "artefacts": [],
        "losses": [],
        "exceptions": exceptions,
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recorder.active = not program["proofs"]
        watch.active = "watch" in program
        result["raised"] = execute(program["files"][program["main"]], module.__file__, module, folder)
        recorder.active = False
        if result["raised"] is None and program["proofs"]:
            module.__dict__["observe"] = lambda text: observations.append(str(text).replace(folder, ""))
            result["proof"] = "passed"
            for number, code in enumerate(program["proofs"], start=1):
                raised = execute(code, f"<proof {number}>", module, folder)
                if raised:
                    result["proof"] = raised
                    break
        elif result["raised"] is None:
            if watch.active:
                watch.finish(module.__dict__[program["watch"]])
                result["losses"] = watch.losses
            result["artefacts"] = [recorder.check(record, source) for record in recorder.latest()]
    result["warnings"] = sorted(
        {f"{item.category.__name__}: {item.message}".replace(folder, "") for item in caught}
    )
    return result


NOTE = "__note_exception__"


class NoteHandled(ast.NodeTransformer):
    """Lets every `except` begin with a call that notes down what it handles."""

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        call = ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), [], []))
        node.body.insert(0, ast.fix_missing_locations(ast.copy_location(call, node)))
        return node


def note(error: Optional[BaseException], folder: str, exceptions: list[str]) -> None:  # noqa: UP045
    """Note down an exception, and those that it came from."""
    while error is not None:
        exceptions.append(f"{type(error).__name__}: {error}".replace(folder, ""))
        error = error.__cause__ or error.__context__


def execute(code: str, filename: str, module: types.ModuleType, folder: str) -> Optional[Json]:  # noqa: UP045
    """Execute code in a module; a failure if it raises, `None` if it ends."""
    try:
        tree = NoteHandled().visit(ast.parse(code, filename))
        exec(compile(tree, filename, "exec", dont_inherit=True), module.__dict__)
    except SystemExit as error:
        return failure(error, folder) if error.code else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        module.__dict__[NOTE]()
        return failure(error, folder)
    return None


def child(program: Json, folder: str, recorder: Any, watch: Any) -> None:
    """Run the program in this forked process, leave the result in the folder, and end the process."""
    log = os.open(f"{folder}/output", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        result = run_program(program, folder, recorder, watch)
    except BaseException:
        result = {"crash": traceback.format_exc()}
    Path(folder, "result.json").write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def run_forked(program: Json, recorder: Any, watch: Any) -> Json:
    """Fork a child for the program and wait for it, at most for its time limit."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="kerasast-oracle-"))
    started = time.monotonic()
    try:
        pid = os.fork()
        if pid == 0:
            recorder.folder = f"{folder}/saved"
            child(program, folder, recorder, watch)
        result = wait(pid, program.get("timeout", 120)) or read_result(folder)
        with open(f"{folder}/output", encoding="utf-8", errors="replace") as output:
            result["output"] = output.read()[-4000:].replace(folder, "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"id": program["id"], **result, "seconds": round(time.monotonic() - started, 2)}


def read_result(folder: str) -> Json:
    try:
        result: Json = json.loads(Path(folder, "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"crash": "the process ended without a result"}
    return result


def wait(pid: int, seconds: float) -> Optional[Json]:  # noqa: UP045
    """Wait until the child ends; a result that says so if it has to be killed, or dies."""
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            died = os.WIFSIGNALED(status)
            return {"crash": f"killed by signal {os.WTERMSIG(status)}"} if died else None
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"crash": f"not finished after {seconds} seconds"}
        time.sleep(0.01)


def read_programs() -> Iterator[Json]:
    for line in sys.stdin:
        yield json.loads(line)


def main() -> None:
    """Serve programs until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(__file__).parent))
    with contextlib.redirect_stdout(sys.stderr):
        import artefacts
        import watch

        recorder = artefacts.Recorder()
        recorder.install()
        watching = watch.Watch(recorder)
        watching.install()
    gc.collect()
    gc.freeze()
    for program in read_programs():
        out.write(json.dumps(run_forked(program, recorder, watching)) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
