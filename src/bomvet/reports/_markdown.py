"""Text from scanned files and advisories within Markdown: nothing of it is markup, a link, a mention or a reference.

Character references carry no meaning for the syntax (CommonMark 0.31 section 2.5), so whatever could is written as
one.  What GitHub and GitLab look for in the rendered text (`@name`, `#1`, `!1`, `owner/repo#1`, bare links) gets a
blank without width within; in `<code>` they look for nothing.
"""

from __future__ import annotations

import re

from bomvet.reports._valid import is_url

#: Of a terminal, and what turns the direction of text around.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_REFERENCE = re.compile(r"(?<=[@#!$~%&\[^])(?=[\w\"'\[#-])|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)
#: What is markup anywhere in a line, and colons of schemes and of emoji.
_MARKUP = re.compile(r"[&<>\\`*_{}\[\]|~$^#!@+]|:(?=\S)")


def plain(text: str) -> str:
    """`text` in one line, as itself."""
    text = _CONTROL.sub("\ufffd", " ".join(text.split()))
    return _escaped(_REFERENCE.sub("\u200b", text))


def code(text: str) -> str:
    """`text` in one line, as code; nothing for nothing."""
    return f"<code>{_escaped(_CONTROL.sub(chr(0xFFFD), ' '.join(text.split())))}</code>" if text else ""


def link(text: str, url: str) -> str:
    """A link to `url`, if that is a plain web address; else the text alone."""
    safe = url.startswith("https://") and is_url(url) and not re.search(r"[()<>\\\[\]|`*\s]", url)
    return f"[{plain(text)}]({url})" if safe else plain(text)


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", text)
