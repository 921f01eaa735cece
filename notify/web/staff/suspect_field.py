"""Choosing one suspect of a case on a form, or writing another."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Field, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind

from notify.planning.suspects import Suspect

NOBODY, ANOTHER = "nobody", "another"


class SuspectField(RadioField):
    """One suspect of those the case has, or none, or another who is written in a field beside it.

    What is sent back for a known one is the keyed digest by which they are found again, never the name.
    """

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], **kwargs)
        self.names: Mapping[str, str] = {}

    def offer(
        self, suspects: Sequence[Suspect], *, nobody: str | None = None, as_spelt: str | None = None
    ) -> None:
        """Offer these; `nobody` labels none at all. `as_spelt`: how a milestone that is corrected spells its own."""
        names = {one.index.hex(): one.name for one in suspects}
        if as_spelt is not None and self.object_data in names:
            names[self.object_data] = as_spelt
        self.names = names
        if self.raw_data == []:  # a form that was sent without a choice says nothing here
            self.data = None
        if names or nobody is None:
            known = [SelectChoice(value, name) for value, name in names.items()]
            first = [SelectChoice(NOBODY, nobody)] if nobody else []
            self.choices = [*first, *known, SelectChoice(ANOTHER, "Another")]

    def pre_validate(self, form: Any) -> None:
        """What was not offered is refused by `chosen`."""

    def chosen(self, written: str) -> str | None:
        """The suspect meant, None for nobody. Raises ValueError when the choice and what was written do not agree."""
        if self.data in (None, "None", ""):
            return written or None
        if self.data == ANOTHER:
            if not written:
                raise ValueError("Enter the other suspect")
            return written
        if self.data != NOBODY and self.data not in self.names:
            raise ValueError("Choose one of the list")
        if written:
            raise ValueError("Choose one of the list or enter another, not both")
        return self.names.get(self.data)


def agree(who: SuspectField, written: Field, *, needed: str | None = None) -> bool:
    """Whether a form names one suspect; else the field for writing one says what is wrong. `needed`: none will not do."""
    try:
        named = who.chosen(written.data)
    except ValueError as fault:
        written.errors = [*written.errors, str(fault)]
        return False
    if named is None and needed is not None:
        written.errors = [*written.errors, needed]
        return False
    return True
