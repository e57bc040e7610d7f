"""Whether a project keeps its models, so that what a saved class forgets matters."""

from __future__ import annotations

import re

from kerasast.diagnostics import Confidence
from kerasast.flow.values import ClassValue
from kerasast.index.project import ProjectIndex

_WHOLE_MODELS = re.compile(
    r"(?<!\w)(?!(?:np|numpy|torch|plt|pyplot|fig|figure|im|img|image|wb|saved_model)\.)[\w\])]+\.save\s*\("
    r"|\bsave_model\s*\(|\bload_model\s*\(|\bclone_model\s*\(|\bModelCheckpoint\s*\((?!.*save_weights_only\s*=\s*True)"
    r"|\bcustom_objects\b|\bregister_keras_serializable\b|\bget_config\b|\bfrom_config\b|\bto_json\s*\("
    r"|\b(?:pickle|joblib|dill|cloudpickle)\.dump|\bdeepcopy\s*\("
)
"""Code that writes or rebuilds a model from its config, or is prepared for it."""

_WEIGHTS = re.compile(r"\b(?:save|load)_weights\s*\(|\bModelCheckpoint\s*\(")


def kept_confidence(cls: ClassValue, *, weights: bool = False) -> Confidence:
    """How sure a report about a class's saved form is: less where nothing in sight keeps models of it.

    In sight are the class's module and the modules that import it. With `weights`, files of weights count as well.
    """
    module = cls.scope.module
    in_sight = {module.name, *_importers(module.project, module.name)}
    for name in in_sight:
        source = module.source if name == module.name else module.project.source(name)
        if source is None:
            continue
        if _WHOLE_MODELS.search(source.code) or (weights and _WEIGHTS.search(source.code)):
            return Confidence.HIGH
    return Confidence.MEDIUM


def _importers(project: ProjectIndex, module: str) -> list[str]:
    return [name for name in project.modules if module in project.import_closure(name)]
