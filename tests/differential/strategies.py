"""Draws programs: mostly right ones, with the mistakes that people make, each at its own rate."""

from __future__ import annotations

from dataclasses import replace

from differential.choices import Choices, chance, pick, weigh
from differential.grammar import (
    EpochsStep,
    FreshStep,
    Imports,
    Layout,
    LoadModelStep,
    Place,
    Placed,
    Program,
    SaveStep,
    Scope,
    Step,
)
from differential.grammar_classes import Base, CustomClass
from differential.grammar_models import (
    ADAPTED,
    Architecture,
    Assembly,
    Builder,
    Graph,
    Kind,
    Layer,
    Nested,
    Start,
)
from differential.strategies_classes import draw_class, draw_net
from differential.strategies_steps import draw_steps

_KERAS_LAYERS = (
    Layer("Dense", "4"),
    Layer("Dense", '4, activation="tanh"'),
    Layer("Dense", "4, use_bias=False"),
    Layer("Dropout", "0.1"),
    Layer("BatchNormalization"),
    Layer("LayerNormalization"),
    Layer("Activation", '"tanh"'),
    Layer("Rescaling", "0.5"),
)


def draw_program(choices: Choices) -> Program:
    """A program."""
    kind = weigh(choices, {Kind.SEQUENTIAL: 36, Kind.FUNCTIONAL: 32, Kind.SUBCLASSED: 32})
    classes = _draw_classes(choices, kind)
    model = _draw_model(choices, kind, len(classes))
    builder = _draw_builder(choices, kind)
    steps = tuple(Placed(step, _draw_place(choices)) for step in draw_steps(choices, model, bool(classes)))
    program = Program(
        imports=weigh(
            choices, {Imports.KERAS: 50, Imports.TENSORFLOW: 20, Imports.ATTRIBUTE: 15, Imports.LAYERS: 15}
        ),
        classes=classes,
        model=model,
        builder=builder,
        scope=weigh(choices, {Scope.MODULE: 55, Scope.MAIN: 25, Scope.TRAINER: 20}),
        steps=steps,
    )
    layout = weigh(choices, {Layout.SINGLE: 70, Layout.MODELS: 14, Layout.STAGES: 8, Layout.SCRIPTS: 8})
    return _lay_out(program, layout)


def _lay_out(program: Program, layout: Layout) -> Program:
    """The program in these files, or in fewer if its course does not allow for it."""
    if layout is Layout.SINGLE:
        return program
    if program.builder is Builder.INLINE:
        program = replace(program, builder=Builder.FUNCTION)
    steps = [placed.step for placed in program.steps]
    saved = next((n for n, step in enumerate(steps) if isinstance(step, (SaveStep, EpochsStep))), None)
    if layout is not Layout.MODELS and (saved is None or not _stands_alone(steps[saved + 1 :], layout)):
        layout = Layout.MODELS
    scope = program.scope if layout is Layout.MODELS else Scope.MODULE
    return replace(program, layout=layout, scope=scope)


def _stands_alone(rest: list[Step], layout: Layout) -> bool:
    """Whether what follows can be in another file: as a script it has none of the objects made before."""
    return bool(rest) and (layout is Layout.STAGES or isinstance(rest[0], (FreshStep, LoadModelStep)))


# Classes and models


def _draw_classes(choices: Choices, kind: Kind) -> tuple[CustomClass, ...]:
    if kind is Kind.SUBCLASSED:
        return draw_net(choices)
    return (draw_class(choices, "Mix", Base.LAYER),) if chance(choices, 35) else ()


def _draw_model(choices: Choices, kind: Kind, classes: int) -> Architecture:
    if kind is Kind.SUBCLASSED:
        return Architecture(kind, custom=classes - 1)
    layers = [_draw_layer(choices, number) for number in range(1 + choices.below(2))]
    if classes:
        layers.insert(choices.below(len(layers) + 1), Layer("", custom=0, name="mix"))
    if chance(choices, 20):
        layers.insert(0, _draw_nested(choices))
    if chance(choices, 4):
        layers.append(Layer("Lambda", "lambda values: values * 2.0"))
    graph = weigh(
        choices,
        {
            Graph.CHAIN: 58,
            Graph.RESIDUAL: 12,
            Graph.SHARED: 10,
            Graph.TWO_INPUTS: 9,
            Graph.TWO_OUTPUTS: 9,
            Graph.RAW_OP: 2,
        },
    )
    if graph is not Graph.TWO_INPUTS and graph is not Graph.SHARED and chance(choices, 8):
        layers.insert(0, Layer("Normalization", name=ADAPTED))
    return Architecture(
        kind,
        tuple(layers),
        weigh(choices, {Start.INPUT: 50, Start.INPUT_SHAPE: 12, Start.INPUT_LAYER: 8, Start.NONE: 30}),
        weigh(choices, {Assembly.LIST: 65, Assembly.ADD: 25, Assembly.VARIABLE: 10}),
        graph,
    )


def _draw_layer(choices: Choices, number: int) -> Layer | Nested:
    layer = pick(choices, _KERAS_LAYERS)
    if not chance(choices, 20):
        return layer
    return Layer(layer.api, layer.arguments, name=f"hidden_{number}")


def _draw_nested(choices: Choices) -> Nested:
    layers = tuple(pick(choices, _KERAS_LAYERS[:3]) for _ in range(1 + choices.below(2)))
    return Nested(layers, has_input=chance(choices, 75), functional=chance(choices, 40))


def _draw_builder(choices: Choices, kind: Kind) -> Builder:
    builders = {Builder.INLINE: 45, Builder.FUNCTION: 40, Builder.DICT: 6}
    if kind is not Kind.SUBCLASSED:
        builders[Builder.TUPLE] = 9
    return weigh(choices, builders)


def _draw_place(choices: Choices) -> Place:
    return weigh(
        choices,
        {
            Place.INLINE: 66,
            Place.HELPER: 12,
            Place.CONSTANT: 3,
            Place.FLAG: 3,
            Place.BOTH: 4,
            Place.LOOP: 3,
            Place.TRY: 2,
            Place.CLOSURE: 3,
            Place.WITH: 1,
            Place.EXCEPT: 2,
            Place.ELSE: 1,
        },
    )
