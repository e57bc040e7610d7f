"""Draws programs: mostly right ones, with the mistakes that people make, each at its own rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from differential.choices import Choices, chance, pick, weigh
from differential.grammar import (
    Architecture,
    Assembly,
    Base,
    Build,
    Builder,
    BuildStep,
    CloneStep,
    CompileStep,
    Config,
    CopyStep,
    CustomClass,
    Extension,
    FitStep,
    FreezeStep,
    FreshStep,
    Graph,
    Imports,
    Kind,
    Kwargs,
    Layer,
    LoadModelStep,
    LoadWeightsStep,
    LossName,
    Metrics,
    Nested,
    Parameter,
    PathStyle,
    Place,
    Placed,
    Program,
    Registration,
    SaveStep,
    Scope,
    Start,
    State,
    Step,
    SuperInit,
    Target,
    Touch,
    UseStep,
)

_KERAS_LAYERS = (
    Layer("Dense", "4"),
    Layer("Dense", '4, activation="tanh"'),
    Layer("Dense", "4, use_bias=False"),
    Layer("Dropout", "0.1"),
    Layer("BatchNormalization"),
    Layer("LayerNormalization"),
    Layer("Activation", '"tanh"'),
)


def draw_program(choices: Choices) -> Program:
    """A program."""
    kind = weigh(choices, {Kind.SEQUENTIAL: 40, Kind.FUNCTIONAL: 30, Kind.SUBCLASSED: 30})
    classes = _draw_classes(choices, kind)
    model = _draw_model(choices, kind, len(classes))
    builder = _draw_builder(choices, kind)
    steps = tuple(Placed(step, _draw_place(choices)) for step in _draw_steps(choices, model, bool(classes)))
    return Program(
        imports=weigh(
            choices, {Imports.KERAS: 50, Imports.TENSORFLOW: 20, Imports.ATTRIBUTE: 15, Imports.LAYERS: 15}
        ),
        classes=classes,
        model=model,
        builder=builder,
        scope=weigh(choices, {Scope.MODULE: 55, Scope.MAIN: 25, Scope.TRAINER: 20}),
        steps=steps,
    )


# Classes


def _draw_classes(choices: Choices, kind: Kind) -> tuple[CustomClass, ...]:
    if kind is Kind.SUBCLASSED:
        net = draw_class(choices, "Net", Base.MODEL)
        if net.state not in (State.CHILD_IN_INIT, State.CHILD_IN_LIST) or not chance(choices, 40):
            return (net,)
        mix = draw_class(choices, "Mix", Base.LAYER)
        return (mix, replace(net, child=mix))
    return (draw_class(choices, "Mix", Base.LAYER),) if chance(choices, 35) else ()


def draw_class(choices: Choices, name: str, base: Base) -> CustomClass:
    """A class of layers or models."""
    parameter = weigh(choices, {Parameter.NONE: 40, Parameter.UNITS: 30, Parameter.SCALE: 30})
    state = _draw_state(choices, base)
    return CustomClass(
        name=name,
        base=base,
        registration=weigh(
            choices,
            {
                Registration.DEFAULT: 45,
                Registration.PACKAGE: 15,
                Registration.NONE: 37,
                Registration.UNCALLED: 3,
            },
        ),
        kwargs=weigh(
            choices, {Kwargs.FORWARDED: 70, Kwargs.ABSENT: 16, Kwargs.DROPPED: 7, Kwargs.NAME_ONLY: 7}
        ),
        super_init=weigh(choices, {SuperInit.FIRST: 92, SuperInit.LAST: 4, SuperInit.MISSING: 4}),
        parameter=parameter,
        config=_draw_config(choices, parameter),
        state=state,
        build=_draw_build(choices, state),
    )


def _draw_state(choices: Choices, base: Base) -> State:
    if base is Base.MODEL:
        return weigh(
            choices,
            {
                State.CHILD_IN_INIT: 40,
                State.CHILD_IN_LIST: 15,
                State.CHILD_IN_DICT: 8,
                State.CHILD_SEQUENTIAL: 12,
                State.CHILD_IN_BUILD: 6,
                State.CHILD_IN_CALL: 4,
                State.CHILD_IN_OBJECT: 4,
                State.CHILD_IN_DEQUE: 3,
                State.WEIGHT_IN_BUILD: 5,
                State.VARIABLE_IN_INIT: 3,
            },
        )
    return weigh(
        choices,
        {
            State.WEIGHT_IN_BUILD: 30,
            State.CHILD_IN_INIT: 20,
            State.WEIGHT_IN_INIT: 8,
            State.CHILD_IN_BUILD: 8,
            State.CHILD_IN_LIST: 6,
            State.CHILD_SEQUENTIAL: 4,
            State.VARIABLE_IN_BUILD: 4,
            State.VARIABLE_IN_INIT: 4,
            State.POSITIONAL_WEIGHT: 4,
            State.CHILD_IN_CALL: 3,
            State.CHILD_IN_OBJECT: 3,
            State.NONE: 6,
        },
    )


def _draw_config(choices: Choices, parameter: Parameter) -> Config:
    if parameter is Parameter.NONE:
        return weigh(
            choices, {Config.NONE: 80, Config.FULL: 15, Config.NO_RETURN: 2, Config.WITHOUT_SUPER: 3}
        )
    return weigh(
        choices,
        {
            Config.FULL: 45,
            Config.MERGED: 20,
            Config.NONE: 20,
            Config.INCOMPLETE: 6,
            Config.WITHOUT_SUPER: 6,
            Config.NO_RETURN: 3,
        },
    )


def _draw_build(choices: Choices, state: State) -> Build:
    if state in (State.CHILD_IN_INIT, State.CHILD_IN_LIST, State.CHILD_SEQUENTIAL):
        return weigh(choices, {Build.NONE: 65, Build.CHILDREN: 20, Build.SUPER: 8, Build.FLAG: 7})
    return Build.NONE


# Models


def _draw_model(choices: Choices, kind: Kind, classes: int) -> Architecture:
    if kind is Kind.SUBCLASSED:
        return Architecture(kind, custom=classes - 1)
    layers = [_draw_layer(choices, number) for number in range(1 + choices.below(2))]
    if classes:
        layers.insert(choices.below(len(layers) + 1), Layer("", custom=0, name="mix"))
    if chance(choices, 20):
        layers.insert(0, _draw_nested(choices))
    return Architecture(
        kind,
        tuple(layers),
        weigh(choices, {Start.INPUT: 50, Start.INPUT_SHAPE: 12, Start.INPUT_LAYER: 8, Start.NONE: 30}),
        weigh(choices, {Assembly.LIST: 65, Assembly.ADD: 25, Assembly.VARIABLE: 10}),
        weigh(choices, {Graph.CHAIN: 70, Graph.RESIDUAL: 15, Graph.SHARED: 15}),
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


# Steps


def _draw_steps(choices: Choices, model: Architecture, custom: bool) -> Iterator[Step]:
    built = model.kind is Kind.FUNCTIONAL or (model.kind is Kind.SEQUENTIAL and model.start is not Start.NONE)
    if chance(choices, 15 if built else 55):
        yield _draw_touch(choices)
    if chance(choices, 22):
        yield _draw_freeze(choices, model, trainable=False)
    trains = chance(choices, 78)
    if chance(choices, 96 if trains else 30):
        yield _draw_compile(choices)
    if trains:
        yield from _draw_training(choices, model)
    if chance(choices, 80):
        yield from _draw_saving(choices, model, custom)
    else:
        yield UseStep(pick(choices, ("predict", "__call__")))
        if chance(choices, 20):
            yield CopyStep()


def _draw_compile(choices: Choices) -> CompileStep:
    losses = {LossName.LONG: 45, LossName.SHORT: 35, LossName.OBJECT: 14, LossName.NONE: 6}
    return CompileStep(
        weigh(choices, losses),
        weigh(choices, {Metrics.NONE: 70, Metrics.NAME: 20, Metrics.OBJECT: 10}),
    )


def _draw_touch(choices: Choices) -> BuildStep:
    return BuildStep(weigh(choices, {Touch.CALL: 40, Touch.BUILD: 35, Touch.PREDICT: 10, Touch.SUMMARY: 5}))


def _draw_freeze(choices: Choices, model: Architecture, *, trainable: bool) -> FreezeStep:
    targets = {Target.FIRST: 30, Target.ALL_BUT_LAST: 20, Target.EACH: 8, Target.MODEL: 8}
    if model.kind is not Kind.SUBCLASSED:
        targets[Target.NAMED] = 15
    if model.nested:
        targets[Target.INNER] = 40
    return FreezeStep(weigh(choices, targets), trainable)


def _draw_training(choices: Choices, model: Architecture) -> Iterator[Step]:
    if chance(choices, 8):
        yield _draw_freeze(choices, model, trainable=False)
    yield _draw_fit(choices)
    if chance(choices, 20):
        yield _draw_freeze(choices, model, trainable=chance(choices, 50))
        if chance(choices, 60):
            yield _draw_compile(choices)
        yield _draw_fit(choices)


def _draw_fit(choices: Choices) -> FitStep:
    if chance(choices, 10):
        return FitStep(on_batch=True)
    checkpoint = (_draw_extension(choices, False), chance(choices, 50)) if chance(choices, 10) else None
    if checkpoint is not None and checkpoint[1]:
        checkpoint = (_draw_extension(choices, True), True)
    return FitStep(checkpoint)


def _draw_extension(choices: Choices, weights_only: bool) -> Extension:
    if weights_only:
        return weigh(
            choices, {Extension.WEIGHTS: 72, Extension.H5: 14, Extension.NONE: 9, Extension.KERAS: 5}
        )
    return weigh(choices, {Extension.KERAS: 82, Extension.H5: 10, Extension.NONE: 5, Extension.WEIGHTS: 3})


def _draw_saving(choices: Choices, model: Architecture, custom: bool) -> Iterator[Step]:
    weights_only = chance(choices, 45)
    yield SaveStep(
        weights_only,
        _draw_extension(choices, weights_only),
        weigh(
            choices,
            {
                PathStyle.LITERAL: 60,
                PathStyle.CONSTANT: 12,
                PathStyle.FSTRING: 8,
                PathStyle.JOIN: 10,
                PathStyle.PATHLIB: 10,
            },
        ),
        function=chance(choices, 8) and not weights_only,
    )
    if chance(choices, 25):
        return
    if weights_only:
        fresh = weigh(choices, {"fresh": 80, "clone": 8, "same": 12})
        if fresh == "fresh":
            yield FreshStep()
        elif fresh == "clone":
            yield CloneStep(with_weights=chance(choices, 50))
        if fresh != "same" and chance(choices, 60):
            yield _draw_touch(choices)
        yield LoadWeightsStep()
    else:
        yield LoadModelStep(custom_objects=custom and chance(choices, 45), compiled=chance(choices, 70))
    if chance(choices, 60):
        yield UseStep(pick(choices, ("predict", "__call__")))


def _draw_place(choices: Choices) -> Place:
    return weigh(
        choices,
        {
            Place.INLINE: 70,
            Place.HELPER: 12,
            Place.CONSTANT: 3,
            Place.FLAG: 3,
            Place.BOTH: 4,
            Place.LOOP: 3,
            Place.TRY: 2,
            Place.CLOSURE: 3,
        },
    )
