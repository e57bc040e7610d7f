"""Whether a project keeps its models, so that what a saved class forgets matters."""

from __future__ import annotations

import re

from kerasast.diagnostics import Confidence
from kerasast.flow.events import ClassDefined
from kerasast.flow.facts import SaveSite
from kerasast.flow.values import ClassValue
from kerasast.index.project import ProjectIndex

_WHOLE_MODELS = re.compile(
    r"(?<!\bnp)(?<!\bnumpy)(?<!\btorch)(?<!\bplt)(?<!\bfig)(?<!\bimg)(?<!\bimage)(?<!saved_model)\.save\s*\("
    r"|\bsave_model\s*\(|\bload_model\s*\(|\bclone_model\s*\(|\bModelCheckpoint\s*\((?!.*save_weights_only\s*=\s*True)"
    r"|\bcustom_objects\b|\bregister_keras_serializable\b|\bget_config\b|\bfrom_config\b|\bto_json\s*\("
    r"|\b(?:pickle|joblib|dill|cloudpickle)\.dump|\bdeepcopy\s*\("
)
"""Code that writes or rebuilds a model from its config, or is prepared for it."""

_WEIGHTS = re.compile(r"\b(?:save|load)_weights\s*\(|\bModelCheckpoint\s*\(")


def kept_confidence(event: ClassDefined, *, weights: bool = False) -> Confidence:
    """How sure a report about a class's saved form is: less where nothing in sight keeps models of it.

    In sight are the class's module and the modules that import it. With `weights`, files of weights count as well.
    Models that the interpreter has followed and that have nothing to do with the class do not count.
    """
    module = event.cls.scope.module
    project = module.project
    for name in {module.name, *_importers(project, module.name)}:
        keeps_models, keeps_weights = _kept_by(project, name)
        if keeps_models and name == module.name:
            keeps_models = _keeps_its_own(event)
        if keeps_models or (weights and keeps_weights):
            return Confidence.HIGH
    return Confidence.MEDIUM


def _keeps_its_own(event: ClassDefined) -> bool:
    """Whether code of the class's module that keeps models may keep one with this class in it."""
    module = event.cls.scope.module
    source = module.project.source(module.name)
    if source is None or re.search(rf"\bclass\s+\w+\([^)]*\b{event.cls.name}\b", source.code):
        return True
    of_others = [site for site in event.saves if site.complete and not _needs(site, event.cls)]
    files = {site.path_key for site in of_others} - {
        site.path_key for site in event.saves if site not in of_others
    }
    spans = [site.span for site in of_others if site.path == source.path]
    spans += [site.span for site in event.loads if site.path == source.path and site.path_key in files - {None}]
    return any(
        not any(span.start <= match.start() < span.end for span in spans)
        for match in _WHOLE_MODELS.finditer(source.code)
    )


def _needs(site: SaveSite, cls: ClassValue) -> bool:
    return any(need.name == cls.name for need in site.needs)


def _kept_by(project: ProjectIndex, module: str) -> tuple[bool, bool]:
    """Whether a module keeps whole models, and weights (looked up once for each project)."""
    known: dict[str, tuple[bool, bool]] = project.__dict__.setdefault("_kept_models", {})
    if module not in known:
        source = project.source(module)
        code = "" if source is None else source.code
        known[module] = (_WHOLE_MODELS.search(code) is not None, _WEIGHTS.search(code) is not None)
    return known[module]


def _importers(project: ProjectIndex, module: str) -> list[str]:
    return [name for name in project.modules if module in project.import_closure(name)]
