"""Documents say what is so: the tree, the commands, the settings, the links and the pictures."""

import re
from dataclasses import fields

import click
import pytest

from config import Settings
from notify.cli import notify
from tests.architecture.pages import code_in, headings_of, links_in, pages, read
from tests.architecture.source import ROOT

SHOWN = ("bench", "chaos", "jobs", "models", "notify")
NOTIFY = re.compile(r"(?:\$ )?(?:[\w./]*/)?notify((?: [^ ]+)+)$")
SETTING = re.compile(r"^\| `(?P<name>[A-Z0-9_]+)` \| (?:`(?P<default>[^`]+)`)? ?\|", re.MULTILINE)


def test_the_tree_in_the_architecture_page_is_the_real_one():
    """The block begins with ```tree; each of its lines begins with the whole path of a folder or a module.

    Kinds of test are shown; the folders in them mirror the rooms.
    """
    page = (ROOT / "docs/architecture.md").read_text()
    blocks = re.findall(r"^```tree\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = {line.split()[0] for block in blocks for line in block.splitlines() if line.strip()}

    folders = {path.parent for top in SHOWN for path in (ROOT / top).rglob("*.py")}
    kinds = {path.parent for path in ROOT.glob("tests/*/**/*.py")}
    folders |= {ROOT / "tests" / folder.relative_to(ROOT / "tests").parts[0] for folder in kinds}
    real = {f"{folder.relative_to(ROOT)}/" for folder in folders} | {"config.py", "wsgi.py", "tests/"}

    assert {name for name in shown if not (ROOT / name).exists()} == set()
    assert real - shown == set()


@pytest.mark.parametrize("page", pages())
def test_every_make_command_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))

    named = {match[1] for code in code_in(read(page)) if (match := re.match(r"(?:\$ )?make ([a-z-]+)", code))}

    assert named <= targets


@pytest.mark.parametrize("page", pages())
def test_every_notify_command_that_a_page_names_exists(page):
    named = {match[1] for code in code_in(read(page)) if (match := NOTIFY.match(code))}

    assert {fault for words in named if (fault := _command_fault(words.split()))} == set()


@pytest.mark.parametrize("page", pages())
def test_every_link_of_a_page_leads_somewhere(page):
    broken = {
        f"{path}#{heading}"
        for path, heading in links_in(page)
        if not path.exists() or (heading and heading not in headings_of(path))
    }

    assert broken == set()


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), {ROOT / "README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for path, _ in links_in(str(page.relative_to(ROOT))):
            # A link to a folder shows what is in it.
            waiting |= {one for one in ([path] if path.suffix else path.glob("*.md")) if one.suffix == ".md"}
        waiting -= reached

    assert {page for page in pages() if ROOT / page not in reached} == set()


def test_every_picture_is_shown_somewhere():
    shown = {path for page in pages() for path, _ in links_in(page)}

    assert {path for path in (ROOT / "docs/images").iterdir() if path not in shown} == set()


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


def _command_fault(words: list[str]) -> str | None:
    """What in the words after `notify` the command line does not know; None when it knows all."""
    command: click.Command = notify
    while isinstance(command, click.Group) and words:
        word, *words = words
        found = command.get_command(click.Context(command), word)
        if found is None:
            return f"no command {word}"
        command = found
    options = {name for param in command.params for name in param.opts} | {"--help", "-h"}
    unknown = {
        word.strip("[]").partition("=")[0] for word in words if word.startswith(("--", "[--"))
    } - options
    return f"no option {sorted(unknown)}" if unknown else None


def _as_written(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
