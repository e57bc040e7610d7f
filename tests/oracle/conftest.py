"""What pytest must not import here: programs that run in real Keras alone."""

collect_ignore = ["artefacts.py", "runner.py", "watch.py"]
