"""Every module says what lives in it, and stays short enough to be read."""

import ast

import pytest

from tests.architecture.source import ALL, PRODUCT, ROOT, modules, parsed

LONGEST_MODULE = 300  # lines
LONGEST_FUNCTION = 40
EXCUSE = "Long because"  # in a docstring, with the reason


@pytest.mark.parametrize("path", modules(*ALL), ids=str)
def test_a_module_begins_by_saying_what_lives_in_it(path):
    docstring = ast.get_docstring(parsed(path))

    assert docstring
    assert docstring.rstrip().endswith((".", ":", ")", "`"))


@pytest.mark.parametrize("path", modules(*PRODUCT, "bench", "chaos", "examples", "tools"), ids=str)
def test_a_module_is_short_or_says_why_not(path):
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())

    assert lines <= LONGEST_MODULE or EXCUSE in (ast.get_docstring(parsed(path)) or "")


@pytest.mark.parametrize("path", modules(*PRODUCT), ids=str)
def test_a_function_is_short_or_says_why_not(path):
    functions = [
        node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    long = {
        f"{function.name}, {length} lines"
        for function in functions
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
        and EXCUSE not in (ast.get_docstring(function) or "")
    }

    assert not long
