"""Requirements files as statements, the way pip reads them: bytes in, records out.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and pip's `req_file.py`.  Beyond pip,
the `# via` comments of pip-compile and `uv pip compile` are kept.  Environment variables are not expanded:
they hold secrets, and are not part of the project.
"""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from bomvet.errors import MalformedError
from bomvet.model.inventory import Hash
from bomvet.model.purl import pypi_name
from bomvet.model.records import dataclass, field
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]{1,40})")
#: Codecs that Python counts as text encodings, though no file is written in them; some are slow to read.
_NO_ENCODINGS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")
# Possessive quantifiers (`*+`) keep the time linear in the length of a line, whatever it holds.
_COMMENT = re.compile(r"(?:^|\s)#(.*)$", re.DOTALL)
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*+(?:\[(?P<extras>[A-Za-z0-9._,\s-]*)\])?\s*+"
    r"===?\s*+(?P<version>[A-Za-z0-9.!+_-]+)\s*+(?:;\s*+(?P<marker>.+))?"
)
_URL_HASH = re.compile(r"(?:^|&)(sha256|sha384|sha512|sha1|sha224|md5)=([0-9a-fA-F]+)")
_EGG = re.compile(r"(?:^|&)egg=(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^\]]*)\])?")
_OPTION_START = re.compile(r"(?:^|(?<=\s))-")
_ARCHIVE = re.compile(r"\.(whl|zip|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz|tar)$", re.IGNORECASE)
#: Options that say nothing of what is installed, with how many values they take.
_IGNORED_OPTIONS = {
    "--no-index": 0, "--pre": 0, "--prefer-binary": 0, "--require-hashes": 0, "--no-require-hashes": 0,
    "-f": 1, "--find-links": 1,
    "--no-binary": 1, "--only-binary": 1, "--trusted-host": 1, "--use-feature": 1, "--config-settings": 1,
    "--config-setting": 1, "-C": 1, "--global-option": 1, "--install-option": 1, "--all-releases": 1,
    "--only-final": 1, "--no-build-isolation": 0, "--process-dependency-links": 0, "--uploaded-prior-to": 1,
    "--always-unzip": 0, "-Z": 0,
}  # fmt: skip
_READ_OPTIONS = {
    "-r": "include", "--requirement": "include", "--requirements": "include",
    "-c": "constraint", "--constraint": "constraint", "--constraints": "constraint",
    "-e": "editable", "--editable": "editable", "--hash": "hash",
    "-i": "index", "--index-url": "index", "--pypi-url": "index", "--extra-index-url": "extra-index",
}  # fmt: skip
_LONG_OPTIONS = sorted(name for name in {*_IGNORED_OPTIONS, *_READ_OPTIONS} if name.startswith("--"))
#: What pip-compile and `uv pip compile` write above the names of packages that they did not pin.
_LEFT_OUT = ("considered to be unsafe", "packages were excluded from the output")
#: What `NAME://` or `NAME:` a requirement must start with for pip to take it for a URL.
_SCHEMES = re.compile(r"(?:https?|file|ftp|(?:git|hg|svn|bzr)(?:\+[a-z]+)?):", re.IGNORECASE)


#: Requirements of one file; real ones have some hundreds.
MAX_REQUIREMENTS = 50_000


@dataclass(slots=True, kw_only=True)
class Requirement:
    """One requirement: of a name (`version` empty where it is not pinned), of a `url`, or of a local `path`."""

    line: int
    text: str
    name: str = ""
    version: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str = ""
    path: str = ""
    hashes: tuple[Hash, ...] = ()
    via: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """`-r` or, as `constraint`, `-c`."""

    line: int
    path: str
    constraint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line that pip would refuse, or that says what cannot be known from here."""

    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Statements:
    """All that one file says; `leaves_out` where pip-compile names packages that it did not pin."""

    requirements: list[Requirement] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    index: str = ""
    extra_indexes: list[str] = field(default_factory=list)
    leaves_out: bool = False

    @property
    def annotated(self) -> bool:
        """Whether every requirement says what asked for it."""
        return bool(self.requirements) and all(r.via for r in self.requirements)


@lru_cache(maxsize=256)
def read_statements(data: bytes) -> Statements:
    """The statements of one file; never fails but for a text encoding that does not exist (`MalformedError`).

    Remembered by content, since each of many files may include the same ones: read them, change nothing.
    """
    statements = Statements()
    last: Requirement | None = None
    listing_via = False
    for number, line in _logical_lines(decoded(data).splitlines()):
        if len(statements.requirements) >= MAX_REQUIREMENTS:
            reason = f"more than {MAX_REQUIREMENTS:,} requirements: the rest was not read"
            statements.problems.append(Problem(line=number, reason=reason))
            break
        match = _COMMENT.search(line)
        code = (line[: match.start()] if match else line).strip()
        if code:
            last, listing_via = _statement(statements, number, code), False
        if match and any(text in match[1] for text in _LEFT_OUT):
            statements.leaves_out = True
        elif match and last is not None:
            listing_via = _annotate(last, match[1], listing_via)
        elif not code:
            last = None
    return statements


def decoded(data: bytes) -> str:
    """The text by pip's rules: byte order mark, then a coding comment in the first two lines, then UTF-8.

    pip's last resort is the machine's locale; here it is Latin-1, which never fails and is the same anywhere.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for line in data.split(b"\n", 2)[:2]:
        coding = _CODING.search(line) if line.startswith(b"#") else None
        if coding:
            return _decoded_as(data, coding[1].decode("ascii"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _decoded_as(data: bytes, encoding: str) -> str:
    text = None
    try:
        if codecs.lookup(encoding).name not in _NO_ENCODINGS:
            text = data.decode(encoding, "replace")
    except (LookupError, ValueError):
        pass
    if text is None:
        raise MalformedError(f"the coding comment names {encoding!r}, which is no text encoding", line=1)
    # UTF-7 can spell halves of surrogate pairs, which no report could be encoded with.
    return text.encode("utf-8", "replace").decode("utf-8")


def _logical_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined, each with the number of its first line; comments are still in them."""
    first, parts = 0, list[str]()
    for number, line in enumerate(lines, start=1):
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        # The blank makes a comment line recognisable as one after it is joined to another.
        text = f" {line}" if comment else line
        yield (first, "".join((*parts, text))) if parts else (number, text)
        parts = []
    if parts:
        yield first, "".join(parts)


def _annotate(requirement: Requirement, comment: str, listing: bool) -> bool:  # noqa: FBT001
    """Take names from a `# via` comment; whether the next comment lines may go on with the list.

    A list is indented below a bare `# via`; other comments, such as uv's `# from INDEX`, are not.
    """
    text = comment.strip()
    if text == "via":
        return True
    if text.startswith("via "):
        names, listing = text[4:], False
    elif listing and comment.startswith("  "):
        names = text
    else:
        return False
    requirement.via.extend(name.strip() for name in names.split(",") if name.strip())
    return listing


def _statement(statements: Statements, number: int, code: str) -> Requirement | None:
    """Add what one logical line says; the requirement in it, if it is one."""
    named, options_text = _split_options(code)
    options, problems = _options(options_text)
    includes = [
        Include(line=number, path=path, constraint=kind == "constraint")
        for kind in ("include", "constraint")
        for path in options.get(kind, ())
    ]
    editables = options.get("editable", [])
    requirement = None
    if named or editables:
        text = named or editables.pop(0)
        requirement = _add_requirement(statements, number, code, text, options, editable=not named)
        ignored = [*(include.path for include in includes), *editables]
    else:
        ignored = [include.path for include in includes[1:]]
        statements.includes.extend(includes[:1])
        statements.index = options.get("index", [statements.index])[-1]
        statements.extra_indexes.extend(options.get("extra-index", ()))
    # Of a line pip takes one requirement or one include, whatever else stands in it.
    problems += [f"pip ignores {shown(value)!r} after the first that the line names" for value in ignored]
    told = shown(code) if problems else ""
    statements.problems.extend(Problem(line=number, reason=f"{told}: {problem}") for problem in problems)
    return requirement


def _split_options(code: str) -> tuple[str, str]:
    """The requirement and the options after it, cut at the first word with a leading dash.

    Words are separated by blanks for pip, for uv by tabs as well.
    """
    if "-" not in code:
        return code, ""
    cut = _OPTION_START.search(code)
    return (code[: cut.start()].strip(), code[cut.start() :]) if cut else (code, "")


def _options(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """Values by kind of option, and what is wrong with them."""
    found: dict[str, list[str]] = {}
    problems: list[str] = []
    ignored: list[str] = []
    try:
        words = iter(_words(text))
    except ValueError as error:
        return {}, [str(error)]
    for word in words:
        if not word.startswith("-") or word in ("-", "--"):
            ignored.append(word)
            continue
        name, has_value, value = _option(word)
        kind = _READ_OPTIONS.get(name)
        takes = 1 if kind else _IGNORED_OPTIONS.get(name)
        if takes is None:
            problems.append(f"pip knows no option {shown(name)!r}")
        elif takes and not has_value and not (value := next(words, "")):
            problems.append(f"{name} lacks its value")
        elif kind:
            found.setdefault(kind, []).append(value)
    # A marker after options has no effect for pip, and is what pip-compile writes after `-e`.
    if ignored and not ignored[0].startswith(";"):
        problems.append(f"pip ignores {shown(' '.join(ignored))!r} after an option")
    return found, problems


def _words(text: str) -> list[str]:
    # shlex is slow, and hash lines, which are most of a locked file, need none of it.
    return shlex.split(text) if '"' in text or "'" in text or "\\" in text else text.split()


def _option(word: str) -> tuple[str, bool, str]:
    """Name, whether a value stands with it, and the value: `--x=v`, `-rfile`, `--x`."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return _unabbreviated(name), bool(equals), value
    return word[:2], len(word) > 2, word[2:].removeprefix("=")  # noqa: PLR2004 - dash and letter


def _unabbreviated(name: str) -> str:
    """Pip takes the start of an option's name for the option, as long as it means only one."""
    if name in _READ_OPTIONS or name in _IGNORED_OPTIONS:
        return name
    meant = {_READ_OPTIONS.get(option, option): option for option in _LONG_OPTIONS if option.startswith(name)}
    return next(iter(meant.values())) if len(meant) == 1 else name


def _add_requirement(
    statements: Statements, number: int, code: str, text: str, options: dict[str, list[str]], *, editable: bool
) -> Requirement | None:
    """Add the requirement that `text` states; what is wrong with it or with its hashes becomes a problem."""
    try:
        requirement = _requirement(number, text, editable=editable)
    except ValueError as error:
        statements.problems.append(Problem(line=number, reason=f"{shown(code)}: {error}"))
        return None
    hashes, told = set(requirement.hashes), ""
    for value in options.get("hash", ()):
        try:
            hashes.add(_hash(value))
        except ValueError as error:
            told = told or shown(text)
            statements.problems.append(Problem(line=number, reason=f"{told}: {error}"))
    requirement.hashes = tuple(sorted(hashes))
    statements.requirements.append(requirement)
    return requirement


def _hash(text: str) -> Hash:
    try:
        return Hash.parse(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)!r} cannot be used: {error}") from None


def _requirement(number: int, text: str, *, editable: bool) -> Requirement:
    """What `text` asks for; raises `ValueError` where that is nothing that pip understands."""
    pin = None if editable else _PIN.fullmatch(text)
    if pin:
        extras = tuple(sorted(e.strip() for e in (pin["extras"] or "").split(",") if e.strip()))
        return Requirement(
            line=number,
            text=text,
            name=pin["name"],
            version=pin["version"],
            extras=extras,
            marker=pin["marker"] or "",
        )
    if _SCHEMES.match(text):
        return _url_requirement(number, text)
    if _is_path(text) or (editable and "@" not in text):
        place, _, marker = text.partition(";")
        return Requirement(line=number, text=text, path=place.partition("[")[0].strip(), marker=marker.strip())
    return _parsed_requirement(number, text)


def _is_path(text: str) -> bool:
    """Pip takes for a path what holds a separator or starts with a dot, unless it is `NAME @ URL`."""
    head = text.partition(";")[0].partition("@")[0].strip()
    return text.startswith(".") or "/" in head or bool(_ARCHIVE.search(head))


def _url_requirement(number: int, text: str) -> Requirement:
    """A bare URL; its name stands in `#egg=` or in the file's name."""
    url, _, marker = text.partition("; ")
    url, _, rest = url.strip().partition(" ")
    if rest:
        raise ValueError("holds more than a URL and a marker")
    location, _, fragment = url.partition("#")
    egg = _EGG.search(fragment)
    name, version = file_version(location)
    return Requirement(
        line=number,
        text=text,
        name=egg["name"] if egg else name,
        version=version if not egg or pypi_name(egg["name"]) == pypi_name(name) else "",
        extras=tuple(sorted(e.strip() for e in (egg["extras"] or "").split(",") if e.strip())) if egg else (),
        url=location,
        hashes=tuple(Hash(algorithm=a, value=v.lower()) for a, v in _URL_HASH.findall(fragment)),
        marker=marker.strip(),
    )


def _parsed_requirement(number: int, text: str) -> Requirement:
    """Anything but a plain pin, by the reference implementation of PEP 508."""
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415 - slow to import, and mostly not needed
    from packaging.requirements import Requirement as Parsed  # noqa: PLC0415

    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        raise ValueError(f"is no requirement ({shown(str(error).splitlines()[0])})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    pins = {s.version for s in parsed.specifier if s.operator in ("==", "===") and not s.version.endswith(".*")}
    requirement = Requirement(
        line=number,
        text=text,
        name=parsed.name,
        version=pins.pop() if len(pins) == 1 else "",
        extras=tuple(sorted(parsed.extras)),
        marker=str(parsed.marker or ""),
    )
    if parsed.url:
        of_url = _url_requirement(number, parsed.url)
        requirement.url, requirement.hashes = of_url.url, of_url.hashes
        if pypi_name(of_url.name) == pypi_name(parsed.name):
            requirement.version = of_url.version
    return requirement


def file_version(location: str) -> tuple[str, str]:
    """Project name and version from the name of a wheel or sdist; empty where it is neither."""
    filename = location.partition("?")[0].rpartition("/")[2]
    if not _ARCHIVE.search(filename):
        return "", ""
    from urllib.parse import unquote  # noqa: PLC0415 - rarely needed

    from packaging.utils import parse_sdist_filename, parse_wheel_filename  # noqa: PLC0415

    filename = unquote(filename)
    try:
        if filename.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except ValueError:  # also where a number in it has more digits than Python reads
        return "", ""
    return name, str(version)
