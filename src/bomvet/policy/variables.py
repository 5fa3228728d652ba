"""What the expressions of a policy may ask: the variables, their fields, and the values of these.

A field whose value nobody has established is not there at all: to ask for it is an error, which leaves the question
open, and never an answer.  `has(release.age_days)` tells whether it is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import AdvisoryMatch, Facts, Release, ReleaseAnswer, Severity, Standing
from bomvet.model.provenance import ProvenanceStatus
from bomvet.model.publishing import signed, signers, slsa_level, weakest_log
from bomvet.model.purl import parts
from bomvet.model.records import dataclass
from bomvet.policy._reach import direct

if TYPE_CHECKING:
    from bomvet.model.inventory import Component, Inventory, Service
    from bomvet.model.provenance import IdentityAnswer, ProvenanceAnswer, PublisherIdentity

#: Longer lists are not looked at: an expression may walk each of them for each member of another.
MAX_LIST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its type in the words of the reference, what it says, and how to get it, None where not known."""

    name: str
    kind: str
    text: str
    value: Callable[[Any, Known], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the whole inventory, to be looked up for one subject."""

    direct: frozenset[str]
    dependants: Mapping[str, int]
    catalogues: frozenset[str]
    today: dt.date

    @classmethod
    def of(cls, inventory: Inventory, facts: Facts, today: dt.date) -> Known:
        """Gathered once for all subjects."""
        sources: dict[str, set[str]] = {}
        for edge in inventory.relationships:
            sources.setdefault(edge.target, set()).add(edge.source)
        return cls(
            direct=direct(inventory),
            dependants={ref: len(found) for ref, found in sources.items()},
            catalogues=frozenset(name for name, found in facts.catalogues.items() if not found.stale),
            today=today,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one evaluation is about; variables of which there is nothing are empty."""

    ref: str
    component: Component | None = None
    match: AdvisoryMatch | None = None
    release: ReleaseAnswer | None = None
    provenance: ProvenanceAnswer | None = None
    identity: IdentityAnswer | None = None
    service: Service | None = None


def _hashes(component: Component) -> list[str]:
    of_files = (hash_ for file in component.distributions for hash_ in file.hashes)
    return sorted({f"{hash_.algorithm}:{hash_.value}" for hash_ in (*component.hashes, *of_files)})


def _registry(component: Component) -> str | None:
    return next((value for name, value in component.properties if name == "bomvet:registry"), None)


def _licences(component: Component) -> list[str] | None:
    return [licence.expression or licence.name for licence in component.licences] or None


_COMPONENT = (
    Field(name="name", kind="text", text="as the ecosystem writes it", value=lambda c, _: c.name),
    Field(name="version", kind="text", text="not there where nothing states it", value=lambda c, _: c.version or None),
    Field(name="purl", kind="text", text="the identity", value=lambda c, _: c.purl),
    Field(name="type", kind="text", text="the purl's: `pypi`, `npm`, `generic`", value=lambda c, _: parts(c.purl).type),
    Field(name="scope", kind="text", text="`required`, `optional` or `dev`", value=lambda c, _: str(c.scope)),
    Field(
        name="direct",
        kind="bool",
        text="whether the project itself asks for it",
        value=lambda c, known: c.purl in known.direct,
    ),
    Field(
        name="first_party", kind="bool", text="whether it is a project of the tree", value=lambda c, _: c.first_party
    ),
    Field(
        name="licences",
        kind="list",
        text="SPDX expressions or names; not there where none is stated",
        value=lambda c, _: _licences(c),
    ),
    Field(name="hashes", kind="list", text="`sha256:…`, of it and of its files", value=lambda c, _: _hashes(c)),
    Field(
        name="registry",
        kind="text",
        text="the URL; not there where the input states none",
        value=lambda c, _: _registry(c),
    ),
    Field(name="properties", kind="map", text="as in the SBOM", value=lambda c, _: dict(c.properties)),
    Field(
        name="locations",
        kind="list",
        text="paths of the files that state it",
        value=lambda c, _: sorted({place.path for place in c.locations}),
    ),
    Field(
        name="dependants",
        kind="int",
        text="how many others ask for it",
        value=lambda c, known: known.dependants.get(c.purl, 0),
    ),
)


def _severity(match: AdvisoryMatch, _: Known) -> str | None:
    return None if match.rating.severity is Severity.UNKNOWN else str(match.rating.severity)


def _epss(name: str) -> Callable[[AdvisoryMatch, Known], float | None]:
    def value(match: AdvisoryMatch, known: Known) -> float | None:
        if "epss" not in known.catalogues and match.cves:
            return None
        return float(getattr(match.epss, name)) if match.epss else 0.0

    return value


def _of_kev(test: Callable[[AdvisoryMatch], bool]) -> Callable[[AdvisoryMatch, Known], bool | None]:
    # Catalogues are of CVEs: without one there is nothing to look up.
    return lambda match, known: test(match) if "kev" in known.catalogues or not match.cves else None


def _age(match: AdvisoryMatch, known: Known) -> int | None:
    try:
        return (known.today - dt.date.fromisoformat(match.published[:10])).days
    except ValueError:
        return None


_ADVISORY = (
    Field(name="id", kind="text", text="the name to show: a CVE before others", value=lambda m, _: m.id),
    Field(name="ids", kind="list", text="every record that matched", value=lambda m, _: list(m.ids)),
    Field(name="aliases", kind="list", text="every further name", value=lambda m, _: list(m.aliases)),
    Field(name="severity", kind="text", text="`critical` to `none`; not there where unknown", value=_severity),
    Field(name="score", kind="double", text="CVSS; not there without one", value=lambda m, _: m.rating.score),
    Field(
        name="kev",
        kind="bool",
        text="exploited by CISA's word; not there without the catalogue",
        value=_of_kev(lambda match: match.kev is not None),
    ),
    Field(
        name="ransomware",
        kind="bool",
        text="used by ransomware, by the same word",
        value=_of_kev(lambda match: match.kev is not None and match.kev.ransomware),
    ),
    Field(
        name="epss",
        kind="double",
        text="0 to 1, 0 without an entry; not there without the catalogue",
        value=_epss("score"),
    ),
    Field(name="epss_percentile", kind="double", text="0 to 1, likewise", value=_epss("percentile")),
    Field(name="fixed", kind="text", text="least fixed version, empty where none is known", value=lambda m, _: m.fixed),
    Field(name="clean", kind="text", text="least version without advisories, or empty", value=lambda m, _: m.clean),
    Field(name="malicious", kind="bool", text="a record of malicious packages", value=lambda m, _: m.malicious),
    Field(
        name="published",
        kind="text",
        text="RFC 3339; not there where not stated",
        value=lambda m, _: m.published or None,
    ),
    Field(name="age_days", kind="int", text="full days since then; likewise", value=_age),
    Field(name="cwes", kind="list", text="numbers of weaknesses", value=lambda m, _: list(m.cwes)),
    Field(name="summary", kind="text", text="one line", value=lambda m, _: m.summary),
)


def _stated(value: Callable[[Release], Any]) -> Callable[[ReleaseAnswer, Known], Any]:
    """A field of the release; what is empty says nothing."""
    return lambda answer, _: (value(answer.release) or None) if answer.release else None


def _settled(value: Callable[[Release], str]) -> Callable[[ReleaseAnswer, Known], str | None]:
    """A field of which the empty text is an answer too, where all was asked."""

    def found(answer: ReleaseAnswer, _: Known) -> str | None:
        text = value(answer.release) if answer.release else ""
        asked = answer.standing is Standing.KNOWN and not answer.reason
        return text if text or (asked and answer.release) else None

    return found


_RELEASE = (
    Field(
        name="age_days",
        kind="int",
        text="full days since its first file was uploaded",
        value=lambda answer, _: answer.release.age if answer.release else None,
    ),
    Field(
        name="yanked",
        kind="text",
        text="the maintainers' words, `-` without any, empty where it is not",
        value=_settled(lambda release: release.yanked),
    ),
    Field(name="deprecated", kind="text", text="likewise", value=_settled(lambda release: release.deprecated)),
    Field(
        name="status",
        kind="text",
        text="`active`, `archived`, `quarantined`, `deprecated`",
        value=_stated(lambda release: release.status),
    ),
    Field(
        name="maintainers",
        kind="list",
        text="names, where the registry gives them",
        value=_stated(lambda release: list(release.maintainers)),
    ),
    Field(
        name="latest", kind="text", text="newest version of the project", value=_stated(lambda release: release.latest)
    ),
)


def _status(subject: Subject, _: Known) -> str:
    """The one field that is always there: it tells whether the others can be."""
    return str(subject.provenance.status if subject.provenance else ProvenanceStatus.NOT_ESTABLISHED)


def _answered(value: Callable[[ProvenanceAnswer], Any]) -> Callable[[Subject, Known], Any]:
    """A field of which what is empty is an answer too, where the evidence is established and passed."""

    def found(subject: Subject, _: Known) -> Any:
        answer = subject.provenance
        return value(answer) if answer and answer.status in _DEFINITE else None

    return found


#: Where more could be known, or what is known was refused, nothing is said of who signed.
_DEFINITE = (ProvenanceStatus.VERIFIED, ProvenanceStatus.IDENTITY_MISMATCH, ProvenanceStatus.ABSENT)


def _signer(value: Callable[[PublisherIdentity], str]) -> Callable[[Subject, Known], str | None]:
    """A field of the certificates, empty without any; not there where they disagree, so that none is passed over."""

    def found(answer: ProvenanceAnswer) -> str | None:
        said = {value(signer) for signer in signers(answer)} or {""}
        return said.pop() if len(said) == 1 else None

    return _answered(found)


def _changes(subject: Subject, _: Known) -> list[str] | None:
    if not subject.provenance or subject.provenance.status not in _DEFINITE:
        return None
    return sorted({change.what.value for change in subject.identity.changes} if subject.identity else ())


def _of_answer(value: Callable[[ProvenanceAnswer], Any]) -> Callable[[Subject, Known], Any]:
    """A field that is as good as the answer; what is empty says nothing."""
    return lambda subject, _: (value(subject.provenance) or None) if subject.provenance else None


_PROVENANCE = (
    Field(
        name="status",
        kind="text",
        text="`verified`, `identity-mismatch`, `invalid`, `unsupported`, `absent`, `not-established`; always there",
        value=_status,
    ),
    Field(
        name="kinds",
        kind="list",
        text="of verified evidence: `slsa-provenance`, `pypi-publish`, `npm-publish`, `npm-signature`, `signature`, …",
        value=_answered(lambda answer: sorted({a.kind.value for a in answer.verified})),
    ),
    Field(
        name="issuer",
        kind="text",
        text="who vouches for the identity, by the certificate; likewise the next; not there where several disagree",
        value=_signer(lambda signer: signer.issuer),
    ),
    Field(
        name="repository",
        kind="text",
        text="the URL of what it was built from; empty without evidence, or where that names none",
        value=_signer(lambda signer: signer.repository),
    ),
    Field(name="owner", kind="text", text="the URL of its owner", value=_signer(lambda signer: signer.owner)),
    Field(
        name="workflow", kind="text", text="the path in the repository", value=_signer(lambda signer: signer.workflow)
    ),
    Field(name="ref", kind="text", text="`refs/tags/v1.0`", value=_signer(lambda signer: signer.ref)),
    Field(
        name="ref_class",
        kind="text",
        text="`tag`, `branch`, `pull-request`",
        value=_signer(lambda signer: signer.ref_class),
    ),
    Field(name="trigger", kind="text", text="`push`, `release`, …", value=_signer(lambda signer: signer.trigger)),
    Field(
        name="runner",
        kind="text",
        text="`github-hosted`, `self-hosted`",
        value=_signer(lambda signer: signer.runner),
    ),
    Field(name="commit", kind="text", text="its hash", value=_signer(lambda signer: signer.commit)),
    Field(
        name="level",
        kind="text",
        text="how it was published: `none`, `provenance`, `trusted-publisher`, `staged-publish`",
        value=_of_answer(lambda answer: str(answer.level) if answer.level else ""),
    ),
    Field(
        name="slsa",
        kind="text",
        text="what the provenance of all its files is consistent with: `SLSA Build L2`; empty where one has none",
        value=_answered(slsa_level),
    ),
    Field(
        name="log",
        kind="text",
        text="how the log vouches for all of it: `proof`, `promise`, `none`",
        value=_answered(lambda answer: str(weakest_log(signed(answer)))),
    ),
    Field(
        name="attested_files",
        kind="int",
        text="how many of the locked files have verified evidence",
        value=_answered(lambda answer: answer.attested),
    ),
    Field(name="files", kind="int", text="how many locked files", value=_of_answer(lambda answer: answer.files)),
    Field(
        name="changes",
        kind="list",
        text="what is not as the identity lock has it: `repository`, `trigger`, …; empty without an entry",
        value=_changes,
    ),
    Field(
        name="declared",
        kind="list",
        text="the repositories that the package declares, where it does",
        value=_of_answer(lambda answer: list(answer.declared)),
    ),
)

_SERVICE = (
    Field(name="ref", kind="text", text="the identity: `svc:PROVIDER/SERVICE`", value=lambda s, _: s.ref),
    Field(name="provider", kind="text", text="who runs it", value=lambda s, _: s.provider),
    Field(name="name", kind="text", text="what it is called", value=lambda s, _: s.name),
    Field(name="endpoints", kind="list", text="URLs", value=lambda s, _: list(s.endpoints)),
    Field(name="authenticated", kind="bool", text="not there where not known", value=lambda s, _: s.authenticated),
    Field(
        name="trust_boundary",
        kind="bool",
        text="whether data leaves the own zone; likewise",
        value=lambda s, _: s.trust_boundary,
    ),
    Field(name="settings", kind="map", text="as they are stated", value=lambda s, _: dict(s.settings)),
    Field(
        name="locations",
        kind="list",
        text="paths of the files that state it",
        value=lambda s, _: sorted({place.path for place in s.locations}),
    ),
)

#: Every variable with its fields, in the order of the reference.
SCHEMA: Mapping[str, tuple[Field, ...]] = {
    "component": _COMPONENT,
    "advisory": _ADVISORY,
    "release": _RELEASE,
    "provenance": _PROVENANCE,
    "service": _SERVICE,
}
#: What a rule may be about, and the variables that it has then.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "component": ("component", "release", "provenance"),
    "advisory": ("component", "advisory", "release", "provenance"),
    "release": ("component", "release", "provenance"),
    "service": ("service",),
}
_NO_RELEASE = ReleaseAnswer(standing=Standing.NOT_ESTABLISHED)


def values(subject: Subject, known: Known, wanted: Mapping[str, frozenset[str]]) -> dict[str, dict[str, Any]]:
    """The variables of `subject`: of each the `wanted` fields, as far as they are established."""
    records = {
        "component": subject.component,
        "advisory": subject.match,
        "release": subject.release or _NO_RELEASE,
        "provenance": subject,
        "service": subject.service,
    }
    return {
        name: {
            field.name: value
            for field in SCHEMA[name]
            if field.name in fields and _fits(value := field.value(records[name], known))
        }
        for name, fields in wanted.items()
    }


def _fits(value: Any) -> bool:
    return value is not None and not (isinstance(value, (list, dict)) and len(value) > MAX_LIST)


#: A value per kind, of two subjects that differ in all: what a mistake in an expression shows on.
_SAMPLES: tuple[Mapping[str, Any], ...] = (
    {"text": "x", "bool": True, "int": 1, "double": 0.5, "list": ["x"], "map": {"x": "x"}},
    {"text": "", "bool": False, "int": 0, "double": 0.0, "list": [], "map": {}},
)


def samples(variables: tuple[str, ...]) -> list[dict[str, dict[str, Any]]]:
    """Made-up subjects with all fields of `variables`."""
    return [
        {name: {field.name: _sample(field, kinds) for field in SCHEMA[name]} for name in variables}
        for kinds in _SAMPLES
    ]


def _sample(field: Field, kinds: Mapping[str, Any]) -> Any:
    value = kinds[field.kind]
    return [79] if field.name == "cwes" and value else value
