"""What Twilio says of a message, in our words."""

from models.vocabulary import ReceiptStatus

STATUS = {
    "queued": ReceiptStatus.ACCEPTED,
    "accepted": ReceiptStatus.ACCEPTED,
    "scheduled": ReceiptStatus.ACCEPTED,
    "sending": ReceiptStatus.ACCEPTED,
    "sent": ReceiptStatus.ACCEPTED,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.UNDELIVERED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}
"""Another word is kept with the receipt and moves nothing."""
