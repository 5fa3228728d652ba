"""What the command line does, for programs: open, ask, judge."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bomvet import __version__, pipeline
from bomvet.errors import MalformedError, NotEstablishedError, UsageError
from bomvet.model.records import replace
from bomvet.opening import Opened, content, open_evidence, open_target, own_file, split_target
from bomvet.pipeline import AS_FOUND, Subject
from bomvet.plugin import Client, Context
from bomvet.policies import load_policy
from bomvet.policy.document import Advisories, Policy, names_exploitation, service_url

if TYPE_CHECKING:
    from bomvet.advisories.backends import OnlineStore
    from bomvet.advisories.tracing import Judged
    from bomvet.inputs import Checked, Proofs
    from bomvet.model.diff import Described, Diff
    from bomvet.model.finding import Statement
    from bomvet.model.inventory import Component, Scope
    from bomvet.model.result import ScanResult
    from bomvet.plugin import FileTree, Proving
    from bomvet.policy.baseline import Baseline
    from bomvet.policy.vex import Vex

if TYPE_CHECKING:
    #: Gives the traces of components: of all records of their packages, or of the advisory that is named.
    Judge = Callable[[Sequence[Component], str], Judged]

#: A document of a whole fleet has 150 MB.
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024


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
    provenance: Policy | None = None,
    proofs: Proofs | None = None,
    offline: bool = False,
) -> ScanResult:
    """The inventory of `target`, without judgement; `resolve` asks npm and uv for the locks that are missing.

    With `provenance`, a policy that says what is wanted, also who built what, by `proofs`.
    """
    opened = open_target(target, exclude=exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    result = pipeline.inspect(opened.tree, subject=_timed(subject, opened))
    if provenance:
        with asking(provenance, proving_for(opened.tree, provenance, proofs, ""), offline=offline) as context:
            result = pipeline.proved(result, context)
    return _told(result, opened)


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
    proofs: Proofs | None = None,
) -> ScanResult:
    """Everything about `target`, judged by `policy` (default: the target's own, else the built-in one).

    `vex` are files of VEX documents, besides those that the policy names; `vex_products` further names of what is
    scanned.  `baseline` is a file with the result of an earlier scan, or a git revision: what is known does not fail.
    Advisories come from the file `database`, or from the service at `osv_url` (default: the policy's, else OSV's
    own), whose records are kept in the folder `cache`; `offline` opens no connection.
    `proofs` are what provenance is proved by, besides the identity lock of the target.
    Without advisories the verdict is *incomplete*, never *passed*.  Raises `UsageError` and
    `PolicyFileError`; what cannot be read becomes an `Unknown` in the result.
    """
    policy = load_policy(target=target) if policy is None else policy
    opened = open_target(target, exclude=policy.exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    proving = proving_for(opened.tree, policy, proofs, cache)
    with _context(policy, database, proving, now=now, offline=offline, osv_url=osv_url, cache=cache) as context:
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
    proofs: Proofs | None = None,
) -> Iterator[tuple[ScanResult, Judge | None]]:
    """What `scan` gives, and what the same records say of components, also where they do not affect them.

    The latter is None where there are no advisories, and may be asked as long as the context.
    """
    from bomvet.advisories.tracing import judged  # noqa: PLC0415 - not needed otherwise

    opened = open_target(target, exclude=policy.exclude, use_ignore_files=use_ignore_files)
    proving = proving_for(opened.tree, policy, proofs, cache)
    with _context(policy, database, proving, offline=offline, osv_url=osv_url, cache=cache) as context:
        answers, subject = _vex(opened.tree, policy, vex, vex_products), _timed(AS_FOUND, opened)
        result = pipeline.scan(opened.tree, policy, context, subject=subject, vex=answers)
        store = context.advisories
        yield result, (lambda components, advisory: judged(store, components, advisory)) if store else None


@contextlib.contextmanager
def _context(
    policy: Policy,
    database: str,
    proving: Proving | None,
    *,
    now: dt.datetime | None = None,
    offline: bool,
    osv_url: str,
    cache: str,
) -> Iterator[Context]:
    """What plug-ins are given; connections and databases are open as long as it is."""
    with contextlib.ExitStack() as stack:
        context = stack.enter_context(asking(policy, proving, now=now, offline=offline))
        if context.http:
            context = _with_catalogues(context, policy)
        yield _with_advisories(context, policy, database or default_database(), stack, url=osv_url, cache=cache)


@contextlib.contextmanager
def asking(
    policy: Policy, proving: Proving | None, *, now: dt.datetime | None = None, offline: bool
) -> Iterator[Context]:
    """The network, unless the run is offline, and what may be asked of it."""
    context = Context(
        now=now or dt.datetime.now(dt.UTC),
        max_age=policy.max_age,
        registries=policy.registries,
        cool_down=policy.cool_down,
        ask_registries=_asks_registries(policy),
        clients=_own_clients(policy, proving),
        proving=proving,
    )
    if offline:
        yield context
        return
    from bomvet.net import Client as Network  # noqa: PLC0415 - not needed otherwise

    with Network() as network:
        yield replace(context, http=network)


def _vex(tree: FileTree, policy: Policy, files: Sequence[str], products: Sequence[str]) -> Vex | None:
    """What the documents state that the user and the policy name; raises `UsageError` and `MalformedError`."""
    if not files and not policy.vex:
        return None
    from bomvet.inputs import read_documents, vex_of  # noqa: PLC0415 - most scans have none

    documents, problems = read_documents(tree, content, patterns=policy.vex, files=files)
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
            return read_baseline(content(text, MAX_DOCUMENT_BYTES), os.path.basename(text))
        except OSError as error:
            raise UsageError(f"the baseline {text} cannot be read: {error.strerror}") from None
    revision = text.removeprefix("git:")
    scheme, location = split_target(target)
    if scheme != "dir":
        raise UsageError(f"{target} has no revisions: a baseline of it is a file", hint="-f json=FILE writes one")
    opened = open_target(f"git:{location}@{revision}", exclude=policy.exclude, use_ignore_files=use_ignore_files)
    if resolve:
        opened = _resolved(opened)
    return baseline_of(pipeline.scan(opened.tree, policy, context, subject=_timed(subject, opened)), text)


def _asks_registries(policy: Policy) -> bool:
    """Whether the policy says so, or has a rule about releases, of which locks say little."""
    return policy.ask_registries or any("release" in rule.when.fields for rule in policy.rules)


def proving_for(tree: FileTree, policy: Policy, proofs: Proofs | None, cache: str) -> Proving | None:
    """What provenance is to be established of `tree`, and by what; raises `UsageError` and `PolicyFileError`."""
    from bomvet.inputs import Proofs, proving_of  # noqa: PLC0415 - not needed for an SBOM

    stated = proofs or Proofs()
    evidence = open_evidence(stated.attestations)
    return proving_of(tree, policy, stated, evidence, content, cache=cache)


def _own_clients(policy: Policy, proving: Proving | None) -> tuple[Client, ...]:
    """What the user's package managers are set to, where that may be of use."""
    if not (policy.cool_down or _asks_registries(policy) or proving):
        return ()
    from bomvet.clients import own_clients  # noqa: PLC0415 - rarely asked for

    return own_clients(os.environ, os.path.expanduser("~"), own_file)


def vex_with(path: str, statement: Statement) -> bytes | None:
    """The OpenVEX document of the file `path`, if there is one, with one more statement; None where it says so already.

    Raises `UsageError` where the statement or the file is not valid.
    """
    from bomvet.inputs import with_statement  # noqa: PLC0415 - needed here alone

    try:
        data = content(path, MAX_DOCUMENT_BYTES) if os.path.lexists(path) else b""
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
    documents, _ = read_documents(None, content, files=[path])
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

    scheme, location = split_target(target)
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
        return read_document(content(path, MAX_DOCUMENT_BYTES), name)
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

    if not names_exploitation(policy):  # then nobody is asked about what is in the database
        context = replace(context, kev_url="", epss_url="")
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
