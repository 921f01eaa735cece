"""The closed lists of words that tables, rules and pages share (standard library only).

Long because every list is here, one under the other.
"""

from enum import StrEnum


class Agency(StrEnum):
    """An organisation that owns duties to a victim."""

    POLICE = "police"
    WITNESS_CARE = "witness_care"
    CPS = "cps"
    PROBATION = "probation"


class Role(StrEnum):
    """What a member of staff may do."""

    CASE_OFFICER = "case_officer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


class EnhancedRight(StrEnum):
    """The three categories that entitle a victim to enhanced rights (Victims' Code 2021)."""

    MOST_SERIOUS = "most_serious"
    PERSISTENTLY_TARGETED = "persistently_targeted"
    VULNERABLE_OR_INTIMIDATED = "vulnerable_or_intimidated"


class RiskLevel(StrEnum):
    STANDARD = "standard"
    MEDIUM = "medium"
    HIGH = "high"


class Supports(StrEnum):
    """Whether the victim supports the prosecution."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class RepresentativeKind(StrEnum):
    IDVA = "idva"
    ISVA = "isva"
    PARENT = "parent"
    GUARDIAN = "guardian"
    FAMILY_SPOKESPERSON = "family_spokesperson"


class ContactPointKind(StrEnum):
    MOBILE = "mobile"
    EMAIL = "email"
    LANDLINE = "landline"
    POST = "post"


class ContactPointState(StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    SUSPENDED = "suspended"


class Channel(StrEnum):
    """A way an automatic message can travel."""

    SMS = "sms"
    EMAIL = "email"


CHANNEL_OF = {ContactPointKind.MOBILE: Channel.SMS, ContactPointKind.EMAIL: Channel.EMAIL}
"""Which channel reaches which kind of contact point; a kind that is missing is for people only."""


class Detail(StrEnum):
    """How much a message may say: nothing, a private link, or the update itself."""

    NUDGE = "nudge"
    LINK = "link"
    FULL = "full"


class Sender(StrEnum):
    """Whom a text is shown to come from, as the plan agrees."""

    NEUTRAL = "neutral"
    NAMED = "named"
    NUMERIC = "numeric"


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class DutyClass(StrEnum):
    """How a duty is carried out."""

    ROUTINE = "routine"
    IMMEDIATE = "immediate"
    OFFICER_FIRST = "officer_first"
    STAFF_TASK = "staff_task"
    VICTIM_WINDOW = "victim_window"
    OTHER_AGENCY = "other_agency"


class DutyState(StrEnum):
    OPEN = "open"
    TOLD = "told"
    WAIVED = "waived"
    CANCELLED = "cancelled"


class MessageState(StrEnum):
    """Where one message stands on its way to one contact point."""

    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class BreakerState(StrEnum):
    """Whether a provider is handed messages (a circuit breaker's words)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class ReceiptStatus(StrEnum):
    """What a provider can say about a message, in our words."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why the safe-contact gate would not let a message go."""

    NO_PLAN = "no_plan"
    NOT_AUTOMATIC = "not_automatic"
    OFFICER_FIRST = "officer_first"
    PAUSED = "paused"
    DECLINED = "declined"
    CASE_CLOSED = "case_closed"
    DUTY_CLOSED = "duty_closed"
    NOT_IN_PLAN = "not_in_plan"
    NOT_VERIFIED = "not_verified"
    SUSPENDED = "suspended"
    NO_CHANNEL = "no_channel"
    NO_SAFE_WINDOW = "no_safe_window"
    ALREADY_TRIED = "already_tried"
    UNREADABLE = "unreadable"


class Outcome(StrEnum):
    """What came of one attempt to reach a victim."""

    SPOKE_IDENTITY_CHECKED = "spoke_identity_checked"
    MET_IN_PERSON = "met_in_person"
    VIDEO_IDENTITY_CHECKED = "video_identity_checked"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    OTHER_PERSON_ANSWERED = "other_person_answered"
    LETTER_SENT = "letter_sent"
    MESSAGE_ACCEPTED = "message_accepted"
    MESSAGE_UNDELIVERED = "message_undelivered"
    MESSAGE_TOLD = "message_told"
    READ_PRIVATE_PAGE = "read_private_page"
    SAFE_WORD = "safe_word"


PERSON_OUTCOMES = (
    Outcome.SPOKE_IDENTITY_CHECKED,
    Outcome.MET_IN_PERSON,
    Outcome.VIDEO_IDENTITY_CHECKED,
    Outcome.VOICEMAIL,
    Outcome.NO_ANSWER,
    Outcome.OTHER_PERSON_ANSWERED,
    Outcome.LETTER_SENT,
)
"""The outcomes a person may record; the others are recorded by the service itself."""

REACHED = frozenset(
    {
        Outcome.SPOKE_IDENTITY_CHECKED,
        Outcome.MET_IN_PERSON,
        Outcome.VIDEO_IDENTITY_CHECKED,
        Outcome.MESSAGE_TOLD,
        Outcome.READ_PRIVATE_PAGE,
    }
)
"""The outcomes that mean the victim was told; every other outcome is an attempt."""


class CodeWord(StrEnum):
    """What a victim can say by a word that was agreed in her plan."""

    SAFE = "safe"
    NOT_SAFE = "not_safe"
    CALL_ME = "call_me"


class Reading(StrEnum):
    """What a text or mail that came in was taken for."""

    OPTED_OUT = "opted_out"
    WRONG_NUMBER = "wrong_number"
    UNSAFE = "unsafe"
    STOP = "stop"
    START = "start"
    HELP = "help"
    AUTOMATIC = "automatic"
    OTHER = "other"
    SAFE_WORD = "safe_word"
    NOT_SAFE_WORD = "not_safe_word"
    CALL_ME_WORD = "call_me_word"


class AlertLevel(StrEnum):
    DUE_SOON = "due_soon"
    URGENT = "urgent"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class LateReason(StrEnum):
    """Why a duty is late, or will be."""

    COULD_NOT_REACH = "could_not_reach"
    NO_SAFE_WAY = "no_safe_way"
    LEARNED_LATE = "learned_late"
    OFFICER_AWAY = "officer_away"
    WORKLOAD = "workload"
    WAITING_FOR_ANOTHER_AGENCY = "waiting_for_another_agency"
    VICTIM_ASKED_TO_WAIT = "victim_asked_to_wait"
    OVERLOOKED = "overlooked"
    TOLD_BUT_NOT_RECORDED = "told_but_not_recorded"
    OTHER = "other"


class NextStep(StrEnum):
    """What is to be done about a late duty."""

    CALL = "call"
    VISIT = "visit"
    LETTER = "letter"
    ASK_ADVOCATE = "ask_advocate"
    HAND_OVER = "hand_over"
    WAIT = "wait"
    RECORD_CONTACT = "record_contact"
    WAIVE = "waive"


class TaskKind(StrEnum):
    """What a person must do by hand."""

    CALL = "call"
    VERIFY_CONTACT = "verify_contact"
    AGREE_PLAN = "agree_plan"
    AGREE_SECRET = "agree_secret"  # noqa: S105 - a kind of task
    EXPLAIN_NO_CONTACT = "explain_no_contact"
    FOLLOW_UP_INBOUND = "follow_up_inbound"
    DO_DUTY = "do_duty"
    CHECK_DELIVERY = "check_delivery"
    ASK_AGAIN = "ask_again"


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class MilestoneKind(StrEnum):
    """What can happen in a case (every kind named by the Victims' Code catalogue)."""

    CRIME_REPORTED = "crime_reported"
    INVESTIGATION_OPENED = "investigation_opened"
    NO_INVESTIGATION = "no_investigation"
    ARREST = "arrest"
    INTERVIEW_UNDER_CAUTION = "interview_under_caution"
    RELEASED_WITHOUT_CHARGE = "released_without_charge"
    BAIL_GRANTED = "bail_granted"
    RELEASED_UNDER_INVESTIGATION = "released_under_investigation"
    BAIL_CONDITIONS_CHANGED = "bail_conditions_changed"
    BAIL_ENDED = "bail_ended"
    OUT_OF_COURT_DISPOSAL = "out_of_court_disposal"
    CHARGE = "charge"
    FIRST_HEARING_LISTED = "first_hearing_listed"
    BAIL_TO_COURT = "bail_to_court"
    BAIL_TO_COURT_CHANGED = "bail_to_court_changed"
    POLICE_NO_FURTHER_ACTION = "police_no_further_action"
    CPS_NO_CHARGE = "cps_no_charge"
    CHARGES_STOPPED = "charges_stopped"
    CHARGE_ALTERED = "charge_altered"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_DECIDED = "review_decided"
    HEARING_LISTED = "hearing_listed"
    HEARING_CHANGED = "hearing_changed"
    COURT_BAIL_DECISION = "court_bail_decision"
    WARRANT_ISSUED = "warrant_issued"
    WARRANT_EXECUTED = "warrant_executed"
    WITNESS_REQUIRED = "witness_required"
    SPECIAL_MEASURES_DECIDED = "special_measures_decided"
    VERDICT = "verdict"
    SENTENCE = "sentence"
    APPEAL_LODGED = "appeal_lodged"
    APPEAL_LISTED = "appeal_listed"
    APPEAL_DECIDED = "appeal_decided"
    PROPERTY_RELEASED = "property_released"
    RELEASE_FROM_CUSTODY = "release_from_custody"
    RECALL_TO_CUSTODY = "recall_to_custody"
    ESCAPE_FROM_CUSTODY = "escape_from_custody"
    COMPLAINT_MADE = "complaint_made"


NO_CHANGE = "no_change"
"""The kind of a duty that comes from the agreed frequency and not from a milestone."""

NO_CHANGE_RULE = "PLAN-NOCHANGE"

CASE_CLOSED = "case_closed"
"""The kind of the last duty in a case: to say that it is closed."""

FINAL_RULE = "PLAN-CLOSED"
"""The rule of that duty: it comes from no milestone and no edition."""

REVIEW_WINDOW = "review_window"
SENTENCE_REVIEW_WINDOW = "sentence_review_window"
WINDOW_KINDS = (REVIEW_WINDOW, SENTENCE_REVIEW_WINDOW)
"""The kinds of a duty that reminds a victim of what she may ask for until a date."""

CORRECTION_RULE = "CORRECTION"
"""The rule of a duty to put right what a victim was told wrongly: it comes from a corrected milestone and no edition."""
