"""Runs one document in real Keras and prints what happened: `python tests/oracle/run_document.py rules/x.md`.

--keras 2.15    in one generation only
--line 30       only the example whose code starts on, or surrounds, this line of the document
-v              with warnings, output, and every exception in full
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from environments import GENERATIONS, reason_missing
from judge import Outcome, Verdict, is_error, is_run, judge, run_examples

from kerasast.testing import Example, iter_examples
from kerasast.versions import KerasVersion


def main() -> int:
    """Run the documents named on the command line; 1 if real Keras disagrees with a mark."""
    parser = argparse.ArgumentParser(description="Run documents of rules in real Keras.")
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--keras", choices=[generation.version for generation in GENERATIONS])
    parser.add_argument("--line", type=int)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    if reason := reason_missing():
        sys.exit(reason)
    generations = [item for item in GENERATIONS if options.keras in (None, item.version)]
    examples = [example for path in options.documents for example in iter_examples(path)]
    if options.line is not None:
        examples = [example for example in examples if _surrounds(example, options.line)]
    outcomes = run_examples(examples, generations)
    disagreements = 0
    for example in examples:
        print(f"\n{example.document}:{example.line} {example.heading}")
        for generation in generations:
            version = KerasVersion.parse(generation.version)
            if not is_run(example, version):
                print(f"  Keras {version}: not run")
                continue
            verdict = judge(example, version, outcomes[generation.version])
            disagreements += not verdict.agrees
            print_verdict(verdict, version, is_error(example, version), options.verbose)
    print(f"\n{len(examples)} examples, {disagreements} disagreements")
    return int(disagreements > 0)


def _surrounds(example: Example, line: int) -> bool:
    return any(file.line - 1 <= line <= file.line + file.code.count("\n") for file in example.files)


def print_verdict(verdict: Verdict, version: KerasVersion, error: bool, verbose: bool) -> None:
    """Print what Keras says of an example."""
    claim = "error" if error else "clean"
    print(f"  Keras {version} [{claim}]: {'ok' if verdict.agrees else 'DISAGREES'}: {verdict.text}")
    for outcome in verdict.outcomes if verbose else ():
        print_outcome(outcome)


def print_outcome(outcome: Outcome) -> None:
    """Print everything that is known of one run."""
    print(f"    {outcome.seconds} s")
    for failure in (outcome.raised, outcome.proof):
        if failure is not None and not isinstance(failure, bool):
            print(f"    {failure.type} in {failure.file}, line {failure.line}:")
            print("".join(f"      {line}\n" for line in failure.message.splitlines()), end="")
    for title, lines in (("warning", outcome.warnings), ("output", outcome.output.splitlines())):
        print("".join(f"    {title}: {line}\n" for line in lines), end="")
    for artefact in outcome.artefacts:
        print(f"    saved: {artefact}")


if __name__ == "__main__":
    sys.exit(main())
