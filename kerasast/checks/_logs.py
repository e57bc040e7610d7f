"""What the logs of a training are called: `loss`, `accuracy`, and with `val_` before it the same of the validation.

The names were observed on Keras 2.15 and 3.15. Nothing is told unless the compilation is known in full.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasast.checks._fits import decides_for_itself
from kerasast.flow.ancestry import ancestry
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.values import (
    ApiValue,
    Const,
    FunctionValue,
    Kind,
    ObjectId,
    ObjectState,
    Ref,
    Tensor,
    Tri,
    Value,
)
from kerasast.keras_api import lookup
from kerasast.versions import KerasVersion
from kerasast.walking import walk

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView


@dataclass(frozen=True, slots=True)
class LoggedMetric:
    """A metric that `compile()` was given, by the name under which its values are logged.

    `counted` is true if a number may follow, as of the second `AUC()` of a program: `auc_1`. `directed` is false if
    Keras 3 does not know which way is better.
    """

    name: str
    counted: bool = False
    directed: bool = True

    def is_called(self, name: str) -> bool:
        return name == self.name or (
            self.counted and re.fullmatch(re.escape(self.name) + r"_\d+", name) is not None
        )


_OVERRIDES = (
    "compile",
    "compute_metrics",
    "evaluate",
    "fit",
    "get_metrics_result",
    "make_test_function",
    "make_train_function",
    "metrics",
    "test_step",
    "train_step",
)
"""What a model defines that logs other things than those it was compiled with."""


def logged_metrics(
    view: WorldView, model: ObjectId, version: KerasVersion, given: Mapping[str, Value] | None = None
) -> list[LoggedMetric | None] | None:
    """What training a model logs besides `loss`; `None` unless it is certain which metrics that are.

    `given` are the arguments of `compile()`, by default those of the last one. In the list, `None`
    stands for a metric of which it is not known what it is called.
    """
    state = view.state(model)
    if state.escaped or state.compiled is not Tri.YES or not state.compile_complete:
        return None
    given = state.compile_arguments if given is None else given
    if "loss" not in given or decides_for_itself(state, version, *_OVERRIDES):
        return None
    if not _has_one_output(view, state) or any(
        _may_log(view.state(part), version) for part in view.contents(model)
    ):
        return None
    found: list[LoggedMetric | None] = []
    for parameter in ("metrics", "weighted_metrics"):
        for value in _flat(view, given.get(parameter)):
            metric = _metric(view, value, version)
            found.append(metric)
            if metric is not None and parameter == "weighted_metrics":
                found.append(LoggedMetric(f"weighted_{metric.name}", metric.counted, metric.directed))
    return found


def all_logged(
    view: WorldView, model: ObjectId, version: KerasVersion, given: Mapping[str, Value] | None = None
) -> list[LoggedMetric] | None:
    """The same, but `None` unless it is known of all metrics what they are called."""
    metrics = logged_metrics(view, model, version, given)
    known = [metric for metric in metrics or () if metric is not None]
    return None if metrics is None or len(known) < len(metrics) else known


_SAME = (
    frozenset({"acc", "accuracy", "ACC", "Accuracy", "binary_accuracy", "categorical_accuracy"}),
    frozenset({"mae", "MAE", "mean_absolute_error"}),
    frozenset({"mse", "MSE", "mean_squared_error"}),
)
"""Names that people use for one another."""


def are_same(logged: str, name: str) -> bool:
    """Whether people use two names for one another."""
    return logged.lower() == name.lower() or any(logged in names and name in names for names in _SAME)


def _flat(view: WorldView, value: Value | None) -> Iterator[Value]:
    """The items of lists in lists and dicts; what is no list, or not known in full, as it is."""
    items = view.items(value)
    if items is not None:
        for item in items:
            yield from _flat(view, item)
    elif value is not None and value != Const(None):
        yield value


def _metric(view: WorldView, value: Value, version: KerasVersion) -> LoggedMetric | None:
    match value:
        case Const(str(text)):
            return _named_metric(text, version)
        case FunctionValue(node=ast.FunctionDef(name=name)):
            return LoggedMetric(name, directed=False)
        case ApiValue(api):
            symbol = lookup(api.name, version)
            if symbol is None or symbol.kind != "function":
                return None
            name = api.name.rpartition(".")[2]
            return LoggedMetric(name, directed=name not in _UNDIRECTED_FUNCTIONS)
        case Ref(target):
            return _metric_object(view.state(target), version)
    return None


def _named_metric(text: str, version: KerasVersion) -> LoggedMetric:
    """A metric given by name. Keras 2 logs one that is given by its class, `AUC`, under that class's own name."""
    default = None
    if version.major < 3 and text.lower() not in ("acc", "accuracy"):
        default = _default_name(f"keras.metrics.{text}", version)
    directed = text not in _UNDIRECTED_CLASSES
    return LoggedMetric(default or text, counted=default is not None, directed=directed)


_UNDIRECTED_FUNCTIONS = frozenset(
    {
        "binary_accuracy",
        "categorical_accuracy",
        "concordance_correlation",
        "pearson_correlation",
        "sparse_categorical_accuracy",
        "sparse_top_k_categorical_accuracy",
        "top_k_categorical_accuracy",
    }
)
_UNDIRECTED_CLASSES = frozenset({"FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"})
"""Metrics of Keras 3.15 that do not tell it which way is better (each was tried)."""


def _metric_object(state: ObjectState, version: KerasVersion) -> LoggedMetric | None:
    # In Keras 2 a metric is a layer too.
    if state.cls is not None or state.escaped or not (state.api or "").startswith("keras.metrics."):
        return None
    if not state.arguments_complete or "name" in state.attributes:
        return None
    api = state.api or ""
    cls = api.rpartition(".")[2]
    if cls in ("Mean", "MeanMetricWrapper", "Metric", "Sum"):
        return None
    directed = cls not in _UNDIRECTED_CLASSES
    given = state.arguments.get("name", Const(None))
    match given:
        case Const(str(name)):
            return LoggedMetric(name, directed=directed)
        case Const(None):
            default = _default_name(api, version)
            return None if default is None else LoggedMetric(default, counted=True, directed=directed)
    return None


def _default_name(api: str, version: KerasVersion) -> str | None:
    """The name of a metric that is given none; `None` if there is no such class, or it has no name by default."""
    symbol = lookup(api, version)
    if symbol is None or symbol.kind != "class" or symbol.parameters is None:
        return None
    default = next((item.default for item in symbol.parameters if item.name == "name"), None)
    if default is None:
        return None
    value = ast.literal_eval(default)
    return value if isinstance(value, str) else _snake_case(api.rpartition(".")[2])


def _snake_case(name: str) -> str:
    text = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _may_log(state: ObjectState, version: KerasVersion) -> bool:
    """Whether a part of a model may have metrics of its own, which are logged with those of the model."""
    if "metrics" in state.attributes:
        return True
    if state.cls is None:
        # What an architecture of Keras's holds is not followed; it has no metrics.
        known = state.complete or (state.api or "").startswith("keras.applications.")
        return state.kind.is_model and not known
    lineage = ancestry(state.cls, version)
    return not lineage.complete or any(_mentions_metrics(cls.node) for cls in lineage.classes)


@kept_on_node
def _mentions_metrics(node: ast.ClassDef) -> bool:
    for part in walk(node):
        match part:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.FunctionDef(name=name):
                if "metric" in name.lower():
                    return True
    return False


_SEVERAL_OUTPUTS = re.compile(
    r"RNN|LSTM|GRU|Attention|Bidirectional|TimeDistributed|Lambda|TFSM|Wrapper|Identity"
)
"""Layers of Keras's that give several tensors, or may do so."""


def _has_one_output(view: WorldView, state: ObjectState) -> bool:
    """Whether a model certainly has one output: with several, the names of its metrics begin with those."""
    if (state.api or "").startswith("keras.applications."):
        return True
    if state.cls is not None or not state.complete:
        return False
    if state.kind is Kind.SEQUENTIAL:
        return bool(state.items) and _gives_one_tensor(view, state.items[-1])
    if state.kind is not Kind.FUNCTIONAL:
        return False
    outputs = state.arguments.get("outputs")
    items = view.items(outputs)
    if items is not None:
        outputs = items[0] if len(items) == 1 else None
    return (
        isinstance(outputs, Tensor)
        and bool(outputs.layers)
        and _gives_one_tensor(view, Ref(outputs.layers[-1]))
    )


def _gives_one_tensor(view: WorldView, layer: Value) -> bool:
    state = view.state_of(layer)
    if state is None:
        return False
    if state.kind.is_model:
        return _has_one_output(view, state)
    api = state.api or ""
    return (
        state.kind is Kind.LAYER
        and state.cls is None
        and api.startswith("keras.layers.")
        and _SEVERAL_OUTPUTS.search(api) is None
    )
