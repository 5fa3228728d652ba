"""Writing OpenVEX 0.2.0: a statement as an entry, and a document that gets one more.

Source: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from bomvet.documents._vex import JUSTIFICATIONS, STATUSES, Json, items, table, text
from bomvet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bomvet.model.finding import Statement

CONTEXT = "https://openvex.dev/ns/v0.2.0"
#: Who wrote a document of which nobody says it; the words of the reference implementation.
NOBODY = "Unknown Author"


def entry(statement: Statement, notes: str = "") -> Json:
    """`statement` as OpenVEX has it; `notes` say how the status was found."""
    first, *others = statement.ids
    vulnerability: Json = {"name": first, "aliases": others} if others else {"name": first}
    parts = [{"@id": name} for name in statement.components]
    products: list[Json] = [
        {"@id": name, "subcomponents": parts} if parts else {"@id": name} for name in statement.products
    ]
    optional = {
        "timestamp": statement.time,
        "status_notes": notes,
        "justification": statement.justification,
        "impact_statement": statement.impact,
        "action_statement": statement.action,
    }
    stated = {key: value for key, value in optional.items() if value}
    return {"vulnerability": vulnerability, "products": products, "status": statement.status, **stated}


def document(entries: Iterable[Json], *, author: str, time: str, tooling: str) -> Json:
    """A document of its own, in its first version, named by its content."""
    about: Json = {"author": author or NOBODY, "timestamp": time, "version": 1, "tooling": tooling}
    body = {**about, "statements": _in_order(entries)}
    # `tooling` names the version of the program, which is no part of what is stated.
    content = json.dumps({**body, "tooling": ""}, sort_keys=True)
    return {"@context": CONTEXT, "@id": f"urn:uuid:{_uuid(content)}", **body}


def with_entry(document: Json, one: Json, *, time: str) -> Json | None:
    """`document` with one more entry, as its next version; None where it says so already.

    Raises `UsageError` where it is of another version of OpenVEX.
    """
    if text(document.get("@context")) != CONTEXT:
        raise UsageError(
            f"only OpenVEX 0.2.0 can be added to ({CONTEXT}), not {text(document.get('@context'))[:80]!r}",
            hint="write a new file",
        )
    entries = [*items(document.get("statements"))]
    timeless = {key: value for key, value in one.items() if key != "timestamp"}
    latest = [e for e in entries if _about(e) == _about(one)][-1:]
    if latest and {key: value for key, value in table(latest[0]).items() if key != "timestamp"} == timeless:
        return None
    version = str(document.get("version"))
    number = int(version) if version.isdecimal() and len(version) < 10 else 0  # noqa: PLR2004 - digits of a count
    return {**document, "version": number + 1, "last_updated": time, "statements": _in_order([*entries, one])}


def problem(statement: Statement) -> str:
    """What OpenVEX forbids in it; empty where it is valid."""
    if statement.status not in STATUSES:
        return f"the status must be one of {', '.join(STATUSES)}, not {statement.status!r}"
    if statement.justification and statement.justification not in JUSTIFICATIONS:
        return f"the justification must be one of {', '.join(JUSTIFICATIONS)}, not {statement.justification!r}"
    if statement.justification and statement.status != "not_affected":
        return "a justification is for not_affected alone"
    if statement.status == "not_affected" and not (statement.justification or statement.impact):
        return "not_affected needs a justification or an impact statement"
    if statement.status == "affected" and not statement.action:
        return "affected needs an action statement: what is to be done"
    return ""


def _about(one: object) -> str:
    return json.dumps([table(one).get("vulnerability"), table(one).get("products")], sort_keys=True)


def _in_order(entries: Iterable[Any]) -> list[Any]:
    """By vulnerability, product and time, so that a new statement changes few lines."""
    return sorted(entries, key=lambda one: (_about(one), str(table(one).get("timestamp", ""))))


def _uuid(content: str) -> str:
    """A UUID of version 5 (RFC 9562) that names `content`."""
    digest = bytearray(hashlib.sha1(content.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
