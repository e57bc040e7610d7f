"""Fixes: helpers that say how code is to be changed, and the loop that changes it.

Rules take what they need from here. Every helper is given the analysed file and nodes of its tree, and returns the
edits, or `None` where the code is such that it cannot be done; `safe` and `unsafe` make a `Fix` of them.
"""

from __future__ import annotations

from kerasast.fixes.calls import (
    add_argument,
    add_entry,
    add_first_entry,
    add_parameter,
    name_arguments,
    remove_argument,
    rename_keyword,
    set_keyword,
)
from kerasast.fixes.code import (
    add_decorator,
    add_first_method,
    add_method,
    display,
    enclosing,
    indent_of,
    insert_after,
    insert_before,
    insert_first,
    insert_last,
    is_here,
    remove_statement,
    rename_attribute,
    rename_function,
    replace,
    set_string,
    statement_of,
    text_of,
)
from kerasast.fixes.cst import change_expression, change_statement
from kerasast.fixes.edits import Edits, join, safe, unsafe
from kerasast.fixes.imports import Named, add_import, name_keras

__all__ = [
    "Edits",
    "Named",
    "add_argument",
    "add_decorator",
    "add_entry",
    "add_first_entry",
    "add_first_method",
    "add_import",
    "add_method",
    "add_parameter",
    "change_expression",
    "change_statement",
    "display",
    "enclosing",
    "indent_of",
    "insert_after",
    "insert_before",
    "insert_first",
    "insert_last",
    "is_here",
    "join",
    "name_arguments",
    "name_keras",
    "remove_argument",
    "remove_statement",
    "rename_attribute",
    "rename_function",
    "rename_keyword",
    "replace",
    "safe",
    "set_keyword",
    "set_string",
    "statement_of",
    "text_of",
    "unsafe",
]
