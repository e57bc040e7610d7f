"""What mkdocs calls while it builds the site: adds the pages that are made from the rules and from the repository.

mkdocs loads this file by its path, as `mkdocs.yml` says. Everything that does not need mkdocs is in the modules beside.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402

from docs_site.links import rewrite  # noqa: E402
from docs_site.reference import PARTS  # noqa: E402
from docs_site.rule_index import rule_index  # noqa: E402
from docs_site.rule_pages import Report, programs_shown, reports_in, rule_page, show_reports  # noqa: E402
from docs_site.search_index import improved  # noqa: E402
from kerasast.documents import parse_document  # noqa: E402
from kerasast.registry import CATEGORIES, all_rules  # noqa: E402

FOLDED_IN = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
"""Pages that are files of the repository, by their path in the site."""

NOT_SEARCHED = frozenset({"evidence.md", "ecosystem.md", "changelog.md", "accuracy.md"})
"""Pages of tables, which name every rule and would be found for everything."""

WITH_PROGRAMS = frozenset({"folklore.md"})
"""Pages that show what is reported in their programs, as those of rules do; cases are too many."""

_GENERATED = re.compile(r"<!-- generated: ([\w-]+) -->")
_reports: dict[str, tuple[Report, ...]] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages of the rules in the navigation, by category."""
    config.watch += [str(ROOT / "rules"), str(ROOT / "kerasast"), str(ROOT / "tests" / "cases")]
    nav: list[Any] = config.nav or []
    for entry in nav:
        if "Rules" in entry:
            entry["Rules"] = ["rules/index.md", *_rules_by_category()]
        if "Evidence" in entry:
            entry["Evidence"].append({"Further cases": [f"cases/{path.name}" for path in _cases()]})
    return config


def _rules_by_category() -> list[dict[str, list[str]]]:
    rules = all_rules().values()
    return [
        {category: [f"rules/{item.name}.md" for item in rules if item.category == category]}
        for category in CATEGORIES
        if any(item.category == category for item in rules)
    ]


def _cases() -> list[Path]:
    return sorted((ROOT / "tests" / "cases").glob("*.md"))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are no files under `docs/`."""
    texts = {"rules/index.md": rule_index()}
    for item in all_rules().values():
        page = rule_page(item)
        texts[f"rules/{item.name}.md"] = page.markdown
        _reports[f"rules/{item.name}.md"] = page.reports
    for path in _cases():
        texts[f"cases/{path.name}"] = path.read_text(encoding="utf-8")
    for target, source in FOLDED_IN.items():
        texts[target] = (ROOT / source).read_text(encoding="utf-8")
    for target, text in texts.items():
        files.append(File.generated(config, target, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Insert generated parts, mark up programs, and lead links to where the site has what they mean."""
    target = page.file.src_uri
    if target in NOT_SEARCHED or target.startswith("cases/"):
        page.meta["search"] = {"exclude": True}
    if not target.startswith("rules/"):
        document = parse_document(markdown, Path(target))
        said = reports_in(ROOT / "docs" / target) if target in WITH_PROGRAMS else {}
        markdown, _reports[target] = programs_shown(markdown, document.blocks, said, "")
    markdown = _GENERATED.sub(lambda match: PARTS[match[1]](), markdown)
    pages = {file.src_uri for file in files}
    return rewrite(markdown, _source(target), target, pages, page_of)


def _source(target: str) -> str:
    """The path in the repository of what the site has at `target`."""
    if target in FOLDED_IN:
        return FOLDED_IN[target]
    if target.startswith("rules/"):
        return target
    if target.startswith("cases/"):
        return f"tests/{target}"
    return f"docs/{target}"


def page_of(source: str) -> str | None:
    """The path in the site of a file of the repository."""
    for target, path in FOLDED_IN.items():
        if path == source:
            return target
    if source in ("rules", "tests/cases"):
        return "rules/index.md" if source == "rules" else None
    for folder, prefix in (("docs/", ""), ("rules/", "rules/"), ("tests/cases/", "cases/")):
        if source.startswith(folder):
            return prefix + source.removeprefix(folder)
    return None


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show at marked lines of programs what is reported there."""
    return show_reports(html, _reports.get(page.file.src_uri, ()))


def on_post_build(config: MkDocsConfig) -> None:
    """Let the search find the messages of Keras."""
    path = Path(config.site_dir, "search", "search_index.json")
    index = json.loads(path.read_text(encoding="utf-8"))
    index["docs"] = improved(index["docs"])
    path.write_text(json.dumps(index, separators=(",", ":")), encoding="utf-8")


# After the search has written its index, and before a copy of it is made for reading from a disk.
on_post_build.mkdocs_priority = -50  # type: ignore[attr-defined]
