"""docs/code.md says what the catalogue and the policy say."""

from dataclasses import replace
from pathlib import Path

from notify.planning.catalogue_files import load_catalogue
from notify.planning.code_page import page
from notify.planning.policy import load_policy

DOCUMENT = Path(__file__).parents[3] / "docs" / "code.md"


def test_the_document_is_what_the_data_makes():
    assert DOCUMENT.read_text(encoding="utf-8") == page(load_catalogue(), load_policy())


def test_every_rule_has_its_line_with_its_days():
    text = page(load_catalogue(), replace(load_policy(), default_standard_days=9, default_enhanced_days=8))
    lines = {
        line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| R")
    }

    assert lines.keys() == load_catalogue().editions[0].by_id.keys()
    assert "| 5 / 1 |" in lines["R6-ARREST"]
    assert "| 9p / 8p |" in lines["R7-VPS"]
