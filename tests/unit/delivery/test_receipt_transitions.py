"""How receipts move a message, in whatever order they come."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import MessageState, ReceiptStatus
from notify.delivery.rules.receipts import after_receipt

WITH_A_PROVIDER = [
    MessageState.CLAIMED,
    MessageState.UNCERTAIN,
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
]
NOT_WITH_A_PROVIDER = [state for state in MessageState if state not in WITH_A_PROVIDER]


def after_all(state: MessageState, receipts: Iterable[ReceiptStatus]) -> MessageState:
    for status in receipts:
        state = after_receipt(state, status) or state
    return state


def test_an_accepted_message_is_delivered() -> None:
    assert after_receipt(MessageState.ACCEPTED, ReceiptStatus.DELIVERED) is MessageState.DELIVERED


def test_a_delivered_message_never_goes_back_to_accepted() -> None:
    assert after_receipt(MessageState.DELIVERED, ReceiptStatus.ACCEPTED) is None


@pytest.mark.parametrize("bounce", [ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED])
def test_a_bounce_after_delivered_is_believed(bounce: ReceiptStatus) -> None:
    assert after_receipt(MessageState.DELIVERED, bounce) is MessageState.UNDELIVERED


def test_delivered_after_a_bounce_is_not_believed() -> None:
    assert after_receipt(MessageState.UNDELIVERED, ReceiptStatus.DELIVERED) is None


def test_a_receipt_may_come_before_the_answer_to_the_hand_over() -> None:
    assert after_receipt(MessageState.CLAIMED, ReceiptStatus.DELIVERED) is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        (ReceiptStatus.ACCEPTED, MessageState.ACCEPTED),
        (ReceiptStatus.DELIVERED, MessageState.DELIVERED),
        (ReceiptStatus.UNDELIVERED, MessageState.UNDELIVERED),
        (ReceiptStatus.FAILED, MessageState.UNDELIVERED),
    ],
)
def test_any_receipt_settles_an_uncertain_message(status: ReceiptStatus, settled: MessageState) -> None:
    assert after_receipt(MessageState.UNCERTAIN, status) is settled


@pytest.mark.parametrize("state", NOT_WITH_A_PROVIDER)
@pytest.mark.parametrize("status", ReceiptStatus)
def test_a_receipt_for_a_message_not_handed_over_changes_nothing(
    state: MessageState, status: ReceiptStatus
) -> None:
    assert after_receipt(state, status) is None


@given(
    st.sampled_from(MessageState),
    st.lists(st.sampled_from(ReceiptStatus), max_size=6).flatmap(
        lambda receipts: st.tuples(st.just(receipts), st.permutations(receipts))
    ),
)
def test_the_same_receipts_in_any_order_end_in_the_same_state(
    state: MessageState, orders: tuple[list[ReceiptStatus], list[ReceiptStatus]]
) -> None:
    one, other = orders

    assert after_all(state, one) is after_all(state, other)


@given(st.sampled_from(MessageState), st.lists(st.sampled_from(ReceiptStatus), max_size=6))
def test_receipts_that_come_again_change_nothing(state: MessageState, receipts: list[ReceiptStatus]) -> None:
    settled = after_all(state, receipts)

    assert [after_receipt(settled, status) for status in receipts] == [None] * len(receipts)
