"""The page docs/code.md, made from the catalogue: `python -m notify.planning.code_page > docs/code.md`."""

import sys
from collections.abc import Iterable, Iterator

from notify.planning.catalogue_files import load_catalogue
from notify.planning.policy import Policy, load_policy
from notify.planning.rules.catalogue import Catalogue, Edition, Rule

INTRODUCTION = """\
# What is owed to a victim, and by when

Made from the files in `notify/planning/rules/editions/` and `notify/planning/policy.toml`; change those, then run
`python -m notify.planning.code_page > docs/code.md`.

## How a due time is counted

- A working day is Monday to Friday and not a bank holiday of England and Wales.
- The clock starts when the owner of the duty learned of the milestone; if that is not said, when it happened.
- A duty of N working days is due when the N-th working day strictly after the London date of the clock start ends:
  at 00:00 in London on the day after it. An arrest learned of on Friday 2 January 2026 at 16:00 is to be told
  within one working day by Tuesday 6 January 2026 at 00:00.
- A duty of the class `immediate` also has an urgent time, {urgent_hours} hours after the clock start. No message breaks
  a safe window for its sake: a person is asked to call instead.
- Where the Code gives no number the days are policy: {standard} (standard) and {enhanced} (enhanced rights),
  shown with a `p`.
- A rule is taken from the edition in force on the day; a day before the first edition is answered by the first.
- A time of the class `victim_window` is the victim's own: until then she may ask for something. It runs calendar months
  or days to the end of its last day in London. 30 November and three months: the last day of February. When half of it
  is over she is reminded once, if her plan allows it; the private page shows the date.
- When nothing changes, a victim is owed word once in the number of calendar days agreed in the plan.

Alerts for a duty still open: due soon {due_soon_hours} hours before it is due (to the officer); overdue when its time
is past (the urgent time, for `immediate`), and escalated {escalate_enhanced} working day(s) later (enhanced) or
{escalate_standard} (standard), both to the supervisor.
"""


def page(catalogue: Catalogue, policy: Policy) -> str:
    """The whole page, as Markdown."""
    introduction = INTRODUCTION.format(
        urgent_hours=policy.urgent_hours,
        standard=policy.default_standard_days,
        enhanced=policy.default_enhanced_days,
        due_soon_hours=policy.due_soon_hours,
        escalate_enhanced=policy.escalate_enhanced_days,
        escalate_standard=policy.escalate_standard_days,
    )
    sections = ("\n".join(_section(edition, policy)) for edition in catalogue.editions)
    return "\n".join([introduction, *sections]) + "\n"


def _section(edition: Edition, policy: Policy) -> Iterator[str]:
    until = f" to {edition.valid_to}" if edition.valid_to else ""
    yield f"## Edition {edition.id}: from {edition.valid_from}{until}\n"
    yield f"{edition.title}: <{edition.source}>\n"
    yield f"**Beware.** {edition.caution}\n"
    yield _row(
        (
            "rule",
            "right",
            "what is told",
            "milestones",
            "class",
            "owner",
            "clock starts",
            "days",
            "evidence",
            "notes",
        )
    )
    yield _row(["---"] * 10)
    for rule in edition.rules:
        yield _row(_cells(edition, rule, policy))
    yield "\nDays: standard / enhanced. Evidence:\n"
    for tag, meaning in edition.evidence.items():
        check = "" if tag in edition.live_evidence else " Not a live official text: to be checked."
        yield f"- **{tag}**: {meaning}{check}"
    yield "\nSources:\n"
    for key, address in edition.sources.items():
        yield f"- **{key}**: <{address}>"


def _cells(edition: Edition, rule: Rule, policy: Policy) -> Iterator[str]:
    yield rule.id
    yield "" if rule.right is None else str(rule.right)
    yield rule.event
    yield ", ".join(f"`{kind}`" for kind in rule.kinds)
    yield rule.duty_class
    yield f"{rule.owner} ({rule.informer})"
    yield rule.clock_starts
    window = edition.windows.get(rule.id)
    yield f"{window.length}, hers" if window else _days(rule, policy)
    yield " ".join(filter(None, (rule.evidence, rule.source)))
    yield rule.notes


def _days(rule: Rule, policy: Policy) -> str:
    mark = "p" if rule.source_kind == "policy" else ""
    return " / ".join(f"{policy.days_for(rule, enhanced=enhanced)}{mark}" for enhanced in (False, True))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page(load_catalogue(), load_policy()))
