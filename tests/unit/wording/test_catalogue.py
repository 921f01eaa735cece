"""Loading the wording files, and refusing what cannot be used."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import notify.wording
from notify.wording.catalogue import Status, Wording, WordingError

SHIPPED = Path(notify.wording.__file__).parent


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the shipped English wording, to be changed."""
    shutil.copytree(SHIPPED / "en", tmp_path / "en")
    return tmp_path


def write(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, "utf-8")


def faults(root: Path) -> list[str]:
    with pytest.raises(WordingError) as refused:
        Wording.load(root)
    return list(refused.value.faults)


@pytest.mark.parametrize(
    ("name", "words", "fault"),
    [
        ("arrest/page.txt", "Title\n\n{reference}", "en/arrest/page.txt: unknown placeholder reference"),
        ("arrest/page.txt", "Title\n\n{reason}", "en/arrest/page.txt: {reason} may be missing"),
        ("arrest/page.txt", "Title\n\n?day: One.", "en/arrest/page.txt: unknown placeholder day"),
        ("arrest/page.txt", "Title\n\n{", "en/arrest/page.txt: line 3: a brace"),
        ("arrest/page.txt", "Only a title", "en/arrest/page.txt: a page is a title"),
        ("arrest/page.txt", "Two\nlines\n\nWords.", "en/arrest/page.txt: a page is a title"),
        ("arrest/page.txt", "\n \n", "en/arrest/page.txt: empty"),
        ("arrest/page.txt", "Title\n\nSee bit.ly/x.", "en/arrest/page.txt: has a web or e-mail address"),
        ("any/nudge.sms.txt", "?cover: {cover}\n!cover: See a.example", "en/any/nudge.sms.txt: has a web"),
        (
            "arrest/nudge.sms.txt",
            "?cover: {cover}\n!cover: Ring the police.",
            "en/arrest/nudge.sms.txt: has the telling",
        ),
        ("any/subject.txt", "Your court date", "en/any/subject.txt: has the telling word 'court'"),
        ("any/subject.txt", "Hello!", "en/any/subject.txt: has an exclamation mark"),
        ("any/nudge.sms.txt", "Please ring.", "en/any/nudge.sms.txt: {cover} is missing"),
        ("any/nudge.email.txt", "{cover}", "en/any/nudge.email.txt: {cover} may be missing"),
        ("any/link.sms.txt", "?cover: {cover}\n!cover: Hi.", "en/any/link.sms.txt: {link} is missing"),
        ("any/full.email.txt", "Hello.", "en/any/full.email.txt: {update} is missing"),
        ("any/page_end.txt", "?reason: {reason}", "en/any/page_end.txt: unknown placeholder reason"),
        ("arest/page.txt", "Title\n\nWords.", "en/arest/page.txt: not in the folder of a known kind"),
        (
            "arrest/more/page.txt",
            "Title\n\nWords.",
            "en/arrest/more/page.txt: not in the folder of a known kind",
        ),
        ("arrest/pages.txt", "Title\n\nWords.", "en/arrest/pages.txt: unknown name"),
        ("glossary.toml", "[[term]]\nword = 'bail'", "en/glossary.toml: term 1 needs"),
        ("glossary.toml", "term = [1]", "en/glossary.toml: term 1 needs"),
        ("glossary.toml", "[", "en/glossary.toml: TOMLDecodeError"),
        ("locale.toml", "status = 'ready'", "en/locale.toml: status must be one of draft, working, reviewed"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    files: Path, name: str, words: str, fault: str
) -> None:
    write(files / "en" / name, words)

    assert any(found.startswith(fault) for found in faults(files)), fault


@pytest.mark.parametrize(
    "name",
    [
        "arrest/page.txt",
        "no_change/full.sms.txt",
        "any/subject.txt",
        "any/call.txt",
        "glossary.toml",
        "locale.toml",
    ],
)
def test_a_missing_file_is_named(files: Path, name: str) -> None:
    (files / "en" / name).unlink()

    assert any(found.startswith(f"en/{name}: ") for found in faults(files))


def test_a_file_that_is_not_utf8_is_named(files: Path) -> None:
    (files / "en/arrest/page.txt").write_bytes(b"Title\n\n\xff")

    assert "en/arrest/page.txt: not UTF-8" in faults(files)


def test_all_faults_are_told_at_once(files: Path) -> None:
    (files / "en/charge/page.txt").unlink()
    write(files / "en/any/subject.txt", "Urgent")
    write(files / "fr/arrest/page.txt", "Un titre")

    found = "\n".join(faults(files))

    assert "en/charge/page.txt" in found
    assert "en/any/subject.txt" in found
    assert "fr/locale.toml" in found


def test_wording_without_english_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path) == ["en: the default language is missing or a draft"]


def make_locale(files: Path, language: str, status: str) -> None:
    shutil.copytree(files / "en", files / language)
    head = (files / "en/locale.toml").read_text("utf-8")
    budget = head[head.index("[budget]") :]
    write(files / language / "locale.toml", f"status = '{status}'\nnote = 'A note.'\n{budget}")


def test_a_draft_is_never_used_and_its_gaps_stop_nothing(files: Path) -> None:
    make_locale(files, "cy", "draft")
    (files / "cy/arrest/page.txt").unlink()

    locale, fallback = Wording.load(files).locale("cy")

    assert (locale.language, fallback) == ("en", True)


@pytest.mark.parametrize(("tag", "found"), [("cy", "cy"), ("CY", "cy"), ("cy-GB", "cy"), ("en-GB", "en")])
def test_a_language_with_wording_is_found_by_its_tag(files: Path, tag: str, found: str) -> None:
    make_locale(files, "cy", "reviewed")

    locale, fallback = Wording.load(files).locale(tag)

    assert (locale.language, fallback) == (found, False)


@pytest.mark.parametrize("tag", ["pl", "", "e", "english"])
def test_english_stands_in_for_an_unknown_language_and_says_so(files: Path, tag: str) -> None:
    locale, fallback = Wording.load(files).locale(tag)

    assert (locale.language, fallback) == ("en", True)


def test_administrators_are_told_of_wording_that_nobody_qualified_has_read(files: Path) -> None:
    make_locale(files, "cy", "reviewed")

    unreviewed = Wording.load(files).unreviewed()

    assert [(locale.language, locale.status) for locale in unreviewed] == [("en", Status.WORKING)]
    assert "No qualified person" in unreviewed[0].note


def test_a_kind_may_have_its_own_version_of_a_shared_text(files: Path) -> None:
    write(files / "en/arrest/subject.txt", "Hello")

    locale, _ = Wording.load(files).locale("en")

    assert locale.text("arrest", "subject").id == "en/arrest/subject"
    assert locale.text("charge", "subject").id == "en/any/subject"


def rewrite(files: Path) -> None:
    write(files / "en/any/subject.txt", "Hello")


def rename(files: Path) -> None:
    shutil.copy(files / "en/any/subject.txt", files / "en/arrest/subject.txt")


@pytest.mark.parametrize("change", [rewrite, rename])
def test_the_version_is_that_of_the_content(files: Path, change: Callable[[Path], None]) -> None:
    before = Wording.load(files).version
    again = Wording.load(files).version

    change(files)

    assert before == again
    assert Wording.load(files).version != before


def test_a_kind_that_does_not_exist_is_refused(files: Path) -> None:
    locale, _ = Wording.load(files).locale("en")

    with pytest.raises(KeyError, match="any"):
        locale.text("any", "page")
