"""What a package says of its licence: SPDX expressions where it states one, and its own words where it does not.

A statement in words that can mean one licence alone ("Apache License, Version 2.0") stays as it was declared, and the
expression that it means stands beside it as concluded by bomvet.  What can mean several ("BSD", "GPLv3", which may be
*only* or *or later*) stays as text: no guess is presented as a fact.

Sources: SPDX specification annex D (expressions), PEP 639 with its appendix on classifiers, the `license` field of
package.json.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bomvet.model.inventory import Licence

#: So common that no table needs to be loaded to know that they are SPDX ids in their own spelling.
_COMMON = frozenset((
    "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0",
    "CC0-1.0", "GPL-2.0-or-later", "GPL-3.0-or-later", "HPND", "ISC", "LGPL-2.1-or-later", "LGPL-3.0-or-later", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unicode-3.0", "Unlicense", "WTFPL", "Zlib", "ZPL-2.1",
))  # fmt: skip
_OPERATORS = frozenset(("AND", "OR"))
#: Names that mean one licence alone, by what is left of them without the words that say nothing (`_key`).
_NAMES = {
    "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache software 2.0": "Apache-2.0", "asl 2.0": "Apache-2.0",
    "apache 2.0 apache 2.0": "Apache-2.0", "apache2": "Apache-2.0", "apache2.0": "Apache-2.0",
    "apache 2.0 january 2004": "Apache-2.0",
    "mit": "MIT", "mit mit": "MIT", "expat": "MIT", "mit expat": "MIT", "expat mit": "MIT",
    "mit 0": "MIT-0", "mit no attribution": "MIT-0", "mit cmu": "MIT-CMU",
    "bsd 3 clause": "BSD-3-Clause", "3 clause bsd": "BSD-3-Clause", "bsd 3": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause", "revised bsd": "BSD-3-Clause", "bsd 3 clause new or revised": "BSD-3-Clause",
    "bsd 3 clause bsd 3 clause": "BSD-3-Clause", "bsd3": "BSD-3-Clause", "three clause bsd": "BSD-3-Clause",
    "bsd 2 clause": "BSD-2-Clause", "2 clause bsd": "BSD-2-Clause", "bsd 2": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause", "bsd 2 clause simplified": "BSD-2-Clause", "two clause bsd": "BSD-2-Clause",
    "0bsd": "0BSD", "bsd zero clause": "0BSD", "zero clause bsd": "0BSD",
    "isc": "ISC", "isc iscl": "ISC", "zlib": "Zlib", "zlib libpng": "Zlib", "unlicense unlicense": "Unlicense",
    "mpl 2": "MPL-2.0", "mpl 2.0": "MPL-2.0", "mpl2": "MPL-2.0", "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 mpl 2.0": "MPL-2.0", "mozilla public 1.1 mpl 1.1": "MPL-1.1",
    "boost software 1.0": "BSL-1.0", "boost software 1.0 bsl 1.0": "BSL-1.0",
    "cc0": "CC0-1.0", "cc0 1.0": "CC0-1.0", "cc0 1.0 universal": "CC0-1.0",
    "cc0 1.0 universal cc0 1.0 public domain dedication": "CC0-1.0",
    "eclipse public 1.0 epl 1.0": "EPL-1.0", "eclipse public 2.0": "EPL-2.0", "eclipse public 2.0 epl 2.0": "EPL-2.0",
    "european union public 1.1 eupl 1.1": "EUPL-1.1", "european union public 1.2 eupl 1.2": "EUPL-1.2",
    "gplv2+": "GPL-2.0-or-later", "gnu gplv2+": "GPL-2.0-or-later", "gpl 2 or later": "GPL-2.0-or-later",
    "gnu general public 2 or later gplv2+": "GPL-2.0-or-later", "gnu general public 2 or later": "GPL-2.0-or-later",
    "gplv3+": "GPL-3.0-or-later", "gnu gplv3+": "GPL-3.0-or-later", "gpl 3 or later": "GPL-3.0-or-later",
    "gnu general public 3 or later gplv3+": "GPL-3.0-or-later", "gnu general public 3 or later": "GPL-3.0-or-later",
    "lgplv3+": "LGPL-3.0-or-later", "gnu lesser general public 3 or later lgplv3+": "LGPL-3.0-or-later",
    "lgplv2.1+": "LGPL-2.1-or-later", "gnu lesser general public 3 or later": "LGPL-3.0-or-later",
    "agplv3+": "AGPL-3.0-or-later", "gnu affero general public 3 or later agplv3+": "AGPL-3.0-or-later",
    "historical permission notice and disclaimer hpnd": "HPND", "cmu mit cmu": "MIT-CMU", "postgresql": "PostgreSQL",
    "sil open font 1.1 ofl 1.1": "OFL-1.1", "universal permissive upl": "UPL-1.0",
    "university of illinois ncsa open source": "NCSA", "zero clause bsd 0bsd": "0BSD",
    "mulan permissive 2 mulanpsl 2.0": "MulanPSL-2.0", "blue oak model blueoak 1.0.0": "BlueOak-1.0.0",
    "mit no attribution mit 0": "MIT-0", "open software 3.0 osl 3.0": "OSL-3.0",
}  # fmt: skip
_SILENT_WORDS = frozenset(("the", "license", "licence", "licensed", "version", "terms"))
_WORD = re.compile(r"[a-z0-9.+]+")
_NUMBER = re.compile(r"\Av(?=[0-9])")
_OPERATOR = re.compile(r"\b(?:and|or|with)\b", re.IGNORECASE)
#: What stands for no statement at all.
_PLACEHOLDERS = frozenset(("unknown", "none", "n/a", "null", "undefined", "license", "licence", "tbd", "todo"))
#: What is longer, or has more lines, is the text of a licence and no name of one.
_LONGEST, _LINES = 200, 3
#: Of a statement in words, where the words are the licence itself.
SEE_TEXT = "see licence text"


@lru_cache(maxsize=2048)
def declared(text: str) -> tuple[Licence, ...]:
    """The licence that `text` states: an expression, or its words with the expression that they mean, if any.

    Nothing where it is blank or a placeholder.  Where it is the whole text of a licence, its title counts.
    """
    if text in _COMMON:
        return (Licence(expression=text),)
    lines = [line for line in map(str.strip, text[:100_000].splitlines()) if line]
    words = " ".join(" ".join(lines).split())
    if words in _COMMON:
        return (Licence(expression=words),)
    if not words or words.lower() in _PLACEHOLDERS:
        return ()
    if len(words) > _LONGEST or len(lines) > _LINES:
        return _of_body(lines)
    if expression := spdx(words):
        return (Licence(expression=expression),)
    meant = named(words) or _compound(words)
    return (Licence(name=words), Licence(expression=meant, concluded=True)) if meant else (Licence(name=words),)


def spdx(text: str) -> str:
    """`text` as a canonical SPDX expression; empty where it is none."""
    words = text.split(" ")
    if _COMMON.issuperset(words[::2]) and _OPERATORS.issuperset(words[1::2]) and len(words) % 2:
        return text  # nearly all are; the parser is slow
    from packaging.licenses import canonicalize_license_expression  # noqa: PLC0415 - a table of all SPDX ids

    try:
        return canonicalize_license_expression(text)
    except (ValueError, RecursionError, MemoryError):  # it is put to Python's own parser
        return ""


def named(text: str) -> str:
    """The SPDX id of the one licence that goes by the name `text`; empty where it is none, or several do."""
    return _NAMES.get(_key(text), "")


def same(one: str, other: str) -> bool:
    """Whether two names of licences differ at most in what says nothing."""
    return _key(one) == _key(other)


def _key(text: str) -> str:
    """`text` without case, punctuation and the words that say nothing."""
    words = (_NUMBER.sub("", word, count=1) for word in _WORD.findall(text.lower()) if word not in _SILENT_WORDS)
    return " ".join(word.strip(".") for word in words if word)


def _of_body(lines: list[str]) -> tuple[Licence, ...]:
    """The licence whose text this is, by its title, and only if the titles of no other stand in it."""
    title = next((t for t in (lines[0], " ".join(lines[:2])) if len(t) <= _LONGEST and named(t)), "")
    meant = named(title) if title else ""
    others = {named(line) for line in lines[1:] if len(line) <= _LONGEST} - {"", meant}
    if meant and not others:
        return (Licence(name=title), Licence(expression=meant, concluded=True))
    return (Licence(name=SEE_TEXT),)


def _compound(text: str) -> str:
    """`text`, an expression whose licences go by their names, in SPDX ids: `BSD 3-Clause OR Apache-2.0`."""
    if not _OPERATOR.search(text):
        return ""
    from license_expression import LicenseSymbol, Licensing  # noqa: PLC0415 - rarely needed

    licensing = Licensing()
    try:
        expression = licensing.parse(text)
        ids = {symbol: named(symbol.key) or spdx(symbol.key) for symbol in licensing.license_symbols(expression)}
        if not all(ids.values()):
            return ""
        return spdx(expression.subs({symbol: LicenseSymbol(id_) for symbol, id_ in ids.items()}).render())
    except Exception:  # noqa: BLE001 - somebody's prose, at which the parser stumbles in many ways: `(AND 0`, `()OR`
        return ""
