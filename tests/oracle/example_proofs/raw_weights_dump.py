"""`export.export_arrays` cannot write arrays of different shapes."""

import export
from models import build_backbone

try:
    export.export_arrays(build_backbone())
except ValueError as error:
    assert "inhomogeneous shape" in str(error)
    observe(f"ValueError: {error}")
else:
    raise AssertionError("the arrays were saved")
