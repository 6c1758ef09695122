"""Name every failure a user can meet, with its exit code.

FleetsyncError (1)                  failed: network, server, file
├── FileError (1)                   a local file cannot be read or written
├── SecretsError (1)                the secrets file is not safe to use
├── JournalError (1)                the journal cannot be read or written
├── LockedError (1)                 another apply is at work on the same fleet
├── LockLostError (1)               the lock in the org was lost while apply worked
├── ExtraMissingError (1)           a package of an extra is not installed
├── ForgeError (1)                  GitHub or GitLab refused, or did not answer
├── OrgError (1)                    the org did not do what it was asked to, or nobody knows
│   ├── ApiError (1)                the org answered with an error
│   ├── PartlyDoneError (1)         some items of a bulk request were refused
│   ├── UnreachableError (1)        the org did not answer
│   ├── OutcomeUnknownError (1)     a write was sent and its answer never came
│   └── CredentialsError (8)        the credentials were refused or are missing
├── UsageError (2)                  wrong usage
├── RefusedError (4)                limits, protection, or not confirmed
├── StalePlanError (5)              the saved plan no longer fits
├── ManifestError (7)               fleet.yaml or manifests are invalid
└── InterruptedRunError (130)       stopped by a signal
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class FleetsyncError(Exception):
    """Any failure that a user can meet; its text says where, what, and what to do next."""

    exit_code: ClassVar[int] = 1


class FileError(FleetsyncError):
    """A local file cannot be read or written."""


class SecretsError(FleetsyncError):
    """The secrets file is not safe to use."""


class JournalError(FleetsyncError):
    """The journal cannot be read or written."""


class LockedError(FleetsyncError):
    """Another apply is at work on the same fleet."""


class LockLostError(FleetsyncError):
    """The lock in the org was lost while apply worked: nothing more may be sent."""


class ExtraMissingError(FleetsyncError):
    """A command needs a package that only an extra installs."""


class OrgError(FleetsyncError):
    """The org did not do what it was asked to, or nobody knows whether it did.

    ``http_code`` is the status of its answer, None where none came. ``response`` is the answer's
    JSON, None where it has none; it is the org's own text, with every credential starred out.
    """

    def __init__(
        self,
        message: str,
        *,
        http_code: int | None = None,
        response: Any = None,  # noqa: ANN401 - JSON, whose type is the model's
    ) -> None:
        super().__init__(message)
        self.http_code = http_code
        self.response = response

    @property
    def message(self) -> str:
        """The reason, in one line that is fit to be shown."""
        return str(self)


class ApiError(OrgError):
    """The org answered with an error status.

    ``status`` is the HTTP status, ``detail`` the platform's own id and words (platform page 1.4),
    never a credential.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        detail: str = "",
        response: Any = None,  # noqa: ANN401 - as above
    ) -> None:
        super().__init__(message, http_code=status, response=response)
        self.status = status
        self.detail = detail


class UnreachableError(OrgError):
    """The org did not answer: no host, no connection, no TLS, no time left."""


class ForgeError(FleetsyncError):
    """GitHub or GitLab refused what was asked, or did not answer."""


class PartlyDoneError(OrgError):
    """A bulk request of which not every item was carried out, though its status says success.

    ``results`` tell of each item, in the order asked; tokens of those that were registered are in
    there and nowhere else, so keep them.
    """

    def __init__(
        self,
        message: str,
        *,
        http_code: int,
        response: Any,  # noqa: ANN401 - as above
        results: Sequence[Any] = (),
    ) -> None:
        super().__init__(message, http_code=http_code, response=response)
        self.results = tuple(results)


class OutcomeUnknownError(OrgError):
    """A write was sent and its answer never came or cannot be read: it may have been done."""


class UsageError(FleetsyncError):
    """The command was called in a wrong way."""

    exit_code = 2


class RefusedError(FleetsyncError):
    """fleetsync will not do it: limits, protection, or nobody confirmed."""

    exit_code = 4


class StalePlanError(FleetsyncError):
    """The saved plan no longer fits the org or the manifests."""

    exit_code = 5


class Problem(NamedTuple):
    """One thing wrong with a file: where (1-based), what, and what to do."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Render as ``file:line:column: message``."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ManifestError(FleetsyncError):
    """fleet.yaml or the manifests are invalid; ``problems`` holds every one that was found."""

    exit_code = 7

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class CredentialsError(OrgError):
    """The credentials are missing, unreadable, or were refused by the org."""

    exit_code = 8


class InterruptedRunError(FleetsyncError):
    """A signal stopped the run."""

    exit_code = 130
