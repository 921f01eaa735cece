"""The part of the plan form with the code words: typed once, and never shown again."""

from collections.abc import Collection, Mapping
from typing import Any

from wtforms import Field, Form
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import ValidationError

from models.vocabulary import CodeWord
from notify.planning.code_words import LONGEST, code_word_fault
from notify.web.staff.forms import line, tick_boxes

MEANS = {CodeWord.SAFE: "I am safe", CodeWord.NOT_SAFE: "I am not safe", CodeWord.CALL_ME: "Please call me"}
SET = "A word is set. Leave this empty to keep it, or enter another."


def _word(meaning: CodeWord, hint: str) -> Any:
    return line(f"Word for “{MEANS[meaning]}” (optional)", longest=LONGEST, hint=hint)


class CodeWordsForm(Form):
    """A field for each code word; what is agreed already is not among the values."""

    safe = _word(CodeWord.SAFE, "It is noted, and nothing is told for it.")
    not_safe = _word(
        CodeWord.NOT_SAFE, "Nothing more is sent to any contact point until a person has checked each one."
    )
    call_me = _word(CodeWord.CALL_ME, "You get a task to call at once.")
    take_away: Any = tick_boxes("Code words to take away")

    def offer(self, agreed: Collection[CodeWord]) -> None:
        """Say which words are set, and offer to take those away."""
        self.take_away.choices = [
            SelectChoice(each.value, f"The word for “{MEANS[each]}”") for each in agreed
        ]
        for each in agreed:
            self[each].description = SET

    def _check(self, field: Field) -> None:
        if field.data and (fault := code_word_fault(field.data)) is not None:
            raise ValidationError(f"The word {fault}")

    validate_safe = validate_not_safe = validate_call_me = _check

    def changed(self, agreed: Mapping[CodeWord, str]) -> dict[CodeWord, str]:
        """All the words that hold from now on."""
        kept = {each: word for each, word in agreed.items() if each.value not in (self.take_away.data or ())}
        return kept | {each: self[each].data for each in CodeWord if self[each].data}
