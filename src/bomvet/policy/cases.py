"""Tests of a policy: made-up findings, and what must become of them.

A case is a table `[[tests]]` with the variables of the policy's expressions as tables; it is judged as a scan would be
whose inventory holds nothing else.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import (
    RANKED,
    AdvisoryAnswer,
    AdvisoryMatch,
    Catalogue,
    Epss,
    Facts,
    Kev,
    Rating,
    Release,
    ReleaseAnswer,
    Severity,
    Standing,
)
from bomvet.model.finding import Assessment, Finding, RiskScore, Verdict
from bomvet.model.inventory import (
    Component,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    Relationship,
    Scope,
    Service,
)
from bomvet.model.provenance import (
    Attestation,
    EvidenceKind,
    IdentityAnswer,
    IdentityChange,
    IdentityField,
    LockedIdentity,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
)
from bomvet.model.purl import npm_purl, project_purl, pypi_purl
from bomvet.model.records import dataclass, replace
from bomvet.model.toml_reader import Reader, named, one_of
from bomvet.policy._toml import parsed
from bomvet.policy.assess import assess
from bomvet.policy.conditions import conditions, written
from bomvet.policy.document import Policy, UnusedWaivers, within
from bomvet.policy.rules import run
from bomvet.policy.variables import SCHEMA
from bomvet.policy.waivers import no_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bomvet.model.toml_lines import Path
    from bomvet.policy.waivers import Order

EXPECTED = ("fail", "warn", "pass", "waived", "incomplete")
MAX_CASES = 10_000
_KEYS = ("name", "expect", "condition", "rule", "today", "catalogues", "score", "finding")
_SUBJECTS = ("component", "advisory", "release", "provenance", "service")
_CATALOGUES = ("kev", "epss")
_PROJECT = project_purl("project", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test: what there is, what must become of it, and by which condition or rule, where that is stated."""

    name: str
    line: int
    expect: str
    condition: str = ""
    rule: str = ""
    today: dt.date | None = None
    inventory: Inventory
    facts: Facts
    findings: tuple[Finding, ...] = ()
    scores: tuple[RiskScore, ...] = ()
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a case; `wrong` says in words how that is not what was expected, empty where it is."""

    case: Case
    was: str
    wrong: str = ""


# -- judging ---------------------------------------------------------------------------------------------------


def judged(case: Case, policy: Policy, today: dt.date, order: Order = no_order) -> Outcome:
    """What `policy` makes of `case`, on the day that it states, else on the day `today`."""
    day = case.today or today
    ran = run(policy.rules, case.inventory, case.facts, day, only=case.subject)
    stated = dict(policy.severities)
    built_in = [
        replace(f, severity=stated.get(f.rule, f.severity)) for f in case.findings if f.rule not in policy.disable
    ]
    assessment = assess(
        (*built_in, *ran.findings),
        # All but one or two waivers are for something else.
        replace(policy, unused_waivers=UnusedWaivers.WARN, require_components=False),
        inventory=case.inventory,
        facts=case.facts,
        plugins=ran.statuses,
        today=day,
        scores=case.scores,
        order=order,
    )
    was = _was(assessment)
    return Outcome(case=case, was=was, wrong=_wrong(case, was, assessment))


def _was(assessment: Assessment) -> str:
    if assessment.verdict is not Verdict.PASSED:
        return "fail" if assessment.verdict is Verdict.FAILED else "incomplete"
    return "warn" if assessment.findings else "waived" if assessment.waived else "pass"


def _wrong(case: Case, was: str, assessment: Assessment) -> str:
    if was != case.expect:
        why = "; ".join((*assessment.not_established, *assessment.conditions.values(), *assessment.reasons)[:3])
        return f"expected {case.expect}, was {was}{f': {why}' if why else ''}"
    refusing = list(assessment.conditions.values())
    if case.condition and case.condition not in refusing:
        return f"expected the condition {case.condition}, was {', '.join(refusing) or 'none'}"
    found = [*assessment.findings, *(waived.finding for waived in assessment.waived)]
    rules = sorted({f.rule for f in found if was != "fail" or f.fingerprint in assessment.failing})
    if case.rule and case.rule not in rules:
        return f"expected the rule {case.rule}, was {', '.join(rules) or 'none'}"
    return ""


# -- reading ---------------------------------------------------------------------------------------------------


def read_cases(text: str, path: str, table: Sequence[str] = (), *, alone: bool = False) -> tuple[Case, ...]:
    """The tests that the document `text` holds in `table`; raises `PolicyFileError` with every error.

    `alone`: nothing else may stand there.
    """
    document = within(parsed(text, path), table)
    reader = _CaseReader(text, tuple(table))
    if alone:
        document = reader.table((), document, ("tests",))
    stated = document.get("tests", []) if isinstance(document, dict) else []
    found = [reader.case(place, item) for place, item in reader.tables(("tests",), stated)[:MAX_CASES]]
    problems = reader.told(path)
    if problems:
        raise problems
    return tuple(case for case in found if case)


class _CaseReader(Reader):
    """Reads tests."""

    def case(self, path: Path, value: Any) -> Case | None:
        before = len(self.problems)
        table = self.table(path, value, (*_KEYS, *_SUBJECTS))
        missing = [key for key in ("name", "expect") if key not in table]
        if missing:
            self.problem(path, f"a test needs name and expect; {', '.join(missing)} is missing")
        readers = {
            "name": self.text,
            "expect": self.converted(one_of(EXPECTED)),
            "condition": self.converted(lambda text: written(conditions(text))),
            "rule": self.text,
            "today": self.date,
        }
        values = {key: read((*path, key), table[key]) for key, read in readers.items() if key in table}
        made = self._made(path, table)
        return Case(line=self.line(path), **values, **made) if len(self.problems) == before else None

    def _made(self, path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
        """What there is in the case."""
        fields = {name: self._fields((*path, name), table[name], name) for name in _SUBJECTS if name in table}
        if "service" in fields and len(fields) > 1:
            self.problem(path, "a test is about a service, or about a component")
        try:
            return _world(fields, self._catalogues(path, table), self._score(path, table), self._finding(path, table))
        except ValueError as error:
            self.problem(path, f"{named(path)}: {error}")
            return {}

    def _fields(self, path: Path, value: Any, variable: str) -> dict[str, Any]:
        schema = {field.name: field.kind for field in SCHEMA[variable]}
        table = self.table(path, value, tuple(schema))
        kinds = {name: "numbers" if name == "cwes" else schema[name] for name in table}
        wrong = [name for name, stated in table.items() if not _is(kinds[name], stated)]
        for name in wrong:
            self.problem((*path, name), f"{named((*path, name))} must be {_KINDS[kinds[name]]}")
        return {name: stated for name, stated in table.items() if name not in wrong}

    def _catalogues(self, path: Path, table: Mapping[str, Any]) -> tuple[str, ...]:
        found = self.texts((*path, "catalogues"), table["catalogues"]) if "catalogues" in table else _CATALOGUES
        wrong = [name for name in found or () if name not in _CATALOGUES]
        if wrong:
            self.problem((*path, "catalogues"), f"{named((*path, 'catalogues'))} may be kev and epss, not {wrong[0]!r}")
        return found or ()

    def _score(self, path: Path, table: Mapping[str, Any]) -> int | None:
        score = table.get("score")
        if score is not None and not (_is("int", score) and 0 <= score <= 100):  # noqa: PLR2004 - the scale
            self.problem((*path, "score"), f"{named((*path, 'score'))} must be a number from 0 to 100")
            return None
        return score

    def _finding(self, path: Path, table: Mapping[str, Any]) -> dict[str, str]:
        if "finding" not in table:
            return {}
        inner = (*path, "finding")
        stated = self.table(inner, table["finding"], ("rule", "severity"))
        texts = {key: self.text((*inner, key), stated[key]) or "" for key in stated}
        if "rule" not in texts:
            self.problem(inner, f"{named(inner)} needs the rule")
        if texts.get("severity"):
            self.converted(one_of(tuple(Severity)))((*inner, "severity"), texts["severity"])
        return texts


_KINDS = {
    "text": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "list": "a list of texts",
    "numbers": "a list of whole numbers",
    "map": "a table of texts",
}


def _is(kind: str, value: Any) -> bool:
    if kind == "list":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "numbers":
        return isinstance(value, list) and all(_is("int", item) for item in value)
    if kind == "map":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    kinds = {"text": str, "bool": bool, "int": int, "double": (int, float)}
    return isinstance(value, kinds[kind]) and (kind == "bool" or not isinstance(value, bool))  # type: ignore[arg-type]


# -- making ----------------------------------------------------------------------------------------------------


def _world(
    fields: Mapping[str, dict[str, Any]], catalogues: Sequence[str], score: int | None, finding: Mapping[str, str]
) -> dict[str, Any]:
    """The inventory, the facts and the findings of a case; raises `ValueError` for what cannot be."""
    if "service" in fields:
        service = _service(fields["service"])
        found = [_built_in(finding, service.ref, service.locations)] if finding else []
        return {
            "inventory": Inventory(services=(service,)),
            "facts": Facts(),
            "findings": tuple(found),
            "subject": service.ref,
        }
    stated = fields.get("component", {})
    component = _component(stated)
    match = _match(fields["advisory"]) if "advisory" in fields else None
    found = [_built_in(finding, component.purl, component.locations)] if finding else []
    return {
        "inventory": Inventory(
            root=Component(purl=_PROJECT, name="project", kind=Kind.APPLICATION, directory=""),
            components=(component,),
            relationships=tuple(_edges(component.purl, stated)),
        ),
        "facts": _facts(component.purl, match, fields, catalogues),
        "findings": (*found, *([_known_vulnerability(component, match)] if match else ())),
        "scores": () if score is None else (RiskScore(subject=component.purl, low=score, high=score),),
        "subject": component.purl,
    }


def _component(stated: Mapping[str, Any]) -> Component:
    name, version, kind = stated.get("name", "example"), stated.get("version", ""), stated.get("type", "pypi")
    makers = {"pypi": pypi_purl, "npm": npm_purl}
    if not name:
        raise ValueError("a component needs a name")
    made = makers[kind](name, version) if kind in makers else f"pkg:{kind}/{name}{f'@{version}' if version else ''}"
    registry = [("bomvet:registry", stated["registry"])] if "registry" in stated else []
    return Component(
        purl=stated.get("purl", made),
        name=name,
        version=version,
        scope=Scope(one_of(tuple(Scope))(stated.get("scope", "required"))),
        directory="example" if stated.get("first_party") else None,
        licences=tuple(Licence(expression=text) for text in stated.get("licences", ())),
        hashes=tuple(map(Hash.parse, stated.get("hashes", ()))),
        locations=tuple(Location(path=path) for path in stated.get("locations", ())),
        properties=(*registry, *sorted(stated.get("properties", {}).items())),
    )


def _edges(purl: str, stated: Mapping[str, Any]) -> list[Relationship]:
    """The project asks for it where it is `direct`, and `dependants` others do."""
    asking = int(bool(stated.get("direct", True)))
    others = max(int(stated.get("dependants", 1)), 1) - asking
    sources = [*([_PROJECT] if asking else ()), *(f"pkg:generic/dependant@{number}" for number in range(others))]
    return [Relationship(source=source, target=purl) for source in sources[:1000]]


def _match(stated: Mapping[str, Any]) -> AdvisoryMatch:
    id_ = stated.get("id", "CVE-2024-1")
    ids = dict.fromkeys((*stated.get("ids", (id_,)), *(("MAL-2024-1",) if stated.get("malicious") else ())))
    kev = Kev(added="2024-01-01", ransomware=bool(stated.get("ransomware")))
    scored = "epss" in stated or "epss_percentile" in stated
    epss = Epss(
        score=float(stated.get("epss", 0)), percentile=float(stated.get("epss_percentile", 0)), date="", model=""
    )
    return AdvisoryMatch(
        id=id_,
        ids=tuple(ids),
        aliases=tuple(stated.get("aliases", ())),
        summary=stated.get("summary", ""),
        rating=_rating(stated),
        fixed=stated.get("fixed", ""),
        clean=stated.get("clean", ""),
        cwes=tuple(stated.get("cwes", ())),
        published=stated.get("published", ""),
        kev=kev if stated.get("kev") or stated.get("ransomware") else None,
        epss=epss if scored else None,
    )


#: The least CVSS score of each level (CVSS v3.1, section 5).
_LEAST = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


def _rating(stated: Mapping[str, Any]) -> Rating:
    score = stated.get("score")
    if "severity" in stated:
        level = Severity(one_of((*map(str, RANKED), "unknown"))(stated["severity"]))
    elif stated.get("malicious"):
        level = Severity.CRITICAL
    elif score is None:
        level = Severity.UNKNOWN
    else:
        level = next((level for least, level in _LEAST if score >= least), Severity.NONE)
    return Rating(severity=level, score=None if score is None else float(score))


def _facts(
    purl: str, match: AdvisoryMatch | None, fields: Mapping[str, dict[str, Any]], catalogues: Sequence[str]
) -> Facts:
    standing = Standing.KNOWN if match else Standing.ABSENT
    release, built = fields.get("release"), fields.get("provenance")
    answers = {purl: AdvisoryAnswer(standing=standing, matches=(match,) if match else ())}
    releases = {purl: ReleaseAnswer(standing=Standing.KNOWN, release=_release(release))} if release is not None else {}
    return Facts(
        advisories=answers,
        releases=releases,
        provenance={} if built is None else {purl: _provenance(built)},
        identities={} if built is None or "changes" not in built else {purl: _changed(purl, built["changes"])},
        catalogues={name: Catalogue(date="", version="", entries=0) for name in catalogues},
    )


def _release(stated: Mapping[str, Any]) -> Release:
    return Release(
        age=stated.get("age_days"),
        yanked=stated.get("yanked", ""),
        deprecated=stated.get("deprecated", ""),
        status=stated.get("status", ""),
        maintainers=tuple(stated.get("maintainers", ())),
        latest=stated.get("latest", ""),
    )


#: A ref of each class.
_REFS = {"tag": "refs/tags/v1", "branch": "refs/heads/main", "pull-request": "refs/pull/1/merge"}


def _provenance(stated: Mapping[str, Any]) -> ProvenanceAnswer:
    """An answer with a piece of verified evidence of each kind; raises `ValueError` for words that there are not."""
    status = ProvenanceStatus(one_of(tuple(ProvenanceStatus))(stated.get("status", ProvenanceStatus.VERIFIED)))
    proved = status in (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH)
    kinds = map(one_of(tuple(EvidenceKind)), stated.get("kinds", (EvidenceKind.SLSA,) if proved else ()))
    ref = stated.get("ref", "")
    if "ref_class" in stated:
        ref = ref or _REFS[one_of(tuple(_REFS))(stated["ref_class"])]
    texts = {key: stated.get(key, "") for key in ("repository", "owner", "workflow", "trigger", "runner", "commit")}
    made = Attestation(
        kind=EvidenceKind.SLSA,
        status=status if proved else ProvenanceStatus.VERIFIED,
        identity=PublisherIdentity(issuer=stated.get("issuer", ""), subject="", ref=ref, **texts),
        strength=LogStrength(one_of(tuple(LogStrength))(stated.get("log", LogStrength.PROOF))),
        level=stated.get("slsa", ""),
    )
    level = one_of(tuple(PublishLevel))(stated["level"]) if "level" in stated else ""
    return ProvenanceAnswer(
        status=status,
        attestations=tuple(replace(made, kind=EvidenceKind(kind)) for kind in kinds),
        required=True,
        reason="the test says so",
        files=stated.get("files", 1),
        attested=stated.get("attested_files", int(proved)),
        declared=tuple(stated.get("declared", ())),
        level=PublishLevel(level) if level else None,
    )


def _changed(purl: str, fields: Sequence[str]) -> IdentityAnswer:
    names = map(one_of(tuple(IdentityField)), fields)
    return IdentityAnswer(
        expected=LockedIdentity(purl=purl, issuer=""),
        source="",
        location=Location(path=""),
        changes=tuple(IdentityChange(what=IdentityField(name), before="", after="") for name in names),
    )


def _service(stated: Mapping[str, Any]) -> Service:
    provider, name = stated.get("provider", "example"), stated.get("name", "example")
    return Service(
        ref=stated.get("ref", f"svc:{provider}/{name}"),
        provider=provider,
        name=name,
        endpoints=tuple(stated.get("endpoints", ())),
        authenticated=stated.get("authenticated"),
        trust_boundary=stated.get("trust_boundary"),
        settings=tuple(sorted(stated.get("settings", {}).items())),
        locations=tuple(Location(path=path) for path in stated.get("locations", ())),
    )


def _known_vulnerability(component: Component, match: AdvisoryMatch) -> Finding:
    return Finding(
        rule="malicious-package" if match.malicious else "known-vulnerability",
        subject=component.purl,
        severity=match.rating.severity,
        message=match.summary,
        instance=match.id,
        ids=tuple(sorted({match.id, *match.ids, *match.aliases})),
        locations=component.locations,
    )


def _built_in(stated: Mapping[str, str], subject: str, locations: tuple[Location, ...]) -> Finding:
    return Finding(
        rule=stated.get("rule", ""),
        subject=subject,
        severity=Severity(stated.get("severity") or "medium"),
        message="",
        locations=locations,
    )
