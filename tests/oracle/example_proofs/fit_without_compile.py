"""The last cell of `explore.ipynb` stops."""

try:
    run_notebook("explore.ipynb")
except ValueError as error:
    assert "You must call `compile()` before using the model" in str(error)
    observe(f"ValueError: {error}")
else:
    raise AssertionError("it trained")
