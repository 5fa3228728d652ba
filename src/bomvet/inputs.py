"""What is brought along to a scan: VEX documents, what provenance is proved by, and the baseline of what was known."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bomvet.errors import FileUnreadableError, MalformedError, UsageError
from bomvet.model.globs import matches
from bomvet.model.provenance import LOCK_FILE
from bomvet.model.purl import parts
from bomvet.model.records import dataclass
from bomvet.plugin import Proving
from bomvet.policy.baseline import Baseline, keys_for
from bomvet.policy.document import asks_provenance
from bomvet.policy.vex import Checker, Vex, problem

if TYPE_CHECKING:
    import datetime as dt

    from bomvet.documents._vex import VexDocument
    from bomvet.model.finding import Statement
    from bomvet.model.inventory import Inventory
    from bomvet.model.provenance import IdentityLock
    from bomvet.model.result import ScanResult
    from bomvet.plugin import FileTree
    from bomvet.policy.document import Policy

MAX_VEX_BYTES, MAX_DOCUMENTS = 64 * 1024 * 1024, 1000
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


# -- provenance ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What the user brings to prove provenance: all files by name, and folders of recorded `attestations`.

    `identities` is the identity lock, empty for the one in the target; `trusted_root` sigstore's trusted root, empty
    for the one that ships; `npm_keys` further keys of npm registries.
    """

    attestations: tuple[str, ...] = ()
    identities: str = ""
    trusted_root: str = ""
    npm_keys: str = ""


def proving_of(
    tree: FileTree, policy: Policy, proofs: Proofs, evidence: Sequence[FileTree], read: Read, *, cache: str = ""
) -> Proving | None:
    """What provenance is wanted, and by what; None where nobody asks who built anything.

    Raises `UsageError` where a file cannot be read, and `PolicyFileError` where the identity lock has errors.
    """
    identities = _identities(tree, proofs.identities, read)
    stated, ask = policy.provenance, asks_provenance(policy)
    if not (ask or evidence or identities):
        return None
    return Proving(
        ask=ask,
        exempt=stated.exempt,
        proof=stated.proof,
        evidence=tuple(evidence),
        root=_brought(proofs.trusted_root, "trusted root", ("tlogs", "certificateAuthorities"), read),
        keys=_brought(proofs.npm_keys, "list of keys", ("keys",), read),
        identities=identities,
        cache=cache,
    )


def _identities(tree: FileTree, path: str, read: Read) -> IdentityLock | None:
    """The lock at `path`, else that of the project."""
    if not path and not _stands_at_the_top(tree, LOCK_FILE):
        return None
    from bomvet.provenance.identities import MAX_LOCK_BYTES, read_identities  # noqa: PLC0415 - only where there is one

    name = os.path.basename(path) if path else LOCK_FILE
    try:
        data = read(path, MAX_LOCK_BYTES) if path else tree.read(LOCK_FILE)
        text = data.decode("utf-8")
    except (FileUnreadableError, OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or ("it is not UTF-8" if isinstance(error, ValueError) else error)
        raise UsageError(f"the identity lock {name} cannot be read: {why}") from None
    return read_identities(text.replace("\r\n", "\n"), name)


def _stands_at_the_top(tree: FileTree, name: str) -> bool:
    """Whether anything is called so, also what cannot be read, such as a link that leads out of the tree, or nowhere.

    Who is expected to publish is not to be forgotten in silence.
    """
    if tree.exists(name):
        return True
    try:
        return any(entry.name == name for entry in tree.entries(""))
    except FileUnreadableError:  # there is no such folder, or it is too large; the walk tells of it
        return False


def _brought(path: str, what: str, members: Sequence[str], read: Read) -> bytes:
    """The content of the file, which has to be a JSON object with `members`; all else is for who uses it.

    A file that is another one altogether is an error of the command line, also where nothing is there to verify.
    """
    if not path:
        return b""
    import orjson  # noqa: PLC0415 - as in all edges

    from bomvet.provenance.root import MAX_BYTES  # noqa: PLC0415 - most scans bring none

    name = f"the {what} {os.path.basename(path)}"
    try:
        data = read(path, MAX_BYTES)
        document = orjson.loads(data)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{name} is not JSON: {error.msg}", hint=_BROUGHT) from None
    if not isinstance(document, dict) or any(not document.get(member) for member in members):
        raise UsageError(f"{name} has no {' and '.join(f'`{member}`' for member in members)}", hint=_BROUGHT)
    return data


_BROUGHT = "`bomvet trust update --npm-keys FILE` fetches both"


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
    return baseline_of(result, name)


def baseline_of(result: ScanResult, name: str) -> Baseline:
    """What `result` knows, with a note where it did not know all; raises `UsageError` where it was never judged."""
    if result.assessment is None:
        raise UsageError(f"the baseline {name} is an SBOM, and says nothing of findings", hint=_KINDS)
    questions = len(result.assessment.not_established)
    count = f"{questions:,} question{'' if questions == 1 else 's'}"
    note = f"the baseline {name} is incomplete ({count} open): what it missed counts as new"
    return Baseline.of(result.assessment, name, (note,) if questions else ())


def _of_sarif(document: dict[str, Any], name: str) -> Baseline:
    """The fingerprints of our results; another tool's have none of ours."""
    runs = [run for run in _list(document["runs"]) if isinstance(run, dict)]
    results = [one for run in runs for one in _list(run.get("results", [])) if isinstance(one, dict)]
    stated = [found.get(SARIF_KEY) for one in results if isinstance(found := one.get("partialFingerprints"), dict)]
    fingerprints = frozenset(text for text in stated if isinstance(text, str))
    unreadable = any(not isinstance(run.get("results", []), list) for run in runs)
    if not runs or unreadable or (results and not fingerprints):
        raise UsageError(f"the baseline {name} is no SARIF of bomvet: no result has {SARIF_KEY}", hint=_KINDS)
    keys = [_keys(one) for one in results]
    note = f"the baseline {name} has fingerprints alone of some findings: what an upgrade leaves open of these is new"
    return Baseline(
        source=name,
        keys=frozenset(key for found in keys for key in found),
        fingerprints=fingerprints,
        notes=() if all(keys) else (note,),
    )


def _keys(result: dict[str, Any]) -> Collection[tuple[str, str, str]]:
    """What our SARIF says of a finding besides its fingerprint, where that is about an advisory."""
    about = result.get("properties")
    if not isinstance(about, dict):
        return ()
    rule, purl, names = about.get("rule"), about.get("purl"), [n for n in _list(about.get("ids")) if isinstance(n, str)]
    return keys_for(rule, purl, names) if isinstance(rule, str) and isinstance(purl, str) else ()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
