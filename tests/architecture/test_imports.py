"""Imports point one way, and every room keeps to what it may know."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules, parsed

RULES = [path for path in modules("notify") if "rules" in path.parts]


def test_the_contracts_hold():
    # A process of its own: run in this one, the linter silences every log for the tests that follow.
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout


def test_every_part_of_notify_has_its_place_in_the_direction():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "direction")
    placed = {name.strip(" ()") for layer in layers for name in layer.split("|")}

    parts = {f"notify.{path.parts[1].removesuffix('.py')}" for path in modules("notify")} - {
        "notify.__init__"
    }

    assert parts <= placed


@pytest.mark.parametrize("path", [*RULES, Path("models/vocabulary.py")], ids=str)
def test_rules_import_the_standard_library_the_vocabulary_and_each_other(path):
    neighbours = ".".join(path.parts[: path.parts.index("rules") + 1]) if "rules" in path.parts else "nothing"

    strangers = {
        name
        for name in _imported(parsed(path))
        if name.partition(".")[0] not in sys.stdlib_module_names
        and name != "models.vocabulary"
        and not name.startswith(f"{neighbours}.")
    }

    assert not strangers


def _imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if _is_package(node)
                else {str(node.module)}
            )
    return names


def _is_package(node: ast.ImportFrom) -> bool:
    return (ROOT / str(node.module).replace(".", "/")).is_dir()
