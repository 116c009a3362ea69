"""The three kinds of error: the user's, the passing one, and (everything else) a bug."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right.

    `key` names a message of the catalogues (`error.<key>`), `values` fill its placeholders.
    """

    def __init__(self, key: str, **values: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.values: dict[str, str | int] = dict(values)


class SignInNeeded(UserError):
    """There is no token in the person's name: they have to sign in, or to consent, first."""

    def __init__(self) -> None:
        super().__init__("sign_in_needed")


class TransientError(Exception):
    """Something that may work in a moment: the worker tries again.

    `retry_after` is in seconds, as the other side asked for (HTTP Retry-After), or None. `key` names what users are told
    once all attempts have failed.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, key: str = "unavailable") -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.key = key


class Busy(TransientError):
    """Nothing has failed; there is no room at the moment. The job waits, and the attempt does not count."""


class Conflict(Exception):
    """A record was changed by somebody else since it was read (compare-and-set lost)."""


class EditedSince(Exception):
    """Somebody has edited the Word file since it was written: a person decides what becomes of the new one."""
