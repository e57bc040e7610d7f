"""Finding the rules that a message belongs to: in all the shapes that people paste, and none that it does not."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from kerasast.documents import document, document_names, parse_document
from kerasast.error_messages import ErrorMessage, messages_of
from kerasast.explaining import Found, Report, explain, messages_printed
from kerasast.tracebacks import clean, frames

MESSAGES = [message for name in document_names() for message in messages_of(document(name))]
OWN = [message for message in MESSAGES if not message.from_python]

DOCUMENT = """\
# some-rule

It.

## Example

```python
class Scale(keras.layers.Layer):
    def call(self, x):
        return x * self.factor
```

## Error messages

Keras 2.15, in a very
long sentence:

```text
ValueError: Layer 'dense_1' of Scale expected 12 weights for (None, 4) in a/model.keras
```

Both generations:

```text
WARNING:absl:Argument `lr` is late. Use `learning_rate` in <keras.Adam object at 0x7f12>, or monitor=val_f1 for it.
```
"""


def found(
    text: str, messages: list[ErrorMessage] = MESSAGES, confirmed: frozenset[str] = frozenset()
) -> list[Found]:
    cleaned = clean(text)
    return explain(Report.read(cleaned, frames(cleaned)), messages, confirmed)


def rules(text: str, confirmed: frozenset[str] = frozenset()) -> list[str]:
    return [item.rule for item in found(text, confirmed=confirmed)]


# What a document lists.


def test_messages_know_their_versions_and_types() -> None:
    first, second = messages_of(parse_document(DOCUMENT, Path("some-rule.md")))
    assert (first.rule, first.type, [str(version) for version in first.versions]) == (
        "some-rule",
        "ValueError",
        ["2.15"],
    )
    assert (second.type, [str(version) for version in second.versions]) == ("", ["2.15", "3.15"])
    assert second.outline.startswith("Argumentlrislate.Uselearning_ratein\0,ormonitor=\0forit")


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: Layer 'conv_7' of Attention expected 3 weights for (2, 3, 4) in m.h5",
        "my.ValueError: Layer `conv_7` of my.Attention expected 3 weights for (2,) in /tmp/x y/../m.h5",
        "W0000 absl: Argument lr is late. Use learning_rate in <tf.Adam at 0x1>, or monitor=loss for it",
    ],
)
def test_names_numbers_shapes_and_paths_may_differ(text: str) -> None:
    messages = list(messages_of(parse_document(DOCUMENT, Path("some-rule.md"))))
    assert [item.rule for item in found(text, messages)] == ["some-rule"]


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: Layer 'conv_7' of Attention expected 3 biases for (2, 3, 4) in m.h5",
        "ValueError: Layer 'conv_7' expected 3 weights for (2, 3, 4) in m.h5",
        "Argument `decay` is late.",
    ],
)
def test_what_is_fixed_may_not(text: str) -> None:
    assert found(text, list(messages_of(parse_document(DOCUMENT, Path("some-rule.md"))))) == []


# What the documents of kerasast list.


@pytest.mark.parametrize("message", OWN, ids=lambda message: f"{message.rule}: {message.text[:50]}")
def test_every_message_of_keras_leads_to_its_rule(message: ErrorMessage) -> None:
    assert message.rule in rules(message.text)


@pytest.mark.parametrize(
    "message",
    [item for item in OWN if not item.wrapper],
    ids=lambda message: f"{message.rule}: {message.text[:50]}",
)
def test_every_message_survives_a_narrow_coloured_terminal(message: ErrorMessage) -> None:
    lines = "\n".join(f"\x1b[1m{line}\x1b[0m" for line in textwrap.wrap(message.text, 50))
    assert message.rule in rules(lines)
    broken = "\n".join(message.text[start : start + 37] for start in range(0, len(message.text), 37))
    assert message.rule in rules(broken)


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: bad",
        "KeyError: 'loss'",
        "AttributeError: 'DataFrame' object has no attribute 'append'",
        "AttributeError: 'Foo' object has no attribute 'bar'",
        "AttributeError: 'NoneType' object has no attribute 'items'",
        "TypeError: string indices must be integers, not 'str'",
        "ValueError: setting an array element with a sequence. The requested array has an inhomogeneous shape after 1 "
        "dimensions. The detected shape was (2,) + inhomogeneous part.",
        "TypeError: train() missing 1 required positional argument: 'config'",
        "ValueError: Argument(s) not recognized: {'foo': 0.1}",
        "ModuleNotFoundError: No module named 'keras'",
        "object has no attribute",
        "The model",
        "Epoch 1/10\n782/782 [==============================] - 12s 14ms/step - loss: 1.6",
        "ValueError: Exception encountered when calling Net.call().\n\nShapes (2, 3) and (4, 5) are incompatible",
        "TypeError: <class 'keras.src.models.functional.Functional'> could not be deserialized properly. Please ensure "
        "that components are deserialized.\n\nconfig={'a': 1}.\n\nException encountered: something nobody has seen",
    ],
)
def test_what_no_rule_knows(text: str) -> None:
    assert found(text) == []


KERAS_FRAME = 'File "/venv/lib/python3.11/site-packages/keras/src/layers/layer.py", line 99, in f\n    g()\n'


@pytest.mark.parametrize(
    "text",
    [
        f"{KERAS_FRAME}AttributeError: 'Foo' object has no attribute 'bar'",
        "File \"a.py\", line 9, in call\n    return x * self.bar\nAttributeError: 'Foo' object has no attribute 'bar'",
        "AttributeError: Exception encountered when calling Foo.call().\n\n'Foo' object has no attribute 'bar'\n",
    ],
)
def test_what_python_says_counts_if_it_comes_out_of_keras(text: str) -> None:
    assert rules(text)[0] == "undefined-weight"


def test_what_python_says_of_its_own_classes_does_not_count() -> None:
    assert found(f"{KERAS_FRAME}AttributeError: 'list' object has no attribute 'shape'") == []


def test_a_diagnostic_in_the_code_confirms_a_rule() -> None:
    text = "ValueError: Object arrays cannot be loaded when allow_pickle=False"
    assert rules(text) == []
    assert rules(text, confirmed=frozenset({"raw-weights-dump"})) == ["raw-weights-dump"]


def test_an_announcement_counts_where_nothing_says_more() -> None:
    text = "ValueError: Exception encountered when calling Net.call()."
    assert "state-created-in-call" in rules(text)
    inner = f"{text}\n\ntf.function only supports singleton tf.Variables created on the first call. Make sure"
    assert rules(inner) == ["state-created-in-call"]


def test_the_inner_message_decides_between_rules_with_the_same_announcement() -> None:
    text = (
        "TypeError: <class 'keras.src.models.functional.Functional'> could not be deserialized properly. Please ensure "
        "that components that are Python object instances (layers, models, etc.) returned by `get_config()` are "
        "explicitly deserialized in the model's `from_config()` method.\n\nconfig={'name': 'functional'}.\n\n"
        "Exception encountered: Could not locate class 'Patches'. Make sure custom classes and functions are decorated "
        "with `@keras.saving.register_keras_serializable()`."
    )
    assert rules(text)[0] == "missing-custom-objects"
    assert "init-without-kwargs" not in rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "You must call compile() before using",
        "has not yet been built. Try building the model",
        "ValueError: You are saving a model that has not yet been bui…",
        "on layer 'block_7' with a weight list of length 20, but the layer was",
    ],
)
def test_a_long_part_of_a_message_is_enough(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text", ["that has not yet been bui…", "before using the model", "on layer 'block_7' with"]
)
def test_a_short_part_of_a_message_is_not(text: str) -> None:
    assert not found(text)


def test_what_is_quoted_is_the_line_of_the_report() -> None:
    text = "Epoch 1\nValueError: You must call `compile()` before using\n the model.\nThe end"
    assert found(text)[0].quotes == ("ValueError: You must call `compile()` before using the model.",)


def test_the_lines_that_say_what_went_wrong() -> None:
    def printed(text: str) -> list[str]:
        return messages_printed(Report.read(text, ()))

    assert printed("Traceback\n  File 'x'\nValueError: one\n\na.b.OtherError: two\n") == [
        "ValueError: one",
        "a.b.OtherError: two",
    ]
    assert printed("it fails\nwith this\n----\n") == ["with this"]


def test_an_inner_message_has_the_type_of_its_announcement() -> None:
    text = (
        "FailedPreconditionError: Exception encountered when calling StringLookup.call().\n\n\x1b[1m"
        "{{function_node __wrapped__LookupTableFindV2_device_/job:localhost/device:CPU:0}} Table not initialized. "
        "[Op:LookupTableFindV2] name: \x1b[0m\n\nArguments received by StringLookup.call():"
    )
    assert rules(text) == ["unadapted-layer"]
    assert rules("Table not initialized.") == []


def test_long_lines_take_no_time() -> None:
    assert found("<" * 100_000 + "'" * 100_000 + "Unknown layer: " + "(" * 100_000) == []
