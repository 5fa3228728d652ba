"""What the command line does, for programs: open, ask, judge."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from bomvet import __version__, pipeline
from bomvet.errors import FileUnreadableError, MalformedError, NotEstablishedError, UsageError
from bomvet.model.records import dataclass, replace
from bomvet.pipeline import AS_FOUND, Subject
from bomvet.plugin import Client, Context, FileTree, Source, discover
from bomvet.policy.document import Advisories, Policy, named_rules, read_policy, service_url

if TYPE_CHECKING:
    from bomvet.advisories.backends import OnlineStore
    from bomvet.advisories.tracing import Judged
    from bomvet.inputs import Checked
    from bomvet.model.diff import Described, Diff
    from bomvet.model.finding import Statement
    from bomvet.model.inventory import Component, Scope
    from bomvet.model.result import ScanResult
    from bomvet.policy.baseline import Baseline
    from bomvet.policy.vex import Vex

if TYPE_CHECKING:
    #: Gives the traces of components: of all records of their packages, or of the advisory that is named.
    Judge = Callable[[Sequence[Component], str], Judged]

#: Where a project keeps its policy, and in which table.
POLICY_FILES: Mapping[str, tuple[str, ...]] = {"bomvet.toml": (), "pyproject.toml": ("tool", "bomvet")}
#: Where its tests may stand, beside it.
TESTS_FILE = "bomvet.tests.toml"
_IGNORES = "list of ignored advisories"
MAX_POLICY_BYTES = 16 * 1024 * 1024
#: A document of a whole fleet has 150 MB.
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024


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


def repository_folder(target: str) -> str:
    """Where the folder of `target` lies in its repository (`services/web`); empty where it is the top, or in none."""
    scheme, location = _split(target)
    path = _path_of(scheme, location) if scheme in ("dir", "git") else "."
    here = os.path.realpath(_folder(path))
    top = here
    while not os.path.lexists(os.path.join(top, ".git")):
        parent = os.path.dirname(top)
        if parent == top:
            return ""
        top = parent
    return "" if here == top else os.path.relpath(here, top).replace(os.sep, "/")


def load_policy(path: str = "", *, target: str = ".", ignore_files: Sequence[str] = ()) -> Policy:
    """The policy of the file `path`, else of the project at `target`, else the default; raises `PolicyFileError`.

    The lists of other tools that the policy names, and `ignore_files`, are among its waivers.
    """
    found = policy_file(path, target=target)
    policy = read_policy(found.text, found.name, found.table, _rule_ids) if found else Policy()
    lists = [(name, found.beside(name)) for name in policy.ignore_files] if found else []
    lists += [(os.path.basename(name), _text(name, _IGNORES)) for name in ignore_files]
    for name, text in lists:
        policy = _ignoring(policy, text, name)
    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file that was read: its text, its name, the table that holds the policy, the folder it lies in.

    `tree` is what it stands in where that is no folder.
    """

    text: str
    name: str
    table: tuple[str, ...]
    folder: str = ""
    tree: FileTree | None = None

    def beside(self, name: str) -> str:
        """The text of the list of ignored advisories `name` in the same place; raises `UsageError`."""
        if self.tree is None:
            return _text(_within(self.folder, name), _IGNORES)
        try:
            return _decoded(self.tree.read(name), name, _IGNORES)
        except FileUnreadableError as error:
            raise UsageError(f"the {_IGNORES} {name} {error}") from None


def policy_file(path: str = "", *, target: str = ".") -> PolicyFile | None:
    """The file `path`, else that of the project at `target`, if there is one; raises `UsageError`."""
    if path:
        name = os.path.basename(path)
        return PolicyFile(text=_text(path), name=name, table=_table_of(path), folder=os.path.dirname(path))
    scheme, location = _split(target)
    if scheme == "git":
        return _policy_of(open_target(target).tree)
    for name, table in POLICY_FILES.items() if scheme == "dir" else ():
        folder = _folder(location)
        candidate = os.path.join(folder, name)
        if os.path.islink(candidate) and not _stays_inside(candidate):
            raise UsageError(
                f"the policy file {name} is a link out of the project, which bomvet does not follow",
                hint="name it: --config FILE",
            )
        if _may_hold_policy(candidate) if table else os.path.lexists(candidate):
            return PolicyFile(text=_text(candidate), name=name, table=table, folder=folder)
    return None


def check_rules(policy: Policy) -> None:
    """Raise `UsageError` where a condition names a rule that is none: it would never refuse anything."""
    names = named_rules(policy)
    known = sorted({*_rule_ids(), *(rule.id for rule in policy.rules)}) if names else []
    for name in names:
        if name not in known:
            raise UsageError(f"there is no rule {name}", hint="see: bomvet list rules")


def _rule_ids() -> Sequence[str]:
    from bomvet.plugin import Check  # noqa: PLC0415 - only where a policy names rules

    return [check.id for check in discover("bomvet.checks", Check)]


def _within(folder: str, name: str) -> str:
    """The file `name` of a policy's folder, which it must not lead out of; raises `UsageError`."""
    path = os.path.join(folder, name)
    if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder or "."), "")):
        raise UsageError(
            f"ignore-files names {name!r}, which is not in the folder of the policy",
            hint="name it on the command line: --ignore-file FILE",
        )
    return path


def _ignoring(policy: Policy, text: str, name: str) -> Policy:
    """`policy` with the waivers of the list `text`; raises `PolicyFileError`."""
    from bomvet.policy.ignores import read_ignores  # noqa: PLC0415 - for those who have such lists

    found = read_ignores(text, name, policy.ignores, os.path.dirname(name))
    return replace(policy, waivers=(*policy.waivers, *found.waivers), notes=(*policy.notes, *found.notes))


def ignored(path: str) -> Policy:
    """What the list of another tool at `path` comes to by the policy here: nothing but its waivers and notes.

    Raises `UsageError` and `PolicyFileError`.
    """
    defaults = Policy(ignores=load_policy().ignores)
    return _ignoring(defaults, _text(path, _IGNORES), os.path.basename(path))


def _policy_of(tree: FileTree) -> PolicyFile | None:
    """That of a revision."""
    for name, table in POLICY_FILES.items():
        if tree.exists(name):
            data = tree.read(name)
            if not table or b"bomvet" in data:
                return PolicyFile(text=_decoded(data, name), name=name, table=table, tree=tree)
    return None


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


def _text(path: str, what: str = "policy file") -> str:
    name = os.path.basename(path)
    try:
        return _decoded(_content(path, MAX_POLICY_BYTES), name, what)
    except OSError as error:
        raise UsageError(f"the {what} {name} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, name: str, what: str = "policy file") -> str:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"the {what} {name} cannot be read: it is not UTF-8") from None


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


def default_cache() -> str:
    """Where advisory records are kept between runs when nobody says otherwise."""
    from platformdirs import user_cache_dir  # noqa: PLC0415 - slow, and often not needed

    return user_cache_dir("bomvet", appauthor=False)


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
    offline: bool = False,
    osv_url: str = "",
    cache: str = "",
) -> ScanResult:
    """Everything about `target`, judged by `policy` (default: the target's own, else the built-in one).

    `vex` are files of VEX documents, besides those that the policy names; `vex_products` further names of what is
    scanned.  `baseline` is a file with the result of an earlier scan, or a git revision: what is known does not fail.
    Advisories come from the file `database`, or from the service at `osv_url` (default: the policy's, else OSV's
    own), whose records are kept in the folder `cache`; `offline` opens no connection.
    Without advisories the verdict is *incomplete*, never *passed*.  Raises `UsageError` and
    `PolicyFileError`; what cannot be read becomes an `Unknown` in the result.
    """
    policy = load_policy(target=target) if policy is None else policy
    opened = open_target(target, exclude=policy.exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    with _context(policy, database, now=now, offline=offline, osv_url=osv_url, cache=cache) as context:
        known = _baseline(
            baseline, target, policy, context, subject, use_ignore_files=use_ignore_files, resolve=resolve
        )
        answers = _vex(opened.tree, policy, vex, vex_products)
        subject = _timed(subject, opened)
        return _told(pipeline.scan(opened.tree, policy, context, subject=subject, vex=answers, baseline=known), opened)


@contextlib.contextmanager
def explained(
    target: str,
    *,
    policy: Policy,
    database: str = "",
    use_ignore_files: bool = True,
    vex: Sequence[str] = (),
    vex_products: Sequence[str] = (),
    offline: bool = False,
    osv_url: str = "",
    cache: str = "",
) -> Iterator[tuple[ScanResult, Judge | None]]:
    """What `scan` gives, and what the same records say of components, also where they do not affect them.

    The latter is None where there are no advisories, and may be asked as long as the context.
    """
    from bomvet.advisories.tracing import judged  # noqa: PLC0415 - not needed otherwise

    opened = open_target(target, exclude=policy.exclude, use_ignore_files=use_ignore_files)
    with _context(policy, database, offline=offline, osv_url=osv_url, cache=cache) as context:
        answers, subject = _vex(opened.tree, policy, vex, vex_products), _timed(AS_FOUND, opened)
        result = pipeline.scan(opened.tree, policy, context, subject=subject, vex=answers)
        store = context.advisories
        yield result, (lambda components, advisory: judged(store, components, advisory)) if store else None


@contextlib.contextmanager
def _context(
    policy: Policy, database: str, *, now: dt.datetime | None = None, offline: bool, osv_url: str, cache: str
) -> Iterator[Context]:
    """What plug-ins are given; connections and databases are open as long as it is."""
    with contextlib.ExitStack() as stack:
        context = Context(
            now=now or dt.datetime.now(dt.UTC),
            max_age=policy.max_age,
            registries=policy.registries,
            cool_down=policy.cool_down,
            ask_registries=_asks_registries(policy),
            clients=_own_clients(policy),
        )
        if not offline:
            from bomvet.net import Client as Network  # noqa: PLC0415 - not needed otherwise

            context = _with_catalogues(replace(context, http=stack.enter_context(Network())), policy)
        yield _with_advisories(context, policy, database or default_database(), stack, url=osv_url, cache=cache)


def _vex(tree: FileTree, policy: Policy, files: Sequence[str], products: Sequence[str]) -> Vex | None:
    """What the documents state that the user and the policy name; raises `UsageError` and `MalformedError`."""
    if not files and not policy.vex:
        return None
    from bomvet.inputs import read_documents, vex_of  # noqa: PLC0415 - most scans have none

    documents, problems = read_documents(tree, _content, patterns=policy.vex, files=files)
    return vex_of(documents, (*policy.vex_products, *products), problems)


def _baseline(
    text: str, target: str, policy: Policy, context: Context, subject: Subject, *, use_ignore_files: bool, resolve: bool
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
    if resolve:
        opened = _resolved(opened)
    return baseline_of(pipeline.scan(opened.tree, policy, context, subject=_timed(subject, opened)), text)


def _asks_registries(policy: Policy) -> bool:
    """Whether the policy says so, or has a rule about releases, of which locks say little."""
    return policy.ask_registries or any("release" in rule.when.fields for rule in policy.rules)


def _own_clients(policy: Policy) -> tuple[Client, ...]:
    """What the user's package managers are set to, where that may be of use."""
    if not (policy.cool_down or _asks_registries(policy)):
        return ()
    from bomvet.clients import own_clients  # noqa: PLC0415 - rarely asked for

    return own_clients(os.environ, os.path.expanduser("~"), _own_file)


def _own_file(path: str) -> bytes | None:
    try:
        return _content(path, MAX_POLICY_BYTES)
    except OSError:
        return None


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
    return compare(*sides, tool=__version__, order=pipeline.version_key, omit=omit)


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


def _with_advisories(
    context: Context, policy: Policy, path: str, stack: contextlib.ExitStack, *, url: str, cache: str
) -> Context:
    """`context` with advisory data of the kind that the policy asks for, or with the reason why there is none.

    What is opened stays so as long as `stack`.  Raises `UsageError` where the service is asked for and may not be.
    """
    if policy.advisories is Advisories.ONLINE and context.http is None:
        raise UsageError(
            "advisories are to come from the service, and this run is offline",
            hint="--advisories database, or without --offline",
        )
    if policy.advisories is not Advisories.ONLINE:
        context = _with_database(context, path, stack)
    if policy.advisories is Advisories.DATABASE or context.http is None:
        return context
    if not _is_fresh(context):
        return replace(context, advisories=_service(context, policy, stack, url=url, cache=cache))
    from bomvet.advisories.divided import Divided  # noqa: PLC0415 - only where there is a connection

    database: Any = context.advisories  # of `_with_database`
    alone = replace(context, advisories=None)
    return replace(context, advisories=Divided(database, lambda: _service(alone, policy, stack, url=url, cache=cache)))


def _with_catalogues(context: Context, policy: Policy) -> Context:
    """`context` with the places to ask for what is exploited: none where all data is to come from the database."""
    stated, asked = policy.exploitation, policy.advisories is not Advisories.DATABASE

    def place(url: str, default: str) -> str:
        return "" if url == "none" or not asked else url or default

    return replace(
        context,
        kev_url=place(stated.kev_url, context.kev_url),
        epss_url=place(stated.epss_url, context.epss_url),
    )


def _with_database(context: Context, path: str, stack: contextlib.ExitStack) -> Context:
    from bomvet.advisories.database import AdvisoryDatabase  # noqa: PLC0415 - not needed for an SBOM

    try:
        return replace(context, advisories=stack.enter_context(AdvisoryDatabase.open(path)))
    except NotEstablishedError as error:
        return replace(context, no_advisories=f"{error}: {error.hint}") if os.path.isfile(path) else context


def _is_fresh(context: Context) -> bool:
    if context.advisories is None:
        return False
    obtained = dt.datetime.fromisoformat(context.advisories.snapshot.obtained)
    return context.max_age is None or context.now - obtained <= context.max_age


def _service(context: Context, policy: Policy, stack: contextlib.ExitStack, *, url: str, cache: str) -> OnlineStore:
    """OSV's service, with what database there is in `context` to fall back on."""
    from bomvet.advisories.backends import OnlineStore  # noqa: PLC0415 - only where there is a connection
    from bomvet.advisories.cache import RecordCache  # noqa: PLC0415 - the same

    if context.http is None:  # the caller has looked
        raise TypeError("no network")
    kept = stack.enter_context(RecordCache(cache or default_cache(), now=context.now.timestamp))
    return OnlineStore(
        context.http,
        kept,
        now=context.now,
        url=service_url(url or policy.osv.url),
        private=policy.osv.private,
        fallback=context.advisories,
        thorough=bool(policy.cool_down),
    )


def _timed(subject: Subject, opened: Opened) -> Subject:
    return subject if subject.time is not None else replace(subject, time=opened.time)
