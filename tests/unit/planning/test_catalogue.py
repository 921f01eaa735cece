"""The Code as data: what is shipped, how editions follow each other, how faults are told.

Long because every fault that the data can have is told by name.
"""

import csv
from datetime import date

import pytest

from models.vocabulary import Agency, DutyClass, MilestoneKind
from notify.planning.catalogue_files import SHIPPED, load_catalogue
from notify.planning.rules.catalogue import CatalogueError, UnknownRuleError

ON = date(2026, 1, 2)
HEADER = """
id = "{id}"
title = "A made-up edition"
source = "https://code.example/"
caution = "Made up."
valid_from = {valid_from}
{more}
[evidence]
K = "From nowhere."
[sources]
X = "https://code.example/x"
"""
COLUMNS = (
    "rule_id,right,milestone_kinds,stage,class,event,informer,owner,clock_starts,"
    "standard_working_days,enhanced_working_days,evidence,source,notes"
)
ARREST = "R6-ARREST,6,arrest,arrest,immediate,suspect arrested,police,police,event,3,2,K,X,"


def write_edition(
    folder, edition_id="2030", *, valid_from="2030-01-01", more="", rows=(ARREST,), columns=COLUMNS
):
    header = HEADER.format(id=edition_id, valid_from=valid_from, more=more)
    (folder / f"{edition_id}.toml").write_text(header)
    (folder / f"{edition_id}.csv").write_text("\n".join([columns, *rows]) + "\n")
    return folder


def faults_of(folder):
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    return caught.value.faults


def test_every_row_of_the_file_is_a_rule_in_the_files_order():
    rows = csv.DictReader((SHIPPED / "2021.csv").read_text().splitlines())
    (edition,) = load_catalogue().editions

    assert [rule.id for rule in edition.rules] == [row["rule_id"] for row in rows]
    assert len(edition.rules) == 36
    assert {rule.right for rule in edition.rules} == {3, 4, 6, 7, 8, 9, 10, 11, 12}


def test_a_rule_that_was_not_read_in_a_live_official_text_is_to_be_checked():
    (edition,) = load_catalogue().editions

    assert {rule.evidence for rule in edition.to_check} == {"S15", "K"}
    assert "R9-ULS" in {rule.id for rule in edition.to_check}


def test_an_edition_that_names_no_live_evidence_is_to_be_checked_whole(tmp_path):
    (edition,) = load_catalogue(write_edition(tmp_path)).editions

    assert [rule.id for rule in edition.to_check] == ["R6-ARREST"]


def test_live_evidence_that_is_not_explained_is_a_fault(tmp_path):
    write_edition(tmp_path, more='live_evidence = ["K", "Z"]')

    assert faults_of(tmp_path) == ("2030.toml, live_evidence: 'Z' is not explained under [evidence]",)


def test_every_kind_of_milestone_sets_off_a_rule():
    catalogue = load_catalogue()

    assert [kind for kind in MilestoneKind if not catalogue.rules_for(kind, ON)] == []


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("crime_reported", ["R3-CONF", "R4-NEEDS", "R4-REFER", "R7-VPS"]),
        ("bail_granted", ["R6-BAIL"]),
        ("released_under_investigation", ["R6-BAIL"]),
        ("sentence", ["R9-SENTENCE", "R11-VCSREF"]),
    ],
)
def test_a_milestone_sets_off_its_rules_in_file_order(kind, rules):
    assert [rule.id for rule in load_catalogue().rules_for(MilestoneKind(kind), ON)] == rules


def test_a_rule_says_everything_its_row_says():
    rule = load_catalogue().rule("R6-NFA-CPS", ON)

    assert (rule.edition, rule.right, rule.stage, rule.duty_class) == (
        "2021",
        6,
        "charge",
        DutyClass.OFFICER_FIRST,
    )
    assert rule.kinds == (
        MilestoneKind.CPS_NO_CHARGE,
        MilestoneKind.CHARGES_STOPPED,
        MilestoneKind.CHARGE_ALTERED,
    )
    assert (rule.informer, rule.owner, rule.clock_starts) == (
        "CPS (police deliver some)",
        Agency.CPS,
        "decision",
    )
    assert (rule.standard_days, rule.enhanced_days, rule.source_kind) == (5, 1, "code")
    assert (rule.evidence, rule.source) == ("S", "VCL")
    assert rule.notes == "letter sent; Victims' Right to Review named where it applies"


def test_a_rule_to_which_the_code_gives_no_number_is_marked_as_policy():
    rule = load_catalogue().rule("R7-VPS", ON)

    assert (rule.standard_days, rule.enhanced_days, rule.source_kind) == (None, None, "policy")


@pytest.mark.parametrize(
    ("informer", "owner"),
    [
        ("police", Agency.POLICE),
        ("any provider", Agency.POLICE),
        ("Witness Care Unit", Agency.WITNESS_CARE),
        ("Probation", Agency.PROBATION),
        ("Probation (VLO)", Agency.PROBATION),
    ],
)
def test_the_owner_is_the_agency_that_informs(informer, owner):
    rules = load_catalogue().editions[0].rules

    assert {rule.owner for rule in rules if rule.informer == informer} == {owner}


def test_what_comes_from_no_source_is_tagged_so():
    rules = load_catalogue().editions[0].rules

    assert {rule.evidence for rule in rules if not rule.source} == {"K"}
    assert {rule.evidence for rule in rules if rule.source} == {"S", "S15"}


def test_the_edition_says_that_a_person_must_check_it():
    assert "a person must check" in load_catalogue().editions[0].caution


def test_a_later_edition_beside_the_first_takes_over_on_its_date(tmp_path):
    for name in ("2021.csv", "2021.toml"):
        (tmp_path / name).write_text((SHIPPED / name).read_text())
    catalogue = load_catalogue(write_edition(tmp_path, valid_from="2030-01-01"))

    before = catalogue.rule("R6-ARREST", date(2029, 12, 31))
    after = catalogue.rule("R6-ARREST", date(2030, 1, 1))

    assert (before.edition, before.standard_days, before.duty_class) == ("2021", 5, DutyClass.ROUTINE)
    assert (after.edition, after.standard_days, after.duty_class) == ("2030", 3, DutyClass.IMMEDIATE)
    assert catalogue.rules_named("R6-ARREST") == (before, after)
    assert catalogue.rules_for(MilestoneKind.CHARGE, date(2030, 1, 1)) == ()
    assert [rule.edition for rule in catalogue.rules_named("R6-CHARGE")] == ["2021"]


def test_a_day_before_the_first_edition_is_answered_by_the_first():
    assert load_catalogue().rules_for(MilestoneKind.ARREST, date(1999, 1, 1))[0].edition == "2021"


def test_a_rule_that_is_not_in_the_edition_is_refused():
    with pytest.raises(UnknownRuleError):
        load_catalogue().rule("R6-NOSUCH", ON)


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("rule_id", "arrest", "'arrest' is not a name like R6-ARREST"),
        ("right", "13", "'13' is not a whole number from 1 to 12"),
        ("right", "six", "'six' is not a whole number from 1 to 12"),
        ("milestone_kinds", "arrest abduction", "'abduction' is none of"),
        ("milestone_kinds", "arrest arrest", "names a milestone kind twice"),
        ("stage", "prison", "'prison' is none of report, arrest, bail, charge, court, any"),
        ("class", "urgent", "'urgent' is none of"),
        ("event", "", "must not be empty"),
        ("informer", " ", "must not be empty"),
        ("owner", "courts", "'courts' is none of police, witness_care, cps, probation"),
        ("standard_working_days", "0", "'0' is not a whole number"),
        ("standard_working_days", "-5", "'-5' is not a whole number"),
        ("standard_working_days", "²", "'²' is not a whole number"),
        ("enhanced_working_days", "9999", "'9999' is not a whole number"),
        ("enhanced_working_days", "4", "is more than standard_working_days"),
        ("enhanced_working_days", "", "both numbers of days are given or neither"),
        ("evidence", "", "must not be empty"),
    ],
)
def test_a_bad_cell_is_told_by_its_line_and_column(tmp_path, column, cell, fault):
    cells = dict(zip(COLUMNS.split(","), ARREST.split(","), strict=True)) | {column: cell}
    write_edition(tmp_path, rows=["R1-GOOD" + ARREST.removeprefix("R6-ARREST"), ",".join(cells.values())])

    (found,) = faults_of(tmp_path)

    assert found.startswith(f"2030.csv line 3, column {column}: {fault}")


def test_a_rule_named_twice_is_refused(tmp_path):
    assert faults_of(write_edition(tmp_path, rows=[ARREST, ARREST])) == (
        "2030.csv: rule R6-ARREST is there 2 times",
    )


def test_a_tag_that_the_header_does_not_explain_is_refused(tmp_path):
    write_edition(tmp_path, rows=[ARREST.replace(",K,X,", ",S,Y,")])

    assert faults_of(tmp_path) == (
        "2030.csv, rule R6-ARREST, column evidence: 'S' is not explained in 2030.toml",
        "2030.csv, rule R6-ARREST, column source: 'Y' has no address in 2030.toml",
    )


@pytest.mark.parametrize("row", [ARREST + ",more", ARREST.removesuffix(",")])
def test_a_row_with_too_many_or_too_few_cells_is_refused(tmp_path, row):
    assert faults_of(write_edition(tmp_path, rows=[row])) == ("2030.csv line 2: a row has 14 cells",)


def test_a_broken_quotation_is_refused(tmp_path):
    (fault,) = faults_of(write_edition(tmp_path, rows=['"R6-ARREST']))

    assert fault.startswith("2030.csv after line 1: ")


def test_missing_and_unknown_columns_are_told_by_name(tmp_path):
    columns = COLUMNS.replace("owner", "boss")

    assert faults_of(write_edition(tmp_path, columns=columns)) == (
        "2030.csv, column owner: missing",
        "2030.csv, column boss: unknown or twice",
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "A made-up edition"', "", "title: missing"),
        ('title = "A made-up edition"', "title = 3", "title: must be a str"),
        ("valid_from = 2030-01-01", 'valid_from = "2030-01-01"', "valid_from: must be a date"),
        ("valid_from = 2030-01-01", "valid_from = 2030-01-01T00:00:00Z", "valid_from: must be a date"),
        ('id = "2030"', 'id = "2031"', "id: must be the name of the file"),
        ("[evidence]", "colour = 3\n[evidence]", "colour: unknown"),
    ],
)
def test_a_bad_header_is_told_by_key(tmp_path, old, new, fault):
    write_edition(tmp_path)
    header = tmp_path / "2030.toml"
    header.write_text(header.read_text().replace(old, new))

    assert faults_of(tmp_path) == (f"2030.toml, {fault}",)


def test_a_header_that_is_not_toml_is_refused(tmp_path):
    write_edition(tmp_path)
    (tmp_path / "2030.toml").write_text("id = ")

    (fault,) = faults_of(tmp_path)

    assert fault.startswith("2030.toml: ")


@pytest.mark.parametrize("name", ["2030.csv", "2030.toml"])
def test_half_an_edition_is_refused(tmp_path, name):
    write_edition(tmp_path)
    (tmp_path / name).unlink()

    assert faults_of(tmp_path) == (f"{name}: missing",)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    write_edition(tmp_path)
    (tmp_path / "2030.csv").write_bytes(b"\xff\xfe")

    assert faults_of(tmp_path) == ("2030.csv: not UTF-8",)


def test_the_faults_of_all_files_are_told_at_once(tmp_path):
    write_edition(tmp_path, "2030", rows=[ARREST.replace("police", "army"), ARREST.replace(",3,", ",x,")])
    write_edition(
        tmp_path, "2031", more="colour = 3", valid_from="2031-01-01", rows=[ARREST.replace("K", "")]
    )

    assert [fault.split(":")[0] for fault in faults_of(tmp_path)] == [
        "2030.csv line 2, column owner",
        "2030.csv line 3, column standard_working_days",
        "2031.toml, colour",
        "2031.csv line 2, column evidence",
    ]


def test_an_empty_folder_is_refused(tmp_path):
    assert faults_of(tmp_path) == ("no edition of the Code was found",)


@pytest.mark.parametrize(
    ("first_more", "second_from", "second_more", "fault"),
    [
        ("", "2030-01-01", "", "edition 2031: valid_from is that of edition 2030 as well"),
        (
            "valid_to = 2030-06-01",
            "2031-01-01",
            "",
            "edition 2030: valid_to is not the day before edition 2031 begins",
        ),
        ("", "2031-01-01", "valid_to = 2032-01-01", "edition 2031: valid_to is set but no edition follows"),
    ],
)
def test_editions_that_do_not_line_up_are_refused(tmp_path, first_more, second_from, second_more, fault):
    write_edition(tmp_path, "2030", more=first_more)
    write_edition(tmp_path, "2031", valid_from=second_from, more=second_more)

    assert faults_of(tmp_path) == (fault,)


def test_an_edition_may_say_its_last_day_when_the_next_begins_the_day_after(tmp_path):
    write_edition(tmp_path, "2030", more="valid_to = 2030-12-31")
    write_edition(tmp_path, "2031", valid_from="2031-01-01")

    assert load_catalogue(tmp_path).edition_on(date(2030, 12, 31)).id == "2030"
