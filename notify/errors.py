"""The faults a caller can mend: each names a field and a reason, and never repeats what was typed."""


class NotifyError(Exception):
    """Base of the faults that the service answers for."""


class FieldFault(NotifyError):  # noqa: N818 - a fault of the input, named as one
    """One field of the input cannot be accepted. Nothing was changed."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class NotKnown(FieldFault):
    """The thing a field names does not exist, or this caller may not see it: the two look the same."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "is not known")


class Conflict(FieldFault):
    """The request was understood, but what it asks for clashes with what is already recorded."""
