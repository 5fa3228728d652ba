"""Core metadata of Python distributions: the headers of `METADATA` and `PKG-INFO`, and `requires.txt` of eggs.

Only the headers are looked at, and of those only what an inventory needs: ten times faster than an e-mail parser,
whose rules are kept: a header may be folded, its name is of any case, and the first line that is neither header nor
continuation ends them all.

Sources: https://packaging.python.org/en/latest/specifications/core-metadata/, PEP 639, PEP 508.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.inventory import Contact, Licence
from bomvet.model.purl import pypi_name
from bomvet.resolvers._licences import SEE_TEXT, declared, named, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HEADER = re.compile(
    r"^(name|version|summary|author|author-email|maintainer|maintainer-email|license|license-expression|license-file"
    r"|classifier|requires-dist|requires-python|dynamic|metadata-version):[ \t]*(.*(?:\n[ \t].*)*)",
    re.IGNORECASE | re.MULTILINE,
)
#: The line that ends the headers: the empty one, if all is well.
_END = re.compile(r"^(?![!-9;-~]*:|[ \t])", re.MULTILINE)
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*+)\s*")
_SPECIFIER = re.compile(r"\(?\s*(?:[<>=!~)]|\Z)")
_URL_END = re.compile(r"\s;")
_ADDRESS = re.compile(r"\s*(?:\"([^\"]*)\"|([^<,\"]*))\s*(?:<([^<>]*)>)?\s*(?:,|\Z)")
_TROVE = "License :: "
#: Classifiers that name a family of licences, and how the ids of the family begin (PEP 639, appendix).
_FAMILIES = {
    "Academic Free License (AFL)": ("AFL-",), "Apache Software License": ("Apache-",),
    "Apple Public Source License": ("APSL-",), "Artistic License": ("Artistic-",), "BSD License": ("BSD-", "0BSD"),
    "GNU Affero General Public License v3": ("AGPL-3.0",), "GNU Free Documentation License (FDL)": ("GFDL-",),
    "GNU General Public License (GPL)": ("GPL-",), "GNU General Public License v2 (GPLv2)": ("GPL-2.0",),
    "GNU General Public License v3 (GPLv3)": ("GPL-3.0",),
    "GNU Lesser General Public License v2 (LGPLv2)": ("LGPL-2.",),
    "GNU Lesser General Public License v2 or later (LGPLv2+)": ("LGPL-2.",),
    "GNU Lesser General Public License v3 (LGPLv3)": ("LGPL-3.0",),
    "GNU Library or Lesser General Public License (LGPL)": ("LGPL-",),
    "Python Software Foundation License": ("PSF-", "Python-"), "Zope Public License": ("ZPL-",),
}  # fmt: skip
#: Classifiers that say nothing of the terms.
_EMPTY_CLASSIFIERS = frozenset(("OSI Approved", "DFSG approved"))
#: More people, or files of licences, are not told.
_SHOWN = 10
#: No distribution has more requirements.
_MOST = 20_000
_TOO_MANY = f"more than {_MOST:,} requirements: the rest was not read"


class Requirement(NamedTuple):
    """What a distribution asks for: a name (normalised), extras of it, and the environment in which it does.

    `text` is the whole as it was stated; `location_line` where.
    """

    name: str
    extras: tuple[str, ...]
    marker: str
    text: str
    line: int


class Metadata(NamedTuple):
    """The headers of one distribution; `problems` are lines that were not understood, with what is wrong."""

    name: str
    version: str
    line: int
    summary: str
    suppliers: tuple[Contact, ...]
    licences: tuple[Licence, ...]
    requires: tuple[Requirement, ...]
    requires_python: str
    dynamic: frozenset[str]
    metadata_version: str
    problems: tuple[tuple[int, str], ...]


def read_metadata(data: bytes) -> Metadata:
    """The headers of `data`; name and version are empty where it states none."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    end = _END.search(text)
    head = text[: end.start()] if end else text
    values: dict[str, list[str]] = {}
    requires: list[Requirement] = []
    problems: list[tuple[int, str]] = []
    line, at, name_line = 1, 0, 0
    for header in _HEADER.finditer(head):
        field = header[1].lower()
        value = header[2].strip()
        if field == "requires-dist" or (field == "name" and not name_line):
            line += head.count("\n", at, header.start())
            at = header.start()
            if len(requires) + len(problems) >= _MOST:
                problems.append((line, _TOO_MANY))
                break
            if field == "name":
                name_line = line
            elif found := requirement(value, line):
                requires.append(found)
                continue
            else:
                problems.append((line, "a requirement is not understood"))
        values.setdefault(field, []).append(value)
    if end and text[end.start() : end.start() + 1].strip():
        problems.append((head.count("\n") + 1, "a line that is no header ends them"))
    return _metadata(values, requires, name_line, problems)


def _metadata(
    values: dict[str, list[str]], requires: Sequence[Requirement], line: int, problems: Sequence[tuple[int, str]]
) -> Metadata:
    return Metadata(
        name=_one(values, "name"),
        version=_one(values, "version"),
        line=line,
        summary=_one(values, "summary"),
        suppliers=_people(values, "author") or _people(values, "maintainer"),
        licences=licences(
            expression=_one(values, "license-expression"),
            text=next(iter(values.get("license", ())), ""),
            classifiers=values.get("classifier", ()),
            files=values.get("license-file", ()),
        ),
        requires=tuple(requires),
        requires_python=_one(values, "requires-python"),
        dynamic=frozenset(value.lower() for value in values.get("dynamic", ())),
        metadata_version=_one(values, "metadata-version"),
        problems=tuple(problems),
    )


def _one(values: dict[str, list[str]], field: str) -> str:
    """The first value of a field, unfolded."""
    found = values.get(field)
    return " ".join(found[0].split()) if found else ""


def _people(values: dict[str, list[str]], field: str) -> tuple[Contact, ...]:
    """Those of `Author` and `Author-email`: the latter may hold names too, and several of them."""
    addressed = [*_addresses(_one(values, f"{field}-email"))]
    name = _one(values, field)
    if name.upper() == "UNKNOWN":
        name = ""
    if name and all(not person.name for person in addressed):
        # One name and one address are one person's; of several nobody can tell.
        first = Contact(name=name, email=addressed[0].email if len(addressed) == 1 else "")
        return (first, *(addressed if len(addressed) > 1 else ()))
    return tuple(dict.fromkeys((*addressed, *((Contact(name=name),) if name and not addressed else ()))))


def _addresses(text: str) -> Iterator[Contact]:
    """`NAME <ADDRESS>, ADDRESS, ...`."""
    at = 0
    for _ in range(_SHOWN):
        match = _ADDRESS.match(text, at)
        if not match:
            yield Contact(name=text[at:].strip())  # it is told as it stands
            return
        if match.end() == at:
            return
        at = match.end()
        name, email = (match[1] or match[2] or "").strip(), (match[3] or "").strip()
        if not email and "@" in name:
            name, email = "", name
        if (name or email) and "UNKNOWN" not in (name.upper(), email.upper()):
            yield Contact(name=name, email=email)


# -- requirements ----------------------------------------------------------------------------------------------


def requirement(text: str, line: int = 0) -> Requirement | None:
    """A requirement as PEP 508 writes it; None where it is none.  The marker is not looked at."""
    match = _NAME.match(text)
    if not match or match[1][-1] in "._-":
        return None
    rest = text[match.end() :]
    extras: tuple[str, ...] = ()
    if rest.startswith("["):
        names, bracket, rest = rest[1:].partition("]")
        if not bracket:
            return None
        extras = tuple(pypi_name(name.strip()) for name in names.split(",") if name.strip())
        rest = rest.lstrip()
    if rest.startswith("@"):
        end = _URL_END.search(rest)  # a URL may hold semicolons
        marker = rest[end.end() :] if end else ""
    else:
        specifier, _, marker = rest.partition(";")
        if not _SPECIFIER.match(specifier):
            return None
    return Requirement(pypi_name(match[1]), extras, marker.strip(), text, line)


def read_requires_txt(data: bytes) -> tuple[tuple[Requirement, ...], tuple[tuple[int, str], ...]]:
    """What an egg asks for, and the lines that are not understood; sections are `[EXTRA:MARKER]`, either optional."""
    extra = condition = ""
    found: list[Requirement] = []
    problems: list[tuple[int, str]] = []
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            extra, _, condition = line[1:-1].partition(":")
            continue
        if not line or line.startswith("#"):
            continue
        if len(found) + len(problems) >= _MOST:
            problems.append((number, _TOO_MANY))
            break
        one = requirement(line, number)
        if one is None:
            problems.append((number, "a requirement is not understood"))
            continue
        conditions = [f"({text})" for text in (one.marker, condition.strip()) if text]
        if extra:
            conditions.append(f'extra == "{pypi_name(extra.strip())}"')
        marker = " and ".join(conditions) if len(conditions) > 1 else conditions[0].strip("()") if conditions else ""
        found.append(one._replace(marker=marker))
    return tuple(found), tuple(problems)


# -- licences --------------------------------------------------------------------------------------------------


def licences(
    *, expression: str = "", text: str = "", classifiers: Iterable[str] = (), files: Sequence[str] = ()
) -> tuple[Licence, ...]:
    """The licences that a project states, the surest statement first (PEP 639).

    An expression is all there is to say.  Else the text of the older field, and the classifiers that say more than
    it or something else; of several classifiers nobody can tell whether all hold or any.
    """
    if expression:
        return declared(expression)
    stated = [name.partition(_TROVE)[2] for name in (*classifiers, text) if name.startswith(_TROVE)]
    leaves = [leaf for leaf in dict.fromkeys(name.rpartition(" :: ")[2].strip() for name in stated) if leaf]
    leaves = [leaf for leaf in leaves if leaf not in _EMPTY_CLASSIFIERS]
    found = list(declared(text)) if text and not text.startswith(_TROVE) else []
    ids = [licence.expression for licence in found if licence.expression]
    for leaf in leaves:
        if not any(_says(leaf, id_) for id_ in ids) and not any(same(leaf, licence.name) for licence in found):
            found.append(Licence(name=leaf))
            if len(leaves) == 1 and (meant := named(leaf)) and not ids:
                found.append(Licence(expression=meant, concluded=True))
    telling = [licence for licence in found if licence.name != SEE_TEXT]
    if not telling:
        telling = [Licence(name=f"SEE LICENSE IN {' '.join(file.split())[:200]}") for file in files[:_SHOWN]] or found
    return tuple(sorted(set(telling)))


def _says(leaf: str, expression: str) -> bool:
    """Whether the classifier says no more than what `expression` says."""
    families = _FAMILIES.get(leaf) or ((meant,) if (meant := named(leaf)) else (leaf,))
    return any(word.startswith(families) for word in expression.replace("(", " ").split())
