"""What the command line does, for programs: open, ask, judge."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from bomvet import __version__, pipeline
from bomvet.errors import MalformedError, NotEstablishedError, UsageError
from bomvet.model.records import dataclass, replace
from bomvet.pipeline import AS_FOUND, Subject
from bomvet.plugin import Context, FileTree, Source, discover
from bomvet.policy.document import Policy, read_policy

if TYPE_CHECKING:
    from bomvet.inputs import Checked
    from bomvet.model.diff import Described, Diff
    from bomvet.model.finding import Statement
    from bomvet.model.inventory import Scope
    from bomvet.model.result import ScanResult
    from bomvet.policy.baseline import Baseline
    from bomvet.policy.vex import Vex

#: Where a project keeps its policy, and in which table.
POLICY_FILES: Mapping[str, tuple[str, ...]] = {"bomvet.toml": (), "pyproject.toml": ("tool", "bomvet")}
MAX_POLICY_BYTES = 16 * 1024 * 1024
#: A document of a whole fleet has 150 MB.
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
#: OSV's name of the ecosystem, which orders go by, by purl type.
_ORDERED = {"pypi": "PyPI", "npm": "npm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A target that can be read, with the time of its state where that is known (seconds since the epoch)."""

    tree: FileTree
    time: int | None


def open_target(target: str, *, exclude: Sequence[str] = (), use_ignore_files: bool = True) -> Opened:
    """Open a path, or `SCHEME:PATH`; raises `UsageError`."""
    sources = {source.id: source for source in discover("bomvet.sources", Source)}
    scheme, location = _split(target)
    if scheme not in sources:
        raise UsageError(f"targets of the kind {scheme!r} are not known", hint=f"known are: {', '.join(sources)}")
    options = {"exclude": exclude, "use_ignore_files": use_ignore_files}
    path = _path_of(scheme, location)
    if scheme in ("dir", "git") and os.path.isfile(path):
        options["kept"] = _kept_parts(path)
    tree = sources[scheme].open(location, **options)
    of_tree: int | None = getattr(tree, "time", None)
    return Opened(tree=tree, time=_state_time(location, of_tree))


def _split(target: str) -> tuple[str, str]:
    """Scheme and location; what exists under the whole name, or has a slash before the colon, is a path."""
    scheme, colon, location = target.partition(":")
    return ("dir", target) if not colon or "/" in scheme or os.path.exists(target) else (scheme, location)


def _path_of(scheme: str, location: str) -> str:
    """What of a location is a path."""
    if scheme != "git":
        return location
    from bomvet.sources.git import split  # noqa: PLC0415 - rarely needed

    return split(location)[0]


def _kept_parts(location: str) -> int:
    """How many last parts of a file's path make it one that is read: `requirements/main.txt` takes two."""
    folder, name = os.path.split(os.path.abspath(location))
    for kept, path in enumerate((name, f"{os.path.basename(folder)}/{name}"), start=1):
        if pipeline.is_read(path):
            return kept
    raise UsageError(f"{name} is no file that bomvet reads", hint="see: bomvet list resolvers")


def _folder(location: str) -> str:
    return location if os.path.isdir(location) else os.path.dirname(location)


def _stated_time() -> int | None:
    """SOURCE_DATE_EPOCH, if it is set."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if stated and (not stated.isdecimal() or len(stated) > 11):  # noqa: PLR2004 - beyond the year 5000
        raise UsageError(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {stated!r}")
    return int(stated) if stated else None


def _state_time(location: str, of_tree: int | None) -> int | None:
    """SOURCE_DATE_EPOCH, else the time of the revision, or of the commit that is checked out."""
    stated = _stated_time()
    if stated is not None or of_tree is not None:
        return of_tree if stated is None else stated
    directory = os.path.abspath(_folder(location))
    if not _in_repository(directory):
        return None
    from pathlib import Path  # noqa: PLC0415 - not needed otherwise

    from bomvet.sources._commit import head_commit  # noqa: PLC0415 - the same

    commit = head_commit(Path(directory))
    return commit.time if commit else None


def _in_repository(directory: str) -> bool:
    parents = accumulate(directory.split(os.sep), lambda path, name: f"{path}{os.sep}{name}")
    return any(os.path.lexists(f"{parent}{os.sep}.git") for parent in parents)


def load_policy(path: str = "", *, target: str = ".") -> Policy:
    """The policy of the file `path`, else of the project at `target`, else the default; raises `PolicyFileError`."""
    if path:
        return read_policy(_text(path), os.path.basename(path), _table_of(path))
    scheme, location = _split(target)
    if scheme == "git":
        return _policy_of(open_target(target).tree)
    for name, table in POLICY_FILES.items() if scheme == "dir" else ():
        candidate = os.path.join(_folder(location), name)
        if os.path.islink(candidate) and not _stays_inside(candidate):
            raise UsageError(
                f"the policy file {name} is a link out of the project, which bomvet does not follow",
                hint="name it: --config FILE",
            )
        if _may_hold_policy(candidate) if table else os.path.lexists(candidate):
            return read_policy(_text(candidate), name, table)
    return Policy()


def _policy_of(tree: FileTree) -> Policy:
    """The policy that a revision has."""
    for name, table in POLICY_FILES.items():
        if tree.exists(name):
            data = tree.read(name)
            if not table or b"bomvet" in data:
                return read_policy(_decoded(data, name), name, table)
    return Policy()


def _stays_inside(path: str) -> bool:
    folder = os.path.realpath(os.path.dirname(path) or ".")
    return os.path.commonpath((folder, os.path.realpath(path))) == folder


def _may_hold_policy(manifest: str) -> bool:
    """Whether it names us at all; one that cannot be read is the resolvers' to report."""
    try:
        return os.path.isfile(manifest) and b"bomvet" in _content(manifest, MAX_POLICY_BYTES)
    except OSError:
        return False


def _table_of(path: str) -> tuple[str, ...]:
    return POLICY_FILES.get(os.path.basename(path), ())


def _text(path: str) -> str:
    name = os.path.basename(path)
    try:
        return _decoded(_content(path, MAX_POLICY_BYTES), name)
    except OSError as error:
        raise UsageError(f"the policy file {name} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"the policy file {name} cannot be read: it is not UTF-8") from None


def _content(path: str, limit: int) -> bytes:
    # A pipe without a writer must not block; one with, such as the shell's <(...), is read to its end.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        os.set_blocking(file.fileno(), True)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes")
    return data


def default_database() -> str:
    """Where the advisory database lies when nobody says otherwise."""
    from platformdirs import user_data_dir  # noqa: PLC0415 - slow, and often not needed

    return os.path.join(user_data_dir("bomvet", appauthor=False), "advisories.db")


def sbom(
    target: str,
    *,
    subject: Subject = AS_FOUND,
    exclude: Sequence[str] = (),
    use_ignore_files: bool = True,
    resolve: bool = False,
) -> ScanResult:
    """The inventory of `target`, without judgement; `resolve` asks npm and uv for the locks that are missing."""
    opened = open_target(target, exclude=exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    return _told(pipeline.inspect(opened.tree, subject=_timed(subject, opened)), opened)


def scan(
    target: str,
    *,
    policy: Policy | None = None,
    database: str = "",
    subject: Subject = AS_FOUND,
    use_ignore_files: bool = True,
    resolve: bool = False,
    now: dt.datetime | None = None,
    vex: Sequence[str] = (),
    vex_products: Sequence[str] = (),
    baseline: str = "",
) -> ScanResult:
    """Everything about `target`, judged by `policy` (default: the target's own, else the built-in one).

    `vex` are files of VEX documents, besides those that the policy names; `vex_products` further names of what is
    scanned.  `baseline` is a file with the result of an earlier scan, or a git revision: what is known does not fail.
    Without an advisory database the verdict is *incomplete*, never *passed*.  Raises `UsageError` and
    `PolicyFileError`; what cannot be read becomes an `Unknown` in the result.
    """
    policy = load_policy(target=target) if policy is None else policy
    opened = open_target(target, exclude=policy.exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    with contextlib.ExitStack() as stack:
        moment = now or dt.datetime.now(dt.UTC)
        context = Context(now=moment, max_age=policy.max_age, registries=policy.registries)
        context = _with_advisories(context, database or default_database(), stack)
        known = _baseline(baseline, target, policy, context, subject, use_ignore_files=use_ignore_files)
        answers = _vex(opened.tree, policy, vex, vex_products)
        subject = _timed(subject, opened)
        return _told(pipeline.scan(opened.tree, policy, context, subject=subject, vex=answers, baseline=known), opened)


def _vex(tree: FileTree, policy: Policy, files: Sequence[str], products: Sequence[str]) -> Vex | None:
    """What the documents state that the user and the policy name; raises `UsageError` and `MalformedError`."""
    if not files and not policy.vex:
        return None
    from bomvet.inputs import read_documents, vex_of  # noqa: PLC0415 - most scans have none

    documents, problems = read_documents(tree, _content, patterns=policy.vex, files=files)
    return vex_of(documents, (*policy.vex_products, *products), problems)


def _baseline(
    text: str, target: str, policy: Policy, context: Context, subject: Subject, *, use_ignore_files: bool
) -> Baseline | None:
    """What the file or revision `text` knows; a revision is read and judged as `target` is.

    Raises `UsageError` where it is neither.
    """
    if not text:
        return None
    from bomvet.inputs import baseline_of, read_baseline  # noqa: PLC0415 - most scans have none

    if not text.startswith("git:") and os.path.lexists(text):
        try:
            return read_baseline(_content(text, MAX_DOCUMENT_BYTES), os.path.basename(text))
        except OSError as error:
            raise UsageError(f"the baseline {text} cannot be read: {error.strerror}") from None
    revision = text.removeprefix("git:")
    scheme, location = _split(target)
    if scheme != "dir":
        raise UsageError(f"{target} has no revisions: a baseline of it is a file", hint="-f json=FILE writes one")
    opened = open_target(f"git:{location}@{revision}", exclude=policy.exclude, use_ignore_files=use_ignore_files)
    return baseline_of(pipeline.scan(opened.tree, policy, context, subject=_timed(subject, opened)), text)


def stamp(now: dt.datetime) -> str:
    """SOURCE_DATE_EPOCH, else `now`, as RFC 3339 in UTC."""
    stated = _stated_time()
    moment = now if stated is None else dt.datetime.fromtimestamp(stated, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def vex_with(path: str, statement: Statement) -> bytes | None:
    """The OpenVEX document of the file `path`, if there is one, with one more statement; None where it says so already.

    Raises `UsageError` where the statement or the file is not valid.
    """
    from bomvet.inputs import with_statement  # noqa: PLC0415 - needed here alone

    try:
        data = _content(path, MAX_DOCUMENT_BYTES) if os.path.lexists(path) else b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return with_statement(data, os.path.basename(path), statement)


def check_vex(path: str, target: str = "") -> list[Checked]:
    """What there is to say of each statement of the file `path`, and of what it is for in `target`, if one is named.

    Raises `UsageError` where one of them cannot be read, and `MalformedError` where it is no VEX document.
    """
    from bomvet.inputs import checked, read_documents  # noqa: PLC0415 - needed here alone

    policy = load_policy(target=target) if target else Policy()
    inventory = sbom(target, exclude=policy.exclude).inventory if target else None
    documents, _ = read_documents(None, _content, files=[path])
    today = dt.datetime.now(dt.UTC).date()
    return checked(documents[0], inventory, policy.vex_products, today)


def _resolved(opened: Opened) -> Opened:
    """`opened` with a lock for each manifest that has none, from the ecosystem's own resolver."""
    from bomvet.resolution import Declared, resolved  # noqa: PLC0415 - rarely asked for

    manifests = [Declared(path, found) for path, found in pipeline.unlocked(opened.tree)]
    return replace(opened, tree=resolved(opened.tree, manifests))


def diff(
    before: str,
    after: str,
    *,
    config: str = "",
    exclude: Sequence[str] = (),
    use_ignore_files: bool = True,
    omit: frozenset[Scope] = frozenset(),
) -> Diff:
    """What became of the components of `before` in `after`.

    Each is a CycloneDX document in JSON, a JSON result of bomvet, or whatever `sbom` takes.  Raises `UsageError`,
    `PolicyFileError`, and `MalformedError` for a document that cannot be read.
    """
    from bomvet.model.diff import compare  # noqa: PLC0415 - not needed otherwise

    sides = [
        _described(target, config=config, exclude=exclude, use_ignore_files=use_ignore_files)
        for target in (before, after)
    ]
    return compare(*sides, tool=__version__, order=_version_key, omit=omit)


def _version_key(kind: str, version: str) -> object:
    """The place of `version` in the order of its ecosystem; None where there is no order, or it is no version."""
    from bomvet.versions.orders import ORDERS  # noqa: PLC0415 - not needed otherwise

    order = ORDERS.get(_ORDERED.get(kind, ""))
    return order.key(version) if order else None


def _described(target: str, *, config: str, exclude: Sequence[str], use_ignore_files: bool) -> Described:
    """One side of a comparison: a document, or a project as `sbom` describes it."""
    from bomvet.model.diff import Described  # noqa: PLC0415 - not needed otherwise

    scheme, location = _split(target)
    is_file = scheme == "dir" and os.path.lexists(location) and not os.path.isdir(location)
    document = _document(location) if is_file else None
    if document:
        return document
    policy = load_policy(config, target=target)
    patterns = (*policy.exclude, *exclude)
    result = sbom(target, exclude=patterns, use_ignore_files=use_ignore_files)
    name = target if scheme == "git" else result.target.name
    return Described(source=name, kind=result.target.kind, inventory=result.inventory)


def _document(path: str) -> Described | None:
    """The document that the file holds; None where it is none."""
    from bomvet.documents.load import read_document  # noqa: PLC0415 - not needed otherwise

    name = os.path.basename(path)
    try:
        return read_document(_content(path, MAX_DOCUMENT_BYTES), name)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    except MalformedError as error:
        place = f"{name}:{error.line}" if error.line else name
        raise MalformedError(f"{place}: {error}", line=error.line) from None


def _told(result: ScanResult, opened: Opened) -> ScanResult:
    """`result` with the locks that were made for it told apart from the files of the tree."""
    made = getattr(opened.tree, "resolved", ())
    if not made:
        return result
    inputs = result.target.inputs
    target = replace(
        result.target,
        inputs=tuple(i for i in inputs if i.path not in made),
        resolved=tuple(i for i in inputs if i.path in made),
    )
    return replace(result, target=target)


def _with_advisories(context: Context, path: str, stack: contextlib.ExitStack) -> Context:
    """`context` with the database at `path`, open as long as `stack`, or with the reason why there is none."""
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - not needed for an SBOM

    try:
        return replace(context, advisories=stack.enter_context(AdvisoryDatabase.open(path)))
    except NotEstablishedError as error:
        return replace(context, no_advisories=f"{error}: {error.hint}") if os.path.isfile(path) else context


def _timed(subject: Subject, opened: Opened) -> Subject:
    return subject if subject.time is not None else replace(subject, time=opened.time)
