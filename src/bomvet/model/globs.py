"""Path patterns: `*` and `?` stay within a folder, `**/` stands for any number of folders.

The expressions cannot blow up, whoever wrote the pattern: all that follows a `*` is a stretch of fixed length,
so its first occurrence is as good as any later one and an atomic group forbids to look for another; the same
holds for the folders between two `**`.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=8192)
def compiled(glob: str) -> re.Pattern[str]:
    """A pattern to `fullmatch` against a POSIX path; without a slash, `glob` is matched in every folder."""
    text = glob.removeprefix("./").removeprefix("/")
    if "/" not in glob.rstrip("/"):
        text = "**/" + text
    *folders, last = text.split("/")
    groups = [""]
    for name in folders:
        if name == "**":
            groups.append("(?:[^/]++/)*?")
        else:
            groups[-1] += _name(name) + "/"
    groups[-1] += ".+" if last == "**" else _name(last)
    expression = "".join(f"(?>{group})" for group in groups[:-1]) + groups[-1]
    return re.compile(expression, re.DOTALL)


def _name(pattern: str) -> str:
    """The expression of what stands between two slashes."""
    first, *others = ("[^/]".join(map(re.escape, chunk.split("?"))) for chunk in re.split(r"\*+", pattern))
    if not others:
        return first
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in others[:-1]) + "[^/]*" + others[-1]


def matches(glob: str, path: str) -> bool:
    """Whether `glob` matches `path`, or a folder that `path` lies in."""
    pattern = compiled(glob.rstrip("/"))
    return any(pattern.fullmatch(part) for part in (path, *_folders(path)))


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
