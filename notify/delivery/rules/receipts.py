"""How a receipt moves a message: one table for every provider."""

from models.vocabulary import MessageState, ReceiptStatus

_STATE_OF = {
    ReceiptStatus.ACCEPTED: MessageState.ACCEPTED,
    ReceiptStatus.DELIVERED: MessageState.DELIVERED,
    ReceiptStatus.UNDELIVERED: MessageState.UNDELIVERED,
    # Why it did not arrive is kept in the receipt; for the victim it is the same: nothing came.
    ReceiptStatus.FAILED: MessageState.UNDELIVERED,
}

_RANK = {
    MessageState.CLAIMED: 0,
    MessageState.UNCERTAIN: 0,
    MessageState.ACCEPTED: 1,
    MessageState.DELIVERED: 2,
    MessageState.UNDELIVERED: 3,
}
"""The states of a message that may be with a provider. A receipt only ever moves it to a higher rank."""


def after_receipt(state: MessageState, status: ReceiptStatus) -> MessageState | None:
    """The state that a receipt moves a message to, or None: keep the receipt, change nothing.

    Receipts come late, twice and out of order, and a bounce may follow a delivery. Since a receipt only moves a
    message up the order accepted, delivered, undelivered, the same receipts in any order end in the same state, and
    a repeat changes nothing.

    `undelivered` is above `delivered` because delivered-then-bounced must be believed, and order alone can't tell it
    from bounced-then-delivered. The doubt is settled against ourselves: a victim who was in fact told hears it a second
    time from a person, while one wrongly believed told would not hear it at all.

    A receipt for a message that was not handed over (held, queued, expired, cancelled, refused, failed) is not about a
    message we know to be with a provider, and changes nothing.

    >>> after_receipt(MessageState.UNCERTAIN, ReceiptStatus.ACCEPTED)
    <MessageState.ACCEPTED: 'accepted'>
    >>> after_receipt(MessageState.DELIVERED, ReceiptStatus.ACCEPTED) is None
    True
    >>> after_receipt(MessageState.DELIVERED, ReceiptStatus.FAILED)
    <MessageState.UNDELIVERED: 'undelivered'>
    """
    if state not in _RANK:
        return None
    said = _STATE_OF[status]
    return said if _RANK[said] > _RANK[state] else None
