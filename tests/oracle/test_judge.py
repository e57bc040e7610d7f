"""The judge agrees and disagrees where it should: on made-up outcomes, and on sample documents in real Keras."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from environments import GENERATIONS, reason_missing
from judge import (
    Artefact,
    Failure,
    Outcome,
    Verdict,
    is_captured,
    is_listed,
    is_run,
    judge_clean,
    judge_error,
    judge_shown,
    normalise,
    run_examples,
)
from judge import judge as judge_example

from kerasast.documents import parse_document
from kerasast.error_messages import messages_of
from kerasast.testing import Example, ProgramFile, iter_examples
from kerasast.versions import KERAS_3, KerasVersion

DONE = Outcome(None, None, (), (), (), "", None, 0.1)
RAISED = Failure("ValueError", "You must not do this.", "program.py", 3)
EXAMPLE = Example(Path("cases.md"), "", "", (ProgramFile("program.py", "", 1),), ())


def test_wrong_program_that_raises_agrees() -> None:
    verdict = judge_error(EXAMPLE, KERAS_3, replace(DONE, raised=RAISED))
    assert verdict.agrees
    assert verdict.seen == ("ValueError: You must not do this.",)


def test_wrong_program_that_is_itself_broken_disagrees() -> None:
    broken = replace(RAISED, type="NameError", message="name 'kears' is not defined")
    assert not judge_error(EXAMPLE, KERAS_3, replace(DONE, raised=broken)).agrees


@pytest.mark.parametrize("listed", [True, False])
def test_exception_of_a_document_must_be_listed(tmp_path: Path, listed: bool) -> None:
    path = tmp_path / "rule.md"
    message = "ValueError: You must not do this." if listed else "ValueError: You may."
    path.write_text(f"# rule\n\n## Error messages\n\n```text\n{message}\n```\n")
    example = replace(EXAMPLE, document=path, is_document=True)
    verdict = judge_error(example, KERAS_3, replace(DONE, raised=RAISED))
    assert verdict.agrees is listed
    assert listed or "add, or correct:\n  You must not do this." in verdict.text


@pytest.mark.parametrize("proof", [True, RAISED, None])
def test_what_a_proof_shows_of_a_right_program_must_hold(proof: Failure | bool | None) -> None:
    clean = judge_clean(DONE, None)
    verdict = judge_shown(replace(DONE, proof=proof, observations=("two weights",)), clean)
    assert verdict.agrees is (proof is True)
    assert verdict.seen == (("two weights",) if proof is True else ())
    assert proof is not RAISED or "You must not do this." in verdict.text


def test_wrong_program_without_a_proof_disagrees() -> None:
    verdict = judge_error(EXAMPLE, KERAS_3, DONE)
    assert not verdict.agrees
    assert "nor is followed by a proof" in verdict.text


def test_wrong_program_with_a_proof_that_holds_agrees() -> None:
    verdict = judge_error(EXAMPLE, KERAS_3, replace(DONE, proof=True, observations=("0 arrays",)))
    assert verdict.agrees
    assert verdict.seen == ("0 arrays",)


def test_wrong_program_with_a_proof_that_fails_disagrees() -> None:
    verdict = judge_error(EXAMPLE, KERAS_3, replace(DONE, proof=RAISED))
    assert not verdict.agrees
    assert "does not hold" in verdict.text


def test_right_program_that_runs_agrees() -> None:
    assert judge_clean(DONE, None).agrees


def test_right_program_that_raises_disagrees() -> None:
    assert "raises ValueError" in judge_clean(replace(DONE, raised=RAISED), None).text


def test_right_program_that_loses_what_it_saves_disagrees() -> None:
    lost = Artefact("save", "m.keras", 2, "2 of 2 arrays do not come back")
    verdict = judge_clean(replace(DONE, artefacts=(lost,)), None)
    assert not verdict.agrees
    assert "`m.keras` (save): 2 of 2 arrays do not come back" in verdict.text


def test_proof_must_fail_after_a_right_program() -> None:
    assert not judge_clean(DONE, replace(DONE, proof=True)).agrees
    assert judge_clean(DONE, replace(DONE, proof=replace(RAISED, type="AssertionError"))).agrees


def test_proof_that_only_misses_a_name_proves_nothing() -> None:
    missing = replace(RAISED, type="NameError", message="name 'loaded' is not defined")
    assert "use the same names" in judge_clean(DONE, replace(DONE, proof=missing)).text


def test_crash_never_agrees() -> None:
    verdict = judge_example(EXAMPLE, KERAS_3, {EXAMPLE.id: replace(DONE, crash="killed by signal 11")})
    assert verdict == Verdict(False, "killed by signal 11", (), (replace(DONE, crash="killed by signal 11"),))


@pytest.mark.parametrize(
    "message, telling",
    [
        ("One.\nTwo.", "One."),
        (
            "Exception encountered when calling Net.call().\n\n\x1b[1mNo weight.\x1b[0m\n\nArguments",
            "No weight.",
        ),
        (
            'in user code:\n\n    File "a.py", line 3, in f  *\n        g()\n\n    ValueError: No loss.\n',
            "No loss.",
        ),
        (
            "{{function_node __wrapped__AddV2}} Incompatible shapes: [2] [Op:AddV2]",
            "Incompatible shapes: [2] [Op:AddV2]",
        ),
        ("", ""),
    ],
)
def test_telling_line(message: str, telling: str) -> None:
    assert Failure("ValueError", message, None, None).telling == telling


def test_cause_is_the_innermost_text_of_loading() -> None:
    message = (
        "<class 'Sequential'> could not be deserialized properly.\n\nconfig={}.\n\n"
        "Exception encountered: <class 'Scale'> could not be deserialized properly.\n\n"
        "Exception encountered: Scale.__init__() got an unexpected keyword argument 'name'"
    )
    raised = Failure("TypeError", message, None, None)
    assert raised.telling == "<class 'Sequential'> could not be deserialized properly."
    assert raised.cause == "Scale.__init__() got an unexpected keyword argument 'name'"


@pytest.mark.parametrize(
    "message, listed",
    [
        ("ValueError: Layer 'dense' expected 0 variables, but received 2 variables.", True),
        ("Layer 'dense_1' expected 4 variables, but received 12 variables", True),
        ("TypeError: Layer 'dense' expected 0 variables, but received 2 variables.", False),
        ("ValueError: Layer 'dense' expected 0 variables", True),
        ("ValueError: Layer", False),
        ("ValueError: Layer 'dense' lost 0 variables, but received 2 variables.", False),
    ],
)
def test_listed_messages_are_compared_without_names_and_numbers(message: str, listed: bool) -> None:
    raised = Failure("ValueError", "Layer 'd' expected 1 variables, but received 3 variables.", None, None)
    assert is_listed(raised, [message]) is listed


@pytest.mark.parametrize(
    "text, captured",
    [
        ("ValueError: Layer 'dense_7' expected 4 variables.\nCall build first.\nmore", True),
        ("prefix\nkeras.ValueError: Layer \x1b[1m'dense_7' expected 4\nvariables. Call build first.", True),
        ("TypeError: Layer 'dense_7' expected 4 variables. Call build first.", False),
        ("ValueError: Layer 'dense_7' expected 4 variables. Call build last.", False),
    ],
)
def test_a_captured_message_has_the_type_and_all_sentences(text: str, captured: bool) -> None:
    listed = "ValueError: Layer 'dense' expected 0 variables. Call `build` first."
    document = f"# some-rule\n\n## Error messages\n\nKeras 3.15:\n\n```text\n{listed}\n```\n"
    (message,) = messages_of(parse_document(document, Path("some-rule.md")))
    assert is_captured(message, ["", text]) is captured


def test_normalised_messages_have_no_addresses_or_paths() -> None:
    one = normalise("<Dense name=dense, built=False> at 0x7f12ab34 of /tmp/abc/model.keras, shape (None, 4)")
    assert one == normalise(
        "<Dense name=dense_7, built=True> at 0x7f99ab34 of models/m.keras, shape (None, 3)"
    )


SAMPLES = """# Samples

## Raises [agrees]

```python
import keras
keras.Sequential([keras.layers.Dense(2)]).count_params()  # error: [save-before-build]
```

## Runs, and no proof [disagrees]

```python
import keras  # error: [save-before-build]
```

## Proof holds [agrees]

```python
import keras
model = keras.Sequential([keras.layers.Dense(2)])
model.save("model.keras")  # error: [save-before-build]
```

```python proof
import os
assert os.listdir() == ["model.keras"]
assert not model.built
observe("not built")
```

## Proof fails [disagrees]

```python
x = 1  # error: [save-before-build]
```

```python proof
assert x == 2
```

## Ends well [agrees]

```python
import keras
import numpy as np
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
model.save("model.keras")
model.save("model.h5")
model.save_weights("model.weights.h5")
model.export("exported")
model.compile("sgd", "mse")
model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
```

## Stops [disagrees]

```python
raise SystemExit("no data")
```

## Saves nothing [disagrees]

```python
import keras
model = keras.Sequential([keras.layers.Dense(2)])
model.save("model.keras")
```

## Cannot be loaded [disagrees]

```python
import keras
class Scale(keras.layers.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor
    def call(self, x):
        return x * self.factor
    def get_config(self):
        return super().get_config()
model = keras.Sequential([keras.layers.Input((3,)), Scale(2)])
model.save("model.keras")
```

## Loses a variable [disagrees]

```python
import types
import keras
import tensorflow as tf
class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)
        self.scale = types.SimpleNamespace(value=tf.Variable(1.0))
    def call(self, x):
        return self.dense(x) * self.scale.value
model = Net()
model(tf.ones((1, 3)))
model.scale.value.assign(5.0)
model.save("model.keras")
```

## Several files [agrees]

```python title="models/net.py"
import keras
def build():
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
```

```python title="train.py"
import os
from models.net import build
assert os.listdir() == []
build().save("model.keras")
```

## Has much to say [agrees]

```python
import logging
import warnings

warnings.warn("One\\nand two.")
logging.getLogger("absl").warning("Three.")
try:
    try:
        {}["four"]
    except KeyError as error:
        raise ValueError("Five.") from error
except ValueError:
    pass
```

## Kills itself [disagrees]

```python
import os
os.kill(os.getpid(), 11)
```
"""


@pytest.mark.oracle
@pytest.mark.skipif(reason_missing() is not None, reason=reason_missing() or "")
def test_sample_programs_in_real_keras(tmp_path: Path) -> None:
    path = tmp_path / "samples.md"
    path.write_text(SAMPLES)
    examples = list(iter_examples(path))
    outcomes = run_examples(examples)
    for generation in GENERATIONS:
        version = KerasVersion.parse(generation.version)
        for example in examples:
            assert is_run(example, version)
            verdict = judge_example(example, version, outcomes[generation.version])
            assert verdict.agrees == ("[agrees]" in example.heading), (version, example.heading, verdict.text)
        (talking,) = (example for example in examples if example.heading.startswith("Has much"))
        printed = outcomes[generation.version][talking.id].printed
        assert {"UserWarning: One\nand two.", "ValueError: Five.", "KeyError: 'four'"} <= set(printed)
        assert any("Three." in text for text in printed)


RULE = """# save-before-build

It.

## What it does

It.

## Example

```python
import keras
model = keras.Sequential([keras.layers.Dense(2)])
model.save("model.keras")  # error
```

## Use instead

```python
import keras
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
model.save("model.keras")
```

## Proof

```python
PROOF
```
"""


@pytest.mark.oracle
@pytest.mark.skipif(reason_missing() is not None, reason=reason_missing() or "")
@pytest.mark.parametrize(
    "proof, proves", [("assert not model.built", True), ("assert model is not None", False)]
)
def test_proof_must_discriminate(tmp_path: Path, proof: str, proves: bool) -> None:
    path = tmp_path / "save-before-build.md"
    path.write_text(RULE.replace("PROOF", proof))
    wrong, right = iter_examples(path)
    outcomes = run_examples([wrong, right], GENERATIONS[1:])[GENERATIONS[1].version]
    assert judge_example(wrong, KERAS_3, outcomes).agrees
    assert judge_example(right, KERAS_3, outcomes).agrees is proves
