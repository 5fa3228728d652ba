"""A refusal: the step that failed and why, in words that a reader of the report understands."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from bomvet.model.provenance import ProvenanceStatus, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a reason quotes of somebody else's text.
_QUOTED = 120


class Refused(Exception):  # noqa: N818
    """Evidence that does not pass `step`; `status` is another where that is no accusation."""

    def __init__(self, step: Step, reason: str, status: ProvenanceStatus = ProvenanceStatus.INVALID) -> None:
        super().__init__(reason)
        self.step, self.reason, self.status = step, reason, status


def unsupported(step: Step, reason: str) -> Refused:
    """Evidence that is no accusation, but that nothing is said of either."""
    return Refused(step, reason, ProvenanceStatus.UNSUPPORTED)


@contextmanager
def at(step: Step) -> Iterator[None]:
    """What fails inside on hostile data is refused at `step`."""
    try:
        yield
    except Refused:
        raise
    except _errors() as error:
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        raise Refused(step, f"malformed: {kind}{quoted(str(error))}") from error


@cache
def _errors() -> tuple[type[Exception], ...]:
    """Everything that reading DER, JSON and base64, and checking signatures, is known to raise.

    A pydantic `ValidationError` is a `ValueError`; those of X.509 share no base.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.x509.verification import VerificationError  # noqa: PLC0415
    from sigstore.errors import Error  # noqa: PLC0415

    plain = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError)
    of_x509 = (x509.InvalidVersion, x509.DuplicateExtension, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType)
    return (*plain, *of_x509, VerificationError, InvalidSignature, UnsupportedAlgorithm, Error)


def quoted(text: str) -> str:
    """`text` on one line, printable and not too long."""
    line = "".join(c if c.isprintable() else "?" for c in text[: _QUOTED + 1])
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}..."
