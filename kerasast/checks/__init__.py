"""The rules: one module each, named as the rule with underscores, holding one function of the same name."""
