"""Build the documentation site and check it as a reader meets it; needs the optional dependencies `docs`.

    python scripts/check_site.py FOLDER     # the site is written to FOLDER

Every link must lead somewhere, no page may ask another server for anything, and each error message that a rule's
document lists, typed into the search as the site ships it, must find that rule among the first results.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from py_mini_racer import MiniRacer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kerasast.documents import document  # noqa: E402
from kerasast.registry import all_rules  # noqa: E402

FIRST = 3
"""Among how many results of a search a rule has to be."""

PASTED = """Traceback (most recent call last):
  File "/home/me/train.py", line 12, in <module>
    model.save(path)
ValueError: You are saving a model that has not yet been built. Try building the model first by calling it on some data.
"""
WORDS = {
    PASTED: "save-before-build",
    "Skipping variable loading for optimizer 'adam_7', because it has 2 variables": "resumed-without-optimizer",
    "freeze layers": "unfreeze-without-effect",
    "save weights": "save-before-build",
    "batch normalization": "trainable-weights-only",
    "mixed precision": "half-precision-output",
    "load_model custom_objects": "missing-custom-objects",
}
"""A rule that is found by words which are no message, or more than one."""

_LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
_WORKER = """
var self = this, listeners = [], answers = [];
var console = {warn() {}, log() {}};
function addEventListener(kind, listener) { listeners.push(listener); }
function postMessage(data) { answers.push(data); }
function ask(data) { answers = []; listeners.forEach(listener => listener({data})); return 0; }
"""
"""What a script of a worker expects around it."""


class Page(HTMLParser):
    """The links of a page, what it loads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if _LOADS.get(tag) in values and values.get("rel") != "canonical":
            self.loaded.append(values[_LOADS[tag]])


def broken_links(site: Path) -> Iterator[str]:
    """Links to pages or anchors that do not exist, and what is loaded from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # Its links are absolute, for it is shown at any address.
        where = path.relative_to(site)
        for url in page.loaded:
            if urlsplit(url).netloc:
                yield f"{where}: loads {url}"
            elif not (path.parent / unquote(urlsplit(url).path)).exists():
                yield f"{where}: loads {url}, which is missing"
        for url in page.links:
            parts = urlsplit(url)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or parts.netloc:
                continue
            if not target.exists():
                yield f"{where}: leads to {url}, which is missing"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{where}: leads to {url}, but there is no such anchor"
    for path in site.rglob("*.css"):
        for url in re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {url}"


class Search:
    """The search of a built site: its own script, over its own index, with queries made as the page makes them."""

    def __init__(self, site: Path) -> None:
        self._engine = MiniRacer()
        self._engine.eval(_WORKER)
        (worker,) = site.glob("assets/javascripts/workers/search.*.min.js")
        for script in (worker, site / "assets" / "search-messages.js"):
            self._engine.eval(script.read_text(encoding="utf-8"))
        index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
        self._engine.eval(
            f"var index = {index}; index.options = {{suggest: false}}; ask({{type: 0, data: index}})"
        )

    def close(self) -> None:
        """Stop the engine, whose threads else may keep the process from ending."""
        self._engine.close()

    def pages(self, text: str) -> list[str]:
        """The pages that a text finds, the best first."""
        self._engine.eval(f"ask({{type: SEARCH_QUERY, data: queryOfMessage({json.dumps(text)})}})")
        found = self._engine.eval("JSON.stringify(answers[0].data.items.map(group => group[0].location))")
        return [location.partition("#")[0] for location in json.loads(str(found))]


def missed_messages(search: Search) -> Iterator[str]:
    """Messages that do not lead to their rule. Of those that several rules have, each result must be one of these."""
    owners: dict[str, set[str]] = defaultdict(set)
    for name in all_rules():
        for message in document(name).error_messages:
            owners[message].add(f"rules/{name}.html")
    for message, rules in owners.items():
        first = search.pages(message)[:FIRST]
        if len(rules.intersection(first)) < min(len(rules), FIRST):
            yield f"{message!r} of {', '.join(sorted(rules))} finds {', '.join(first) or 'nothing'}"


def missed_words(search: Search) -> Iterator[str]:
    """Texts that do not lead to the rule that is about them."""
    for words, rule in WORDS.items():
        found = search.pages(words)
        if f"rules/{rule}.html" not in found[: 2 * FIRST]:
            yield f"{words!r} does not find {rule}, but {', '.join(found[: 2 * FIRST])}"


def main() -> None:
    """The command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    site = Path(sys.argv[1]).resolve()
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(site)]
    subprocess.run(build, cwd=ROOT, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    with closing(Search(site)) as search:
        problems = [*broken_links(site), *missed_messages(search), *missed_words(search)]
    print("".join(f"{problem}\n" for problem in problems), end="")
    print(f"{len(list(site.rglob('*.html')))} pages, {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
