"""What the channel's refusals mean, and what is to be done.

Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes from bot conversational APIs".
"""

from __future__ import annotations

from enum import Enum, auto

from botbuilder.schema import ErrorResponseException


class Remedy(Enum):
    AGAIN = auto()
    """Nothing was done; it may work in a moment."""
    AGAIN_IF_HARMLESS = auto()
    """It may have been done all the same: only what may be done twice is repeated."""
    SHRINK = auto()
    ANEW = auto()
    """The message is not there: a new one takes its place."""
    SHUT_OUT = auto()
    """Nothing is sent into this conversation until the channel says that the bot is back."""
    OPERATORS = auto()
    """Wrong settings or a wrong request: repeating it changes nothing, people have to look at it."""


_BY_STATUS = {
    400: Remedy.OPERATORS,
    401: Remedy.OPERATORS,
    403: Remedy.SHUT_OUT,
    404: Remedy.ANEW,
    405: Remedy.OPERATORS,
    412: Remedy.AGAIN,
    413: Remedy.SHRINK,
    429: Remedy.AGAIN,
    500: Remedy.AGAIN_IF_HARMLESS,
    501: Remedy.OPERATORS,
    502: Remedy.AGAIN_IF_HARMLESS,
    503: Remedy.AGAIN,
    504: Remedy.AGAIN_IF_HARMLESS,
}
_SETTINGS = frozenset({"NotEnoughPermissions", "InvalidBotApiHost"})
"""A 403 that says nothing about the conversation."""
DISABLED = "BotDisabledByAdmin"


def remedy(status: int, code: str) -> Remedy:
    """A 403 shuts out whatever its code: in practice the codes vary."""
    if status == 403 and code in _SETTINGS:
        return Remedy.OPERATORS
    return _BY_STATUS.get(status, Remedy.OPERATORS)


def code_of(error: ErrorResponseException) -> str:
    """The channel's code, such as "ConversationNotFound"; empty where it gives none."""
    inner = getattr(error.error, "error", None)
    return str(getattr(inner, "code", None) or "")[:60]
