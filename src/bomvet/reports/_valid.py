"""Texts from files in forms that the schemas of CycloneDX take, in JSON and in XML."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from bomvet.model.purl import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bomvet.model.inventory import Contact

# Stricter than RFC 3987, RFC 6531 and RFC 3339 each: whatever matches is valid to the readers of XML too.
_URL_TEXT = r"[A-Za-z0-9._~/:@!$&()*+,;=?-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~/:@!$&()*+,;=?-]*)*"
is_url = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?=[/?#]|\Z)|(?!//)(?![^/?#]*:))"
    rf"{_URL_TEXT}(?:#{_URL_TEXT})?"
).fullmatch
#: Nearly all URLs of files; quicker to tell than all that is valid.
is_plain_url = re.compile(r"https://[A-Za-z0-9.-]+/[A-Za-z0-9._~/@!$&()*+,;=-]*").fullmatch
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[\w+-]+(?:\.[\w+-]+)*@{_LABEL}(?:\.{_LABEL})*", re.ASCII).fullmatch
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)", re.ASCII
).fullmatch


def valid_url(url: str) -> str:
    """`url` as it stands where it is an IRI reference, else with what is not allowed percent-encoded."""
    if is_url(url):
        return url
    head, hash_sign, fragment = percent_encoded(url, "%:/?#@!$&()*+,;=~", "backslashreplace").partition("#")
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", head + hash_sign + fragment.replace("#", "%23"))
    # What still is no URL, such as one with letters for a port, becomes a relative path that says the same.
    return text if is_url(text) else percent_encoded(url, errors="backslashreplace")


def is_date_time(text: str) -> bool:
    """Whether `text` is a moment as RFC 3339 writes it."""
    if not _DATE_TIME(text):
        return False
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def contacts(people: Iterable[Contact]) -> list[dict[str, str]]:
    """Each of `people` who has a name or an address, in the form of the specification."""
    return [item for contact in people if (item := _contact(contact))]


def _contact(contact: Contact) -> dict[str, str]:
    """Name and e-mail address; an address that is none goes with the name."""
    name, email = contact.name, contact.email
    if email and not _EMAIL(email):
        name, email = f"{name} <{email}>" if name else email, ""
    return {key: value for key, value in (("name", name), ("email", email)) if value}
