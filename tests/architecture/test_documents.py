"""Documents say what is so: the tree, the commands and the settings."""

import re
from dataclasses import fields

import pytest

from config import Settings
from tests.architecture.source import ROOT

SHOWN = ("bench", "jobs", "models", "notify", "tests")
SETTING = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?:`(?P<default>[^`]+)`)? ?\|", re.MULTILINE)


def test_the_tree_in_the_architecture_page_is_the_real_one():
    """The block begins with ```tree; each of its lines begins with the whole path of a folder or a module."""
    page = (ROOT / "docs/architecture.md").read_text()
    blocks = re.findall(r"^```tree\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = {line.split()[0] for block in blocks for line in block.splitlines() if line.strip()}

    folders = {path.parent for top in SHOWN for path in (ROOT / top).rglob("*.py")}
    real = {f"{folder.relative_to(ROOT)}/" for folder in folders} | {"config.py", "wsgi.py"}

    assert {name for name in shown if not (ROOT / name).exists()} == set()
    assert real - shown == set()


@pytest.mark.parametrize(
    "page", ["README.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md"))]
)
def test_every_make_command_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"(?:^|[`$] ?)make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE))

    assert named <= targets


def test_the_readme_names_the_commands_to_try_and_to_test():
    readme = (ROOT / "README.md").read_text()

    assert "make demo" in readme
    assert "make test" in readme


def test_what_ci_runs_is_what_a_person_runs():
    assert "make test" in (ROOT / ".ci/run").read_text().splitlines()


def test_every_setting_is_described_with_its_default():
    described = {
        match["name"]: match["default"] for match in SETTING.finditer((ROOT / "docs/settings.md").read_text())
    }
    settings = Settings.from_env({})

    real = {field.name.upper(): _as_written(getattr(settings, field.name)) for field in fields(Settings)}

    assert described == real | {"NOTIFY_ROOT_KEY_FILE": None}


def _as_written(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
