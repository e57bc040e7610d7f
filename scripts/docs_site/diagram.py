"""The picture of a model's life: its stations, what leads to them, and the rules about what goes wrong there.

It is an SVG inside the page, so that its texts are links and take their colours from the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH, GAP, TOP, BOX, LINE = 196, 44, 10, 112, 21


@dataclass(frozen=True, slots=True)
class Station:
    """A station in a model's life: what leads to it, what the model has from then on, and what goes wrong there."""

    name: str
    calls: tuple[str, ...]
    has: str
    rules: tuple[str, ...]


STATIONS = (
    Station("created", ("Sequential([…])", "class Net(Model)"), "layers, rarely weights",
            ("missing-super-init", "untracked-variable", "state-created-in-call", "repeated-layer")),
    Station("built", ("Input(…), build()", "a call on data"), "its weights",
            ("subclass-build-noop", "unbuilt-children", "layer-added-after-build", "undefined-weight")),
    Station("compiled", ("compile(…)",), "a loss and an optimizer",
            ("fit-without-compile", "fit-without-loss", "trainable-after-compile", "reused-optimizer")),
    Station("trained", ("fit(…)", "train_on_batch(…)"), "what it has learned",
            ("nothing-to-train", "monitor-without-validation", "model-reused-across-folds",
             "regularization-ignored")),
    Station("saved", ("save(…)", "save_weights(…)"), "a file",
            ("save-before-build", "trainable-weights-only", "wrong-file-extension", "incomplete-get-config")),
    Station("loaded", ("load_model(…)", "load_weights(…)"), "what the file had",
            ("load-before-build", "missing-custom-objects", "weights-loaded-as-model",
             "resumed-without-optimizer")),
)  # fmt: skip


def lifecycle_diagram() -> str:
    """The picture, as SVG, for a page at the top of the site."""
    rows = max(len(station.rules) for station in STATIONS)
    width = len(STATIONS) // 2 * (WIDTH + GAP) - GAP + 8
    height = BOX + 74 + rows * LINE
    parts = [
        f'<svg class="ka-life" viewBox="0 0 {width} {2 * height - 40}" role="img" aria-labelledby="ka-life-title">',
        '<title id="ka-life-title">The life of a model, and the rules about each of its stations</title>',
        '<defs><marker id="ka-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
    ]
    for number, station in enumerate(STATIONS):
        column, row = number % 3, number // 3
        x, y = 4 + column * (WIDTH + GAP), TOP + row * height
        parts += _station(station, number + 1, x, y)
        if column < 2:
            middle = y + BOX // 2
            parts.append(_arrow(f"M{x + WIDTH} {middle} H{x + WIDTH + GAP - 4}"))
    last = 4 + 2 * (WIDTH + GAP) + WIDTH // 2
    turn = TOP + height - 30
    parts.append(
        _arrow(
            f"M{last + WIDTH // 2 - 12} {TOP + BOX} V{turn} H{4 + WIDTH // 2} V{TOP + height - 4}", "ka-turn"
        )
    )
    return "".join([*parts, "</svg>"])


def _arrow(path: str, kind: str = "") -> str:
    return f'<path class="ka-way {kind}" d="{path}" marker-end="url(#ka-arrow)"/>'


def _station(station: Station, number: int, x: int, y: int) -> Iterator[str]:
    yield f'<rect class="ka-box" x="{x}" y="{y}" width="{WIDTH}" height="{BOX}" rx="8"/>'
    yield f'<text class="ka-name" x="{x + 14}" y="{y + 30}">{number}. {station.name}</text>'
    yield f'<text class="ka-has" x="{x + 14}" y="{y + 54}">has {escape(station.has)}</text>'
    for row, call in enumerate(station.calls):
        yield f'<text class="ka-calls" x="{x + 14}" y="{y + 78 + 18 * row}">{escape(call)}</text>'
    for row, rule in enumerate(station.rules):
        top = y + BOX + 26 + row * LINE
        yield f'<a href="rules/{rule}.html"><text class="ka-rule" x="{x + 14}" y="{top}">{rule}</text></a>'
