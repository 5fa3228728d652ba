"""The road: open, resolve, enrich, assess.  Nothing flows back, and no plug-in's failure stops another."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from bomvet import __version__
from bomvet.errors import BomvetError
from bomvet.model.facts import Facts
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Inventory,
    Kind,
    RelationKind,
    Relationship,
)
from bomvet.model.purl import project_purl
from bomvet.model.records import dataclass, replace
from bomvet.model.result import Input, PluginStatus, ScanResult, Status, Target
from bomvet.plugin import Check, Context, Enricher, FileTree, Resolver, discover, ordered, readers
from bomvet.reading import Claims, Recorder, Sources, drift_facts, merged, read_one, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bomvet.model.environments import Environment
    from bomvet.model.finding import Finding, Rule
    from bomvet.policy.baseline import Baseline
    from bomvet.policy.document import Policy
    from bomvet.policy.vex import Vex


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the user says of the scanned thing beyond its files: all optional, and stronger than the files.

    `installed`: where packages are installed, they are meant, and not the lock files beside or above them.
    `drift`: where a lock speaks for installed packages, both are read, and the differences are facts.
    `environments`: what is installed in none of these is left out; empty stands for all that the locks are for.
    """

    name: str = ""
    version: str = ""
    author: Contact | None = None
    time: int | None = None
    omit_dev: bool = False
    installed: bool = False
    drift: bool = False
    environments: tuple[Environment, ...] = ()


AS_FOUND = Subject()
#: What a resolver of its ecosystem can be asked about.
_RESOLVABLE = ("pkg:npm/", "pkg:pypi/")
#: Readers of locks that may as well state no version.
_ALSO_MANIFESTS = ("python/requirements",)
#: OSV's name of the ecosystem, which orders go by, by purl type.
_ORDERED = {"pypi": "PyPI", "npm": "npm"}
#: Who is asked for the provenance of what an SBOM lists.
_PROVING = ("provenance", "identities")
#: The end of the year 9999.
_LAST_SECOND = 253_402_300_799


def inspect(tree: FileTree, *, subject: Subject = AS_FOUND, resolvers: Iterable[Resolver] | None = None) -> ScanResult:
    """The inventory of `tree` alone, without judgement: what `bomvet sbom` writes."""
    plugins = readers() if resolvers is None else tuple(resolvers)
    recorder = Recorder(tree)
    claims = Claims(plugins)
    sources = Sources(recorder, claims, installed=subject.installed, drift=subject.drift)
    read, statuses = resolve(recorder, claims, sources)
    inventory = _rooted(merged(recorder, sources, read), tree.name, subject, recorder.inputs)
    if subject.environments:
        inventory = _installed_in(inventory, subject.environments)
    return ScanResult(
        tool=__version__,
        time=_timestamp(subject.time, recorder),
        target=Target(
            kind=getattr(tree, "kind", "dir"),
            name=tree.name,
            inputs=recorder.inputs,
            skipped=tuple(sorted((*(s for s in tree.skipped if claims.of(s.path)), *sources.skipped))),
            omitted=("dev",) if subject.omit_dev else (),
            environments=tuple(map(str, subject.environments)),
        ),
        authors=(subject.author,) if subject.author else (),
        inventory=_without_development(inventory) if subject.omit_dev else inventory,
        facts=drift_facts(sources, read, inventory) if sources.compared else Facts(),
        plugins=statuses,
    )


def scan(
    tree: FileTree,
    policy: Policy,
    context: Context,
    *,
    subject: Subject = AS_FOUND,
    resolvers: Iterable[Resolver] | None = None,
    enrichers: Iterable[Enricher] | None = None,
    checks: Iterable[Check] | None = None,
    vex: Vex | None = None,
    baseline: Baseline | None = None,
) -> ScanResult:
    """Everything: the inventory, what is known of it, and what `policy` makes of that.

    What `vex` answers is set aside first; what `baseline` has does not fail.
    """
    from bomvet.policy.assess import assess  # noqa: PLC0415 - not needed for an SBOM
    from bomvet.policy.score import scores  # noqa: PLC0415 - the same
    from bomvet.policy.vex import NO_VEX, answered  # noqa: PLC0415 - the same

    result = inspect(tree, subject=subject, resolvers=resolvers)
    asked = discover("bomvet.enrichers", Enricher) if enrichers is None else tuple(enrichers)
    judges = discover("bomvet.checks", Check) if checks is None else tuple(checks)
    facts, enriched = _enrich(result.inventory, result.facts, asked, context)
    findings, judged = _judge(result.inventory, facts, [judge for judge in judges if _is_on(judge.rule, policy)])
    today = context.now.date()
    own, ruled = _ruled(policy, result.inventory, facts, today)
    off = [PluginStatus(id=id_, status=Status.OFF, reason="switched off by the policy") for id_ in policy.disable]
    off += [
        PluginStatus(id=rule.id, status=Status.OFF, reason="off unless the policy enables it")
        for rule in (judge.rule for judge in judges)
        if rule.id not in policy.disable and not _is_on(rule, policy)
    ]
    plugins = (*result.plugins, *enriched, *judged, *off, *ruled)
    found = (*_reweighed(findings, policy), *own)
    answers = answered(found, vex or NO_VEX, root=result.inventory.root, today=today)
    assessment = assess(
        answers.open,
        policy,
        inventory=result.inventory,
        facts=facts,
        plugins=plugins,
        today=today,
        baseline=baseline.known(answers.open) if baseline else (),
        scores=scores(result.inventory, facts, [(s.finding.subject, s.finding.instance) for s in answers.suppressed]),
        order=version_key,
    )
    notes = (*assessment.notes, *answers.notes, *(baseline.notes if baseline else ()))
    return replace(
        result,
        facts=facts,
        advisory_data=context.advisories.snapshot if context.advisories else None,
        rules=(*(check.rule for check in judges), *(rule.rule for rule in policy.rules)),
        plugins=plugins,
        assessment=replace(assessment, suppressed=answers.suppressed, stated=answers.stated, notes=notes),
    )


def proved(result: ScanResult, context: Context) -> ScanResult:
    """`result` of `inspect` with who built what, and nothing else of the outside."""
    asked = [enricher for enricher in discover("bomvet.enrichers", Enricher) if enricher.id in _PROVING]
    facts, enriched = _enrich(result.inventory, result.facts, asked, context)
    return replace(result, facts=facts, plugins=(*result.plugins, *enriched))


def version_key(kind: str, version: str) -> object:
    """The place of `version` in the order of its purl type; None where there is no order, or it is no version."""
    from bomvet.versions.orders import ORDERS  # noqa: PLC0415 - not needed otherwise

    order = ORDERS.get(_ORDERED.get(kind, ""))
    return order.key(version) if order else None


def is_read(path: str) -> bool:
    """Whether some resolver reads files of this path."""
    return bool(Claims(readers(), searched=True).of(path))


def unlocked(tree: FileTree) -> Iterator[tuple[str, Inventory]]:
    """Each manifest that asks for packages of which nothing states the version, and what its resolver finds."""
    resolvers = readers()
    claims = Claims(resolvers)
    for path in tree.paths():
        for resolver in claims.of(path):
            found = (
                read_one(tree, path, resolver) if not resolver.locks or resolver.id in _ALSO_MANIFESTS else Inventory()
            )
            if any(not (c.version or "?" in c.purl) and c.purl.startswith(_RESOLVABLE) for c in found.components):
                yield path, found


# -- root ------------------------------------------------------------------------------------------------------


def _rooted(inventory: Inventory, name: str, subject: Subject, inputs: Sequence[Input]) -> Inventory:
    """Give the inventory its root: the one project at the top of the tree, else the tree itself.

    Projects that nothing else contains hang on the root, so that every component is reached from it.
    """
    top = [inventory.root] if inventory.root else [c for c in inventory.components if c.directory == ""]
    found = top[0] if len(top) == 1 else Component(purl="", name=name, kind=Kind.APPLICATION, directory="")
    named = subject.name or found.name
    content = "" if subject.version or found.version else _content_version(inputs)
    version = subject.version or found.version or content
    source = "stated by the user" if subject.version else "digest of the files read" if content else ""
    root = replace(
        found,
        purl=project_purl(named, version, ""),
        name=named,
        version=version,
        properties=(*found.properties, ("bomvet:version-source", source)) if source else found.properties,
    )
    components = tuple(c for c in inventory.components if c is not found)
    edges = [_moved(r, found.purl, root.purl) for r in inventory.relationships]
    edges += _contained(root.purl, [c for c in components if c.first_party], edges)
    named_alike = any(component.purl == root.purl for component in components)
    edges.sort(key=lambda edge: (edge.source, edge.kind, edge.target))
    rooted = replace(inventory, root=root, components=components, relationships=tuple(edges))
    # All else is in canonical form already.
    return Inventory.merge([rooted]) if named_alike else rooted


def _contained(root: str, projects: Sequence[Component], edges: Sequence[Relationship]) -> Iterator[Relationship]:
    """Edges from `root` to the `projects` that it would not reach: tops first, then one of each cycle."""
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        targets[edge.source].append(edge.target)
    asked_for = {edge.target for edge in edges if edge.source != edge.target}
    reached: set[str] = set()
    _reach(root, targets, reached)
    for component in sorted(projects, key=lambda c: (c.purl in asked_for, c.purl)):
        if component.purl not in reached:
            _reach(component.purl, targets, reached)
            yield Relationship(
                source=root,
                target=component.purl,
                kind=RelationKind.CONTAINS,
                evidence=component.locations,
            )


def _reach(start: str, targets: Mapping[str, Sequence[str]], reached: set[str]) -> None:
    """Add `start` and all that it leads to."""
    todo = [start]
    while todo:
        here = todo.pop()
        if here not in reached:
            reached.add(here)
            todo.extend(targets.get(here, ()))


def _moved(edge: Relationship, old: str, new: str) -> Relationship:
    if old == new or old not in (edge.source, edge.target):
        return edge
    return replace(
        edge,
        source=new if edge.source == old else edge.source,
        target=new if edge.target == old else edge.target,
    )


def _content_version(inputs: Sequence[Input]) -> str:
    """What an unversioned project can be told apart by: a digest of what was read of it."""
    if not inputs:
        return ""
    text = "".join(f"{i.path}\0{i.sha256}\n" for i in inputs)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _installed_in(inventory: Inventory, environments: Sequence[Environment]) -> Inventory:
    from bomvet.model.environments import applicable  # noqa: PLC0415 - rarely asked for
    from bomvet.versions.markers import holds  # noqa: PLC0415 - the same

    return applicable(inventory, environments, holds)


def _without_development(inventory: Inventory) -> Inventory:
    """What `--omit dev` leaves: components that only development needs are gone, and their edges.

    What such an edge came from no longer states all its dependencies.
    """
    gone = {c.purl for c in inventory.components if c.scope == "dev"}
    edges = tuple(r for r in inventory.relationships if r.source not in gone and r.target not in gone)
    cut = {r.source for r in inventory.relationships if r.target in gone}

    def left(component: Component) -> Component:
        complete = component.dependencies is Completeness.COMPLETE
        return (
            replace(component, dependencies=Completeness.INCOMPLETE)
            if complete and component.purl in cut
            else component
        )

    return replace(
        inventory,
        root=left(inventory.root) if inventory.root else None,
        components=tuple(left(c) for c in inventory.components if c.purl not in gone),
        relationships=edges,
    )


def _timestamp(stated: int | None, recorder: Recorder) -> str:
    """The stated time, else that of the newest file read, so that the same tree gives the same bytes."""
    newest = max((recorder.modified(i.path) for i in recorder.inputs), default=recorder.modified(""))
    # A file system can hold years that a calendar cannot.
    seconds = min(max(newest if stated is None else stated, 0), _LAST_SECOND)
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- enrich and judge ------------------------------------------------------------------------------------------


def _enrich(
    inventory: Inventory, facts: Facts, enrichers: Iterable[Enricher], context: Context
) -> tuple[Facts, list[PluginStatus]]:
    """`facts` and all others, and how each enricher fared; what one could not do is not known, never clean."""
    statuses: list[PluginStatus] = []
    for enricher in ordered(enrichers):
        unmet = _unmet(enricher, context)
        if unmet:
            statuses.append(PluginStatus(id=enricher.id, status=Status.SKIPPED, reason=unmet))
            continue
        try:
            added = enricher.enrich(inventory, facts, context)
        except BomvetError as error:
            statuses.append(PluginStatus(id=enricher.id, status=Status.FAILED, reason=str(error)))
        except Exception as error:  # noqa: BLE001 - one enricher's defect must not lose the others' facts
            reason = f"internal error ({type(error).__name__}: {error})"
            statuses.append(PluginStatus(id=enricher.id, status=Status.FAILED, reason=reason))
        else:
            facts |= added.facts
            statuses.append(added.status)
    return facts, statuses


def _unmet(enricher: Enricher, context: Context) -> str:
    if enricher.needs.network and context.http is None:
        return "needs the network, and this run is offline"
    if enricher.needs.advisories and context.advisories is None:
        return context.no_advisories
    return ""


def _is_on(rule: Rule, policy: Policy) -> bool:
    return (rule.enabled or rule.id in policy.enable) and rule.id not in policy.disable


def _judge(inventory: Inventory, facts: Facts, checks: Iterable[Check]) -> tuple[list[Finding], list[PluginStatus]]:
    """What every check says of every subject."""
    findings: list[Finding] = []
    statuses: list[PluginStatus] = []
    for check in checks:
        try:
            findings += _findings(check, inventory, facts)
            statuses.append(PluginStatus(id=check.id, status=Status.OK))
        except Exception as error:  # noqa: BLE001 - one check's defect must not lose the others' findings
            reason = f"internal error ({type(error).__name__}: {error})"
            statuses.append(PluginStatus(id=check.id, status=Status.FAILED, reason=reason))
    return findings, statuses


def _findings(check: Check, inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    subjects = (*((inventory.root,) if inventory.root else ()), *inventory.components)
    for component in subjects if check.on_component else ():
        yield from check.on_component(component, facts)  # type: ignore[misc]
    for service in inventory.services if check.on_service else ():
        yield from check.on_service(service, facts)  # type: ignore[misc]


def _ruled(
    policy: Policy, inventory: Inventory, facts: Facts, today: dt.date
) -> tuple[Sequence[Finding], Sequence[PluginStatus]]:
    """What the policy's own rules say."""
    if not policy.rules:
        return (), ()
    from bomvet.policy.rules import run  # noqa: PLC0415 - for those who have rules

    return run(policy.rules, inventory, facts, today)


def _reweighed(findings: Iterable[Finding], policy: Policy) -> Iterator[Finding]:
    """`findings` with the severities that the policy gives to their rules."""
    stated = dict(policy.severities)
    for finding in findings:
        severity = stated.get(finding.rule)
        if severity is None or severity is finding.severity:
            yield finding
        else:
            evidence = (*finding.evidence, f"severity {severity} by the policy, {finding.severity} as built in")
            yield replace(finding, severity=severity, evidence=evidence)
