"""Path patterns: `*` and `?` stay within a folder, `**/` stands for any number of folders."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def compiled(glob: str) -> re.Pattern[str]:
    """A pattern to `fullmatch` against a POSIX path; without a slash, `glob` is matched in every folder."""
    text = glob.removeprefix("./")
    if "/" not in text.rstrip("/"):
        text = "**/" + text
    text = text.removeprefix("/")
    out, at = [], 0
    for token in re.finditer(r"\*\*/|/\*\*$|\*+|\?", text):
        out.append(re.escape(text[at : token.start()]))
        at = token.end()
        out.append({"**/": "(?:[^/]+/)*", "/**": "/.+", "?": "[^/]"}.get(token[0], "[^/]*"))
    return re.compile("".join((*out, re.escape(text[at:]))))


def matches(glob: str, path: str) -> bool:
    """Whether `glob` matches `path`, or a folder that `path` lies in."""
    pattern = compiled(glob.rstrip("/"))
    return any(pattern.fullmatch(part) for part in (path, *_folders(path)))


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
