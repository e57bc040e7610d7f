"""Writes models: the lines that make one."""

from __future__ import annotations

from differential.grammar_classes import CustomClass
from differential.grammar_models import (
    Architecture,
    Assembly,
    Graph,
    Kind,
    Layer,
    Nested,
    Start,
)
from differential.rendering_classes import instance

Names = dict[str, str]
Classes = tuple[CustomClass, ...]

HEAD = Layer("Dense", "2", name="head")
"""The last layer of every model that is made of layers."""


def render_model(model: Architecture, classes: Classes, subject: str, names: Names) -> list[str]:
    """The lines that make a model and assign it to `subject`."""
    if model.kind is Kind.SUBCLASSED:
        assert model.custom is not None
        return [f"{subject} = {instance(classes[model.custom], names)}"]
    lines = [f"base = {_sequential(layer, names)}" for layer in model.layers if isinstance(layer, Nested)]
    if model.kind is Kind.FUNCTIONAL:
        return [*lines, *_functional(model, classes, subject, names)]
    items = _items(model, classes, names)
    match model.assembly:
        case Assembly.LIST:
            return [*lines, f"{subject} = {names['keras']}.Sequential([{', '.join(items)}])"]
        case Assembly.VARIABLE:
            return [
                *lines,
                f"stack = [{', '.join(items)}]",
                f"{subject} = {names['keras']}.Sequential(stack)",
            ]
        case Assembly.ADD:
            adds = [f"{subject}.add({item})" for item in items]
            return [*lines, f"{subject} = {names['keras']}.Sequential()", *adds]


def _layer(layer: Layer | Nested, classes: Classes, names: Names, extra: str = "") -> str:
    if isinstance(layer, Nested):
        return "base"
    if layer.custom is not None:
        return instance(classes[layer.custom], names)
    named = f'name="{layer.name}"' if layer.name else ""
    arguments = ", ".join(part for part in (layer.arguments, named, extra) if part)
    return f"{names['layers']}.{layer.api}({arguments})"


def _base(nested: Nested, names: Names) -> list[str]:
    """The lines that make the model inside."""
    layers = [_layer(layer, (), names) for layer in nested.layers]
    if not nested.functional:
        return [f"base = {_sequential(nested, names)}"]
    lines = [f"{names['keras']}.Input((4,))", *(f"{layer}(features)" for layer in layers)]
    return [
        f"pixels = features = {lines[0]}",
        *(f"features = {line}" for line in lines[1:]),
        f'base = {names["keras"]}.Model(pixels, features, name="base")',
    ]


def _sequential(nested: Nested, names: Names) -> str:
    start = [f"{names['keras']}.Input((4,))"] if nested.has_input else []
    items = [*start, *(_layer(layer, (), names) for layer in nested.layers)]
    return f'{names["keras"]}.Sequential([{", ".join(items)}], name="base")'


def _items(model: Architecture, classes: Classes, names: Names) -> list[str]:
    items = [_layer(layer, classes, names) for layer in (*model.layers, HEAD)]
    match model.start:
        case Start.INPUT:
            return [f"{names['keras']}.Input((4,))", *items]
        case Start.INPUT_LAYER:
            return [f"{names['layers']}.InputLayer(input_shape=(4,))", *items]
        case Start.INPUT_SHAPE:
            first = model.layers[0]
            if isinstance(first, Layer) and first.custom is None:
                return [_layer(first, classes, names, "input_shape=(4,)"), *items[1:]]
    return items


def _functional(model: Architecture, classes: Classes, subject: str, names: Names) -> list[str]:
    lines = [f"inputs = {names['keras']}.Input((4,))"]
    tensor = "inputs"
    for number, layer in enumerate(model.layers):
        made = _layer(layer, classes, names)
        if model.graph is Graph.SHARED and number == 0:
            lines.append(f"shared = {made}")
            made = "shared"
            tensor = "shared(inputs)"
        lines.append(f"hidden = {made}({tensor})")
        tensor = "hidden"
    lines += _joint(model.graph, tensor, names)
    tensor = "hidden" if model.graph in _JOINED else tensor
    lines.append(f"outputs = {_layer(HEAD, classes, names)}({tensor})")
    inputs = "[inputs, others]" if model.graph is Graph.TWO_INPUTS else "inputs"
    outputs = "[outputs, extra]" if model.graph is Graph.TWO_OUTPUTS else "outputs"
    return [*lines, f"{subject} = {names['keras']}.Model({inputs}, {outputs})"]


_JOINED = (Graph.RESIDUAL, Graph.RAW_OP, Graph.TWO_INPUTS)


def _joint(graph: Graph, tensor: str, names: Names) -> list[str]:
    """The lines before the last layer that are not those of a chain."""
    layers = names["layers"]
    match graph:
        case Graph.RESIDUAL:
            return [f"hidden = {layers}.add([inputs, {tensor}])"]
        case Graph.RAW_OP:
            return [f"hidden = tf.nn.relu({tensor})"]
        case Graph.TWO_INPUTS:
            return [
                f"others = {names['keras']}.Input((4,))",
                f"hidden = {layers}.Concatenate()([{tensor}, {layers}.Dense(3)(others)])",
            ]
        case Graph.TWO_OUTPUTS:
            return [f'extra = {layers}.Dense(1, name="extra")({tensor})']
    return []
