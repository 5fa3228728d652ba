"""A comparison as a table for people, as JSON, and as Markdown for a pull request.

Names, licences and URLs in it are anybody's text: for a terminal they are cleaned, in Markdown they stand in code
spans, in which nothing is a link, a mention, a heading or HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.diff import Aspect, Change, ChangeKind, Diff, Direction, State
from bomvet.reports._json import dumps
from bomvet.reports._questions import grouped
from bomvet.reports._text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bomvet.model.diff import Side
    from bomvet.plugin import RenderOptions

#: A comment on GitHub may have 65,536 characters.
MAX_MARKDOWN = 60_000
#: Characters of one text in a cell; -f json has all.
_MAX_TEXT = 120
#: Values of one difference that are shown.
_MAX_VALUES = 3
_DIGEST = re.compile(r"(?<=:)([0-9a-f]{12})[0-9a-f]{20,}")
_BACKTICKS = re.compile(r"`+")
#: Aspects that not every document states, as one speaks of all components.
_PLURALS = {
    Aspect.HASHES: "hashes",
    Aspect.PROVENANCE: "provenance",
    Aspect.LICENCE: "licences",
    Aspect.SCOPE: "scopes",
}


class Format(NamedTuple):
    """One way to write a comparison."""

    id: str
    render: Callable[[Diff, RenderOptions], bytes]


class _Section(NamedTuple):
    title: str
    mark: str
    changes: tuple[Change, ...]


def _sections(diff: Diff) -> list[_Section]:
    """What to show, the most alarming first."""
    found = (
        _Section("Same version, other content", "!", diff.of(ChangeKind.CHANGED, alarming=True)),
        _Section("Added", "+", diff.of(ChangeKind.ADDED)),
        _Section("Removed", "-", diff.of(ChangeKind.REMOVED)),
        _Section("Changed", "~", diff.of(ChangeKind.CHANGED)),
    )
    return [section for section in found if section.changes]


def _counts(diff: Diff) -> str:
    sections = _sections(diff)
    if not sections:
        return "No differences"
    counts = ", ".join(f"{len(s.changes):,} {s.title[0].lower() + s.title[1:]}" for s in sections if s.mark != "!")
    alarms = next((len(s.changes) for s in sections if s.mark == "!"), 0)
    alarm = f"{alarms:,} of the same version with other content" if alarms else ""
    return ", ".join(text for text in (alarm, counts) if text)


def _notes(diff: Diff) -> Iterator[str]:
    """What the comparison could not look at."""
    if diff.not_compared:
        names = ", ".join(_PLURALS[aspect] for aspect in diff.not_compared)
        yield f"Not compared, since only one side states any: {names}."
    before, after = diff.before.not_established, diff.after.not_established
    both = frozenset(before) & frozenset(after)
    for word, questions in (
        ("before", (question for question in before if question not in both)),
        ("after", (question for question in after if question not in both)),
        ("before and after", (question for question in before if question in both)),
    ):
        for line in grouped(questions):
            yield f"Not established {word}: {line.text}"


def _side(side: Side) -> str:
    return side.name if side.name.partition("@")[0] == side.source else f"{side.name} ({side.source})"


# -- what of a change is told ----------------------------------------------------------------------------------


class _Telling(NamedTuple):
    """A difference in words: its name, and the values before and after."""

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def _told(change: Change) -> Iterator[_Telling]:
    """The differences of a change but for its version, which has a place of its own."""
    for difference in change.differences:
        if difference.aspect is not Aspect.VERSION:
            yield _Telling(difference.aspect.value, _shown(difference.before), _shown(difference.after))


def _shown(values: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(_short(value) for value in values[:_MAX_VALUES])
    return (*shown, f"and {len(values) - _MAX_VALUES} more") if len(values) > _MAX_VALUES else shown


def _short(text: str) -> str:
    """Cut to what fits in a cell; of a digest the beginning tells it apart."""
    text = _DIGEST.sub(r"\1…", text)
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _versions(change: Change) -> tuple[str, str]:
    return _version(change.before), _version(change.after)


def _version(state: State | None) -> str:
    return _short(state.version) if state else ""


def _facts(change: Change) -> list[str]:
    """What is worth knowing of a component that came or went, besides its name."""
    found = []
    for state in (change.before, change.after):
        if state and change.kind is not ChangeKind.CHANGED:
            found += [state.scope.value] if state.scope.value != "required" else []
            found += _shown(state.licences)
    return found


def _places(change: Change) -> tuple[str, ...]:
    state = change.after or change.before
    return tuple(map(str, state.locations[:1])) if state else ()


# -- for a terminal --------------------------------------------------------------------------------------------


def render_table(diff: Diff, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature
    """Plain text, a line per change, and one for each further thing that changed."""
    lines = [clean(f"{_side(diff.before)} → {_side(diff.after)}"), _counts(diff)]
    for section in _sections(diff):
        lines += ["", f"{section.title} ({len(section.changes):,})", *_rows(section)]
    notes = list(map(clean, _notes(diff)))
    return "\n".join([*lines, *([""] if notes else []), *notes, ""]).encode("utf-8", "backslashreplace")


def _rows(section: _Section) -> Iterator[str]:
    """The lines of a section, its columns as wide as what stands in most of them."""
    cells = [(clean(_short(change.name)), clean(_version_text(change)), change) for change in section.changes]
    names = min(max(len(name) for name, _, _ in cells), 40)
    versions = min(max(len(version) for _, version, _ in cells), 30)
    for name, version, change in cells:
        rest = "  ".join(clean(text) for text in (_label(change), *_facts(change), *_places(change)) if text)
        yield f"  {section.mark} {name:<{names}}  {version:<{versions}}  {rest}".rstrip()
        for what, before, after in _told(change):
            yield f"      {what}: {_values(before)} → {_values(after)}"


def _values(values: Sequence[str]) -> str:
    return clean(", ".join(values)) or "none"


def _label(change: Change) -> str:
    """The ecosystem, or that it is a project of the tree itself."""
    return "project" if change.first_party else change.ecosystem


def _version_text(change: Change) -> str:
    before, after = _versions(change)
    if change.kind is not ChangeKind.CHANGED or change.direction is None:
        return after or before
    way = f" ({change.direction.value})" if change.direction is Direction.DOWNGRADE else ""
    return f"{before or 'none'} → {after or 'none'}{way}"


# -- for a pull request ----------------------------------------------------------------------------------------


def render_markdown(diff: Diff, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature
    """GitHub's and GitLab's Markdown, cut where a comment could not hold it."""
    head = f"### Components: {code(_side(diff.before))} → {code(_side(diff.after))}\n\n{_counts(diff)}.\n"
    notes = "".join(f"\n> {_quoted(note)}\n" for note in list(_notes(diff))[:20])
    out, left = [head], MAX_MARKDOWN - len(head) - len(notes)
    for section in _sections(diff):
        text = _section(section, left)
        out.append(text)
        left -= len(text)
    return "".join((*out, notes)).encode("utf-8", "backslashreplace")


def _quoted(note: str) -> str:
    """A note, whose part after the colon is somebody's text."""
    what, _, rest = note.partition(": ")
    return f"{what}: {code(_short(rest))}"


def _section(section: _Section, space: int) -> str:
    """A table within about `space` characters; what does not fit is counted."""
    changed = section.mark in "!~"
    columns = ("Package", "Before", "After", "What") if changed else ("Package", "Version", "What")
    lines = [f"\n#### {section.title} ({len(section.changes):,})\n", _row(columns), _row(("---",) * len(columns))]
    used = sum(map(len, lines))
    for number, change in enumerate(section.changes):
        line = _row(_cells(change))
        used += len(line) + 1
        if used > space:
            lines.append(f"\n… and {len(section.changes) - number:,} more: `-f json` has all.")
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _cells(change: Change) -> tuple[str, ...]:
    name = f"{code(_short(change.name))} {_label(change)}".rstrip()
    before, after = _versions(change)
    if change.kind is not ChangeKind.CHANGED:
        return name, code(after or before), ", ".join(map(code, _facts(change)))
    way = [change.direction.value] if change.direction else []
    told = [f"{what} {_codes(was)} → {_codes(now)}" for what, was, now in _told(change)]
    return name, code(before), code(after), "<br>".join((*way, *told))


def _codes(values: Sequence[str]) -> str:
    return ", ".join(map(code, values)) or "none"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """`text` as a code span that ends where it ends, also within a table."""
    text = clean(text)
    if not text.strip():
        return ""
    ticks = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}".replace("|", "\\|")


# -- for programs ----------------------------------------------------------------------------------------------


def render_json(diff: Diff, options: RenderOptions) -> bytes:  # noqa: ARG001 - the signature
    """The versioned form of `diff.schema.json`, with a final line end."""
    return dumps(diff.to_dict()) + b"\n"


FORMATS = (Format("table", render_table), Format("json", render_json), Format("markdown", render_markdown))
