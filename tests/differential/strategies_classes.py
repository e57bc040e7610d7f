"""Draws custom layers and models: mostly right ones, with the mistakes that people make, each at its own rate."""

from __future__ import annotations

from dataclasses import replace

from differential.choices import Choices, chance, weigh
from differential.grammar_classes import (
    Base,
    Build,
    CallForm,
    Config,
    CustomClass,
    Extra,
    FromConfig,
    Kwargs,
    Parameter,
    Registration,
    State,
    SuperInit,
    TrainStep,
)


def draw_net(choices: Choices) -> tuple[CustomClass, ...]:
    """A class of models, after the class of its layers if it has one."""
    net = draw_class(choices, "Net", Base.MODEL)
    if net.state not in (State.CHILD_IN_INIT, State.CHILD_IN_LIST) or not chance(choices, 40):
        return (net,)
    mix = draw_class(choices, "Mix", Base.LAYER)
    return (mix, replace(net, child=mix))


def draw_class(choices: Choices, name: str, base: Base) -> CustomClass:
    """A class of layers or models."""
    parameter = weigh(
        choices,
        {
            Parameter.NONE: 44,
            Parameter.UNITS: 24,
            Parameter.SCALE: 20,
            Parameter.ACTIVATION: 8,
            Parameter.GATE: 4,
        },
    )
    state = _draw_state(choices, base)
    model = base is Base.MODEL
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
            choices, {Kwargs.FORWARDED: 76, Kwargs.ABSENT: 12, Kwargs.DROPPED: 6, Kwargs.NAME_ONLY: 6}
        ),
        super_init=weigh(choices, {SuperInit.FIRST: 94, SuperInit.LAST: 3, SuperInit.MISSING: 3}),
        parameter=parameter,
        config=_draw_config(choices, parameter),
        state=state,
        build=_draw_build(choices, state),
        extra=_draw_extra(choices) if model else Extra.NONE,
        form=_draw_form(choices, state),
        from_config=_draw_from_config(choices, parameter),
        train_step=_draw_train_step(choices) if model else TrainStep.NONE,
    )


def _draw_state(choices: Choices, base: Base) -> State:
    if base is Base.MODEL:
        return weigh(
            choices,
            {
                State.CHILD_IN_INIT: 43,
                State.CHILD_IN_LIST: 15,
                State.CHILD_IN_DICT: 8,
                State.CHILD_SEQUENTIAL: 12,
                State.CHILD_IN_BUILD: 5,
                State.CHILD_IN_CALL: 3,
                State.CHILD_IN_OBJECT: 3,
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
            State.POSITIONAL_WEIGHT: 3,
            State.CHILD_IN_CALL: 3,
            State.CHILD_IN_OBJECT: 3,
            State.NONE: 7,
        },
    )


def _draw_config(choices: Choices, parameter: Parameter) -> Config:
    if parameter is Parameter.NONE:
        return weigh(
            choices, {Config.NONE: 82, Config.FULL: 14, Config.NO_RETURN: 1, Config.WITHOUT_SUPER: 3}
        )
    return weigh(
        choices,
        {
            Config.FULL: 48,
            Config.MERGED: 22,
            Config.NONE: 18,
            Config.INCOMPLETE: 5,
            Config.WITHOUT_SUPER: 5,
            Config.NO_RETURN: 2,
        },
    )


def _draw_from_config(choices: Choices, parameter: Parameter) -> FromConfig:
    if parameter is Parameter.GATE and chance(choices, 60):
        return FromConfig.DESERIALIZED
    return weigh(
        choices,
        {FromConfig.NONE: 90, FromConfig.UNPACKED: 6, FromConfig.PACKED: 2, FromConfig.METHOD: 2},
    )


def _draw_build(choices: Choices, state: State) -> Build:
    if state in (State.CHILD_IN_INIT, State.CHILD_IN_LIST, State.CHILD_SEQUENTIAL):
        return weigh(choices, {Build.NONE: 68, Build.CHILDREN: 20, Build.SUPER: 6, Build.FLAG: 6})
    return Build.NONE


def _draw_extra(choices: Choices) -> Extra:
    return weigh(choices, {Extra.NONE: 70, Extra.NORM: 10, Extra.NORM_TRAINING: 12, Extra.DROPOUT: 8})


def _draw_form(choices: Choices, state: State) -> CallForm:
    forms = {CallForm.INPUTS: 76, CallForm.TRAINING: 20, CallForm.NO_RETURN: 1, CallForm.FORWARD: 2}
    if state is State.CHILD_IN_INIT:
        forms[CallForm.DIRECT] = 3
    return weigh(choices, forms)


def _draw_train_step(choices: Choices) -> TrainStep:
    return weigh(
        choices,
        {
            TrainStep.NONE: 68,
            TrainStep.SUPER: 3,
            TrainStep.COMPUTE_LOSS: 5,
            TrainStep.TRACKER: 5,
            TrainStep.OWN_LOSS: 5,
            TrainStep.OWN_AS_LOSS: 3,
            TrainStep.METRICS_ONLY: 3,
            TrainStep.COMPILED: 3,
            TrainStep.MINIMIZE: 1,
            TrainStep.NO_APPLY: 2,
            TrainStep.NO_TRAINING: 2,
        },
    )
