"""Whether a project keeps its models, so that what a saved class forgets matters."""

from __future__ import annotations

import ast
import re

from kerasast.diagnostics import Confidence, Span
from kerasast.flow.events import ClassDefined
from kerasast.flow.facts import SaveSite
from kerasast.flow.roles import Role, role_of
from kerasast.flow.values import ClassValue
from kerasast.index.project import ProjectIndex, of_module
from kerasast.source import SourceFile
from kerasast.walking import walk


def _words(*words: str, then: str) -> str:
    """A pattern for any of some words and what comes then.

    What must not stand before a word is said after it: patterns that begin with literals are found much faster.
    """
    return "|".join(rf"{word}(?<!\w{word}){then}" for word in words)


_CONFIG = re.compile(
    _words("custom_objects", "register_keras_serializable", "get_config", "from_config", then=r"(?!\w)")
)

_NOT_MODELS = "".join(
    rf"(?<!{name}\.save)"
    for name in (
        *(rf"\b{module}" for module in ("np", "numpy", "torch", "plt", "fig", "img", "image")),
        *("saved_model", "saver", "Saver"),
    )
)

_CALL = r"\s*\("
_ALL_OF_IT = rf"{_CALL}(?!(?:[^()]|\([^()]*\))*save_weights_only\s*=\s*True)"
_PICKLERS = ("pickle", "joblib", "dill", "cloudpickle")

_WHOLE_MODELS = re.compile(
    "|".join(
        (
            rf"\.save{_NOT_MODELS}{_CALL}",
            _words("save_model", "load_model", "clone_model", "to_json", "deepcopy", then=_CALL),
            _words("ModelCheckpoint", then=_ALL_OF_IT),
            _words(*(rf"{name}[.]dump" for name in _PICKLERS), then=""),
            _CONFIG.pattern,
        )
    )
)
"""Code that writes or rebuilds a model from its config, or is prepared for it."""

_FOLLOWED = frozenset({Role.LAYER, Role.MODEL, Role.LOSS, Role.METRIC})
"""The roles of classes of which it is known which models have them; others hide in the arguments of optimizers."""

_WEIGHTS = re.compile(_words("save_weights", "load_weights", "ModelCheckpoint", then=_CALL))

_WORDS = (
    *("save", "load_model", "load_weights", "clone_model", "ModelCheckpoint", "to_json", ".dump", "deepcopy"),
    *("custom_objects", "register_keras_serializable", "_config"),
)
"""What both patterns need one of. Looking for words is much faster, and most modules have none."""


def kept_confidence(event: ClassDefined, *, weights: bool = False) -> Confidence:
    """How sure a report about a class's saved form is: less where nothing in sight keeps models of it.

    In sight are the class's module and the modules that import it. With `weights`, files of weights count as well.
    Models that the interpreter has followed and that have nothing to do with the class do not count.
    """
    module = event.cls.scope.module
    project = module.project
    for name in {module.name, *project.importers(module.name)}:
        keeps_models, keeps_weights = _kept_by(project, name)
        if keeps_models and name == module.name:
            keeps_models = _keeps_its_own(event)
        if keeps_models or (weights and keeps_weights):
            return Confidence.HIGH
    return Confidence.MEDIUM


def _keeps_its_own(event: ClassDefined) -> bool:
    """Whether code of the class's module that keeps models may keep one with this class in it.

    A script says for each class whether it is prepared for being kept; a library's classes are kept by others.
    """
    module = event.cls.scope.module
    source = module.project.source(module.name)
    if source is None or event.cls.name in _named_by_classes(module.project, module.name):
        return True
    spans = _of_others(event, source)
    script = _is_script(module.project, module.name, source)
    for start, is_config in _matches(module.project, module.name):
        if any(span.start <= start < span.end for span in spans):
            continue
        if not script or not is_config or _is_about(source, event.cls, start):
            return True
    return False


def _of_others(event: ClassDefined, source: SourceFile) -> list[Span]:
    """Where a file keeps and loads models that are known to have nothing to do with the class."""
    known = role_of(event.facts) in _FOLLOWED
    saves = [
        site.span for site in event.saves if known and site.path == source.path and _is_other(site, event.cls)
    ]
    return saves + [
        site.span
        for site in event.loads
        if site.path == source.path and not site.provides_unknown and event.cls.name not in site.provides
    ]


def _is_other(site: SaveSite, cls: ClassValue) -> bool:
    return site.complete and all(need.name != cls.name for need in site.needs)


def _is_script(project: ProjectIndex, name: str, source: SourceFile) -> bool:
    """Whether a module is run rather than imported: nothing imports it, and it calls something at its top."""
    tree = project.tree(name)
    if tree is None or project.importers(name) not in ([], [name]):
        return False
    return source.is_notebook or any(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) for statement in tree.body
    )


def _is_about(source: SourceFile, cls: ClassValue, position: int) -> bool:
    """Whether code that deals with configs is in a class, or names it; the last class of a name is meant."""
    code = source.code
    span = source.span(cls.node)
    if span.start <= position < span.end:
        return True
    line = code[code.rfind("\n", 0, position) + 1 : position] + code[position:].partition("\n")[0]
    later = re.search(rf"^\s*class\s+{cls.name}\b", code[span.end :], re.MULTILINE)
    return later is None and re.search(rf"\b{cls.name}\b", line) is not None


def _kept_by(project: ProjectIndex, module: str) -> tuple[bool, bool]:
    """Whether a module keeps whole models, and weights (looked up once for each project)."""
    known: dict[str, tuple[bool, bool]] = project.memo("kept models", of_module)
    if module not in known:
        code = _without_prose(project, module)
        worth_it = any(word in code for word in _WORDS)
        known[module] = (
            worth_it and _WHOLE_MODELS.search(code) is not None,
            worth_it and _WEIGHTS.search(code) is not None,
        )
    return known[module]


def _matches(project: ProjectIndex, module: str) -> list[tuple[int, bool]]:
    """Where code of a module keeps whole models, and whether it only deals with configs (looked up once)."""
    known: dict[str, list[tuple[int, bool]]] = project.memo("code that keeps models", of_module)
    if module not in known:
        found = _WHOLE_MODELS.finditer(_without_prose(project, module))
        known[module] = [(match.start(), _CONFIG.match(match[0]) is not None) for match in found]
    return known[module]


def _named_by_classes(project: ProjectIndex, module: str) -> frozenset[str]:
    """The words between the parentheses of classes of a module (looked up once): bases, for one."""
    known: dict[str, frozenset[str]] = project.memo("words of bases", of_module)
    if module not in known:
        source = project.source(module)
        bases = re.findall(r"class(?<!\wclass)\s+\w+\(([^)]*)", source.code if source is not None else "")
        known[module] = frozenset(word for text in bases for word in re.findall(r"\w+", text))
    return known[module]


def _without_prose(project: ProjectIndex, module: str) -> str:
    """The code of a module without strings that are statements (looked up once for each project)."""
    known: dict[str, str] = project.memo("code without prose", of_module)
    if module not in known:
        known[module] = _blank_prose(project, module)
    return known[module]


def _blank_prose(project: ProjectIndex, module: str) -> str:
    """The code of a module with spaces for the strings that are statements: they speak of code, and do nothing."""
    source, tree = project.source(module), project.tree(module)
    if source is None:
        return ""
    code = source.code
    if tree is None or not any(word in code for word in _WORDS):
        return code
    pieces, position = [], 0
    for span in sorted(source.span(node) for node in walk(tree) if _is_prose(node)):
        pieces += [code[position : span.start], " " * (span.end - span.start)]
        position = span.end
    return "".join((*pieces, code[position:]))


def _is_prose(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
