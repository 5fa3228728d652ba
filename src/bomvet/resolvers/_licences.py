"""What a package says of its licence, as SPDX expressions where it is one, and as it stands where it is not.

Sources: SPDX specification annex D (expressions), PEP 639, the `license` field of package.json.
"""

from __future__ import annotations

from functools import lru_cache

from bomvet.model.inventory import Licence

#: So common that no table needs to be loaded to know that they are SPDX ids in their own spelling.
_COMMON = frozenset((
    "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "ISC",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "WTFPL", "Zlib",
))  # fmt: skip
_LONGEST = 200


@lru_cache(maxsize=2048)
def declared(text: str) -> tuple[Licence, ...]:
    """The licence that `text` states, an expression or free text; nothing where it is blank."""
    text = " ".join(text.split())
    if text in _COMMON:
        return (Licence(expression=text),)
    if not text:
        return ()
    expression = _expression(text)
    return (Licence(expression=expression),) if expression else (Licence(name=text[:_LONGEST]),)


def _expression(text: str) -> str:
    """`text` as a canonical SPDX expression; empty where it is none."""
    from packaging.licenses import canonicalize_license_expression  # noqa: PLC0415 - a table of all SPDX ids

    try:
        return canonicalize_license_expression(text)
    except (ValueError, RecursionError, MemoryError):  # it is put to Python's own parser
        return ""
