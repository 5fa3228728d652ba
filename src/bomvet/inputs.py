"""What is brought along to a scan: VEX documents, and the baseline of what was known before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileUnreadableError, MalformedError, UsageError
from bomvet.model.globs import matches
from bomvet.model.purl import parts
from bomvet.model.records import dataclass
from bomvet.policy.baseline import Baseline
from bomvet.policy.vex import Checker, Vex, problem

if TYPE_CHECKING:
    import datetime as dt

    from bomvet.documents._vex import VexDocument
    from bomvet.model.finding import Statement
    from bomvet.model.inventory import Inventory
    from bomvet.plugin import FileTree

MAX_VEX_BYTES, MAX_DOCUMENTS = 128 * 1024 * 1024, 1000
#: Which fingerprint of ours a SARIF result carries.
SARIF_KEY = "bomvet/v1"

#: Gives at most so many bytes of a file; raises `OSError`.
Read = Callable[[str, int], bytes]


def read_documents(
    tree: FileTree | None, read: Read, *, patterns: Sequence[str] = (), files: Sequence[str] = ()
) -> tuple[list[VexDocument], list[str]]:
    """The VEX documents of the tree that `patterns` match, and those in `files`; and what is wrong with the patterns.

    Raises `UsageError` where a file cannot be read, and `MalformedError` where it is no VEX document.
    """
    from bomvet.documents.vex import read_vex  # noqa: PLC0415 - most scans have none

    found: list[VexDocument] = []
    problems: list[str] = []
    of_tree = _of_tree(tree, patterns, problems) if tree else ()
    for name, content in (*of_tree, *_of_disk(files, read)):
        try:
            found.append(read_vex(content(), name))
        except FileUnreadableError as error:
            raise UsageError(f"{name} {error}") from None
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}") from None
        except MalformedError as error:
            place = f"{name}:{error.line}" if error.line else name
            raise MalformedError(f"{place}: {error}", line=error.line) from None
    return found, problems


_Content = tuple[str, Callable[[], bytes]]


def _of_tree(tree: FileTree, patterns: Sequence[str], problems: list[str]) -> Iterator[_Content]:
    """Documents that are part of the project, read by the rules of its tree; no link leads out of it."""
    wanted: dict[str, None] = {}
    for pattern in patterns:
        paths = [path for path in tree.paths() if matches(pattern, path)] or [pattern][: tree.exists(pattern)]
        if not paths:
            problems.append(f"the setting vex: {pattern!r} matches no file")
        wanted.update(dict.fromkeys(paths))
    if len(wanted) > MAX_DOCUMENTS:
        raise UsageError(f"the setting vex matches {len(wanted):,} files, of which {MAX_DOCUMENTS:,} are read at most")
    for path in wanted:
        yield path, lambda path=path: tree.read(path)  # type: ignore[misc]


def _of_disk(files: Sequence[str], read: Read) -> Iterator[_Content]:
    for path in files:
        yield os.path.basename(path), lambda path=path: read(path, MAX_VEX_BYTES)  # type: ignore[misc]


def vex_of(documents: Sequence[VexDocument], products: Sequence[str], problems: Sequence[str] = ()) -> Vex:
    """What `documents` state together."""
    told = (f"{document.source}: {problem}" for document in documents for problem in document.problems)
    return Vex(
        statements=tuple(statement for document in documents for statement in document.statements),
        products=tuple(products),
        problems=(*problems, *told),
        within=within,
    )


def within(purl: str, vers: str) -> bool | None:
    """Whether the version of `purl` lies in the range `vers`; None where that cannot be told."""
    from bomvet.versions.orders import ORDERS  # noqa: PLC0415 - rarely needed
    from bomvet.versions.vers import ECOSYSTEMS, contains  # noqa: PLC0415 - the same

    found = parts(purl)
    return contains(vers, found.type, found.version, ORDERS.get(ECOSYSTEMS.get(found.type, "")))


# -- writing and checking -----------------------------------------------------------------------------------------


def with_statement(data: bytes, name: str, statement: Statement) -> bytes | None:
    """The OpenVEX document `data`, or a new one where that is empty, with one more statement; None where it has it.

    Raises `UsageError` where the statement or the document is not valid.
    """
    import orjson  # noqa: PLC0415 - as in all edges

    from bomvet import __version__  # noqa: PLC0415 - needed here alone
    from bomvet.documents import openvex_writer as writer  # noqa: PLC0415 - the same

    if wrong := writer.problem(statement):
        raise UsageError(wrong)
    one = writer.entry(statement)
    if not data:
        tooling = f"bomvet {__version__}"
        found = writer.document([one], author=statement.author, time=statement.time, tooling=tooling)
    else:
        try:
            old = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"{name}:{error.lineno} is not JSON: {error.msg}") from None
        old = old if isinstance(old, dict) else {}
        if statement.author not in ("", old.get("author")):  # a statement has no author of its own
            one["status_notes"] = f"stated by {statement.author}"
        more = writer.with_entry(old, one, time=statement.time)
        if more is None:
            return None
        found = more
    return orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One thing to say of a document, and whether it is wrong."""

    text: str
    wrong: bool = False


def checked(
    document: VexDocument, inventory: Inventory | None, products: Sequence[str], today: dt.date
) -> list[Checked]:
    """What there is to say of each statement; with an `inventory` also what it is for in that."""
    found = [Checked(text=f"{document.source}: {problem}", wrong=True) for problem in document.problems]
    checker = None
    if inventory:
        vex = Vex(products=tuple(products), within=within)
        checker = Checker(vex, inventory.root, inventory.components, today)
    for statement in document.statements:
        about = f"{document.source}: {statement.ids[0]} {statement.status}"
        purls, notes = checker.subjects(statement) if checker else ([], [])
        wrong = problem(statement, today)
        if wrong or checker is None:
            names = ", ".join((statement.components or statement.products)[:3])
            found.append(Checked(text=f"{about}: {wrong or names}", wrong=bool(wrong)))
        elif purls:
            found.append(Checked(text=f"{about}: {', '.join(purls[:3])}{' ...' if len(purls) > 3 else ''}"))  # noqa: PLR2004
        else:
            why = notes[0].rpartition(" is not applied: ")[2] if notes else "no component of the project is meant"
            found.append(Checked(text=f"{about}: {why}", wrong=True))
    return found


# -- the baseline ----------------------------------------------------------------------------------------------


def read_baseline(data: bytes, name: str) -> Baseline:
    """What a scan of before found, of its JSON result or its SARIF; raises `UsageError` where it is neither."""
    import orjson  # noqa: PLC0415 - as in all edges

    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the baseline {name}:{error.lineno} is not JSON: {error.msg}", hint=_KINDS) from None
    document = document if isinstance(document, dict) else {}
    if "runs" in document:
        return _of_sarif(document, name)
    return _of_result(document, name)


_KINDS = "a baseline is a result of `bomvet scan -f json` or -f sarif, or a git revision"


def _of_result(document: dict[str, Any], name: str) -> Baseline:
    from bomvet.model.codec import DecodeError  # noqa: PLC0415 - not needed for SARIF
    from bomvet.model.result import ScanResult  # noqa: PLC0415

    try:
        result = ScanResult.from_dict(document)
    except DecodeError as error:
        raise UsageError(f"the baseline {name} is no result of bomvet that can be read: {error}", hint=_KINDS) from None
    if result.assessment is None:
        raise UsageError(f"the baseline {name} is an SBOM, and says nothing of findings", hint=_KINDS)
    return Baseline.of(result.assessment, name, incomplete(name, len(result.assessment.not_established)))


def incomplete(name: str, questions: int) -> tuple[str, ...]:
    """That a baseline did not know all: what it may have missed counts as new."""
    count = f"{questions:,} question{'' if questions == 1 else 's'}"
    return (f"the baseline {name} is incomplete ({count} open): what it missed counts as new",) if questions else ()


def _of_sarif(document: dict[str, Any], name: str) -> Baseline:
    """The fingerprints of our results; another tool's have none of ours."""
    runs = [run for run in document["runs"] if isinstance(run, dict)] if isinstance(document["runs"], list) else []
    results = [one for run in runs for one in run.get("results") or () if isinstance(one, dict)]
    stated = [(one.get("partialFingerprints") or {}).get(SARIF_KEY) for one in results]
    fingerprints = frozenset(text for text in stated if isinstance(text, str))
    if not runs or (results and not fingerprints):
        raise UsageError(f"the baseline {name} is no SARIF of bomvet: no result has {SARIF_KEY}", hint=_KINDS)
    note = f"the baseline {name} has fingerprints alone: what an upgrade leaves open counts as new"
    return Baseline(source=name, fingerprints=fingerprints, notes=(note,))
