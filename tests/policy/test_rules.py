"""The policy's own rules at work: findings, and what stays open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bomvet.model.facts import (
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
from bomvet.model.finding import Finding, Rule
from bomvet.model.inventory import (
    Component,
    Distribution,
    Hash,
    Inventory,
    Licence,
    Location,
    Relationship,
    Scope,
    Service,
)
from bomvet.model.provenance import (
    EvidenceKind,
    IdentityChange,
    IdentityField,
    LogStrength,
    ProvenanceAnswer,
    ProvenanceStatus,
    PublisherIdentity,
    PublishLevel,
    Step,
)
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, Status
from bomvet.policy.expressions import compiled
from bomvet.policy.rules import CustomRule, Ran, run
from bomvet.policy.variables import MAX_LIST
from tests.checks.component.provenance import (
    IDENTITY,
    SIGNATURE,
    SLSA,
    absent,
    answer,
    identity,
    invalid,
    refusal,
    verified,
)

TODAY = dt.date(2026, 11, 24)
ROOT = Component(purl="pkg:generic/shop", name="shop", directory="")
FULL = Component(
    purl="pkg:npm/%40acme/a@1.0",
    name="@acme/a",
    version="1.0",
    scope=Scope.OPTIONAL,
    licences=(Licence(expression="MIT"), Licence(name="Own words")),
    hashes=(Hash(algorithm="sha1", value="0" * 40),),
    distributions=(Distribution(url="https://a.example/a", hashes=(Hash(algorithm="md5", value="1" * 32),)),),
    locations=(Location(path="b/package-lock.json", line=3), Location(path="a/package-lock.json", line=9)),
    properties=(("bomvet:registry", "https://npm.packages.example"), ("x", "y")),
)
BARE = Component(purl="pkg:pypi/b", name="b", locations=(Location(path="requirements.txt", line=2),))
SERVICE = Service(
    ref="svc:aws/s3",
    provider="aws",
    name="s3",
    endpoints=("https://s3.example",),
    authenticated=False,
    settings=(("acl", "public"),),
    locations=(Location(path="main.tf", line=4),),
)
INVENTORY = Inventory(
    root=ROOT,
    components=(FULL, BARE),
    services=(SERVICE, Service(ref="svc:x/y", provider="x", name="y")),
    relationships=(
        Relationship(source=ROOT.purl, target=FULL.purl),
        Relationship(source=BARE.purl, target=FULL.purl),
        Relationship(source=FULL.purl, target=BARE.purl),
    ),
)
MATCH = AdvisoryMatch(
    id="CVE-1",
    ids=("GHSA-1",),
    aliases=("PYSEC-1",),
    summary="bad",
    rating=Rating(severity=Severity.HIGH, score=7.5),
    fixed="1.1",
    clean="1.2",
    cwes=(79,),
    published="2026-11-01T00:00:00Z",
    kev=Kev(added="2026-11-02", ransomware=True),
    epss=Epss(score=0.5, percentile=0.9, date="2026-11-23", model="v4"),
)
UNRATED = AdvisoryMatch(id="CVE-2", ids=("CVE-2",), rating=Rating(severity=Severity.UNKNOWN))
CATALOGUES = {name: Catalogue(date="2026-11-23", version="1", entries=1) for name in ("kev", "epss")}
FACTS = Facts(
    advisories={FULL.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(MATCH, UNRATED))},
    releases={
        FULL.purl: ReleaseAnswer(
            standing=Standing.KNOWN,
            release=Release(age=3, status="active", maintainers=("ada",), latest="1.2"),
            source="npm.packages.example",
        )
    },
    catalogues=CATALOGUES,
)


def rule(when: str, on: str = "component", **values: Any) -> CustomRule:
    """A rule called `own`."""
    return CustomRule(id="own", when=compiled(when, on), on=on, **values)


def ran(when: str, on: str = "component", facts: Facts = FACTS, inventory: Inventory = INVENTORY) -> Ran:
    """What one rule finds."""
    return run([rule(when, on)], inventory, facts, TODAY)


def found(when: str, on: str = "component", facts: Facts = FACTS) -> list[str]:
    """The subjects that one rule finds, and how it fared where that was not well."""
    findings, statuses = ran(when, on, facts)
    return [*(f.subject for f in findings), *(s.reason for s in statuses if s.reason)]


def test_a_finding() -> None:
    """It has the subject's places, the rule's words, and the expression for evidence."""
    own = rule(
        "component.name ==\n 'b'", severity=Severity.LOW, message="No b", help="Because.", remediation="Use c.", line=7
    )

    assert run([own], INVENTORY, FACTS, TODAY) == Ran(
        (
            Finding(
                rule="own",
                subject="pkg:pypi/b",
                severity=Severity.LOW,
                message="b: No b",
                locations=(Location(path="requirements.txt", line=2),),
                evidence=("rule of the policy: component.name == 'b'",),
                remediation="Use c.",
            ),
        ),
        (PluginStatus(id="own", status=Status.OK),),
    )
    assert own.rule == Rule(id="own", title="No b", help="Because.")


def test_a_rule_without_words() -> None:
    """The expression speaks for it."""
    own = rule("component.name == 'b'")

    assert own.rule == Rule(
        id="own", title="The policy's rule own", help="A rule of the policy file: component.name == 'b'"
    )
    assert [f.message for f in ran("component.name == 'b'").findings] == ["b: the rule own of the policy is true"]


def test_a_rule_about_advisories() -> None:
    """One finding per advisory, by all of whose names a waiver may call it."""
    (finding,) = ran("advisory.id == 'CVE-1' && component.direct", "advisory").findings

    assert (finding.subject, finding.instance, finding.ids) == (FULL.purl, "CVE-1", ("CVE-1", "GHSA-1", "PYSEC-1"))
    assert finding.message == "@acme/a@1.0, CVE-1: the rule own of the policy is true"


def test_a_rule_about_services() -> None:
    """A service is found by its reference."""
    (finding,) = ran("service.settings.exists(k, service.settings[k] == 'public')", "service").findings

    assert (finding.subject, finding.message, finding.locations) == (
        "svc:aws/s3",
        "s3: the rule own of the policy is true",
        SERVICE.locations,
    )


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("component.version == '1.0'", "component"),
        ("component.purl == 'pkg:npm/%40acme/a@1.0'", "component"),
        ("component.type == 'npm'", "component"),
        ("component.scope == 'optional'", "component"),
        ("component.direct", "component"),
        ("!component.first_party && component.dependants == 2", "component"),
        ("component.licences == ['MIT', 'Own words']", "component"),
        ("component.hashes.exists(h, h.startsWith('md5:')) && component.hashes.size() == 2", "component"),
        ("component.registry.contains('npm.packages')", "component"),
        ("component.properties.exists(k, k == 'x') && component.properties['x'] == 'y'", "component"),
        ("component.locations == ['a/package-lock.json', 'b/package-lock.json']", "component"),
        ("release.age_days == 3", "component"),
        ("release.yanked == '' && release.deprecated == ''", "component"),
        ("release.status == 'active' && release.latest == '1.2'", "component"),
        ("release.maintainers == ['ada']", "release"),
        ("provenance.status == 'not-established' && component.direct", "release"),
        ("advisory.ids == ['GHSA-1'] && advisory.aliases == ['PYSEC-1']", "advisory"),
        ("advisory.severity == 'high' && advisory.score > 7.0", "advisory"),
        ("advisory.kev && advisory.ransomware", "advisory"),
        ("advisory.epss == 0.5 && advisory.epss_percentile == 0.9", "advisory"),
        ("advisory.fixed == '1.1' && advisory.clean == '1.2'", "advisory"),
        ("!advisory.malicious && 79 in advisory.cwes && advisory.summary == 'bad'", "advisory"),
        ("advisory.published.startsWith('2026') && advisory.age_days == 23", "advisory"),
        ("release.age_days < 4 && component.direct && advisory.id == 'CVE-1'", "advisory"),
    ],
)
def test_fields(when: str, on: str) -> None:
    """Every field has the value that the model has."""
    assert FULL.purl in [finding.subject for finding in ran(when, on).findings]


OTHER = replace(SLSA, identity=replace(IDENTITY, repository="https://github.com/mallory/left-pad"), bundle="11" * 32)
#: Of another file of the release.
WHEEL = replace(SLSA, digest=Hash(algorithm="sha256", value="22" * 32), bundle="22" * 32)
PROMISED = replace(WHEEL, strength=LogStrength.PROMISE, level="SLSA Build L1")
PUBLISHED = replace(SLSA, kind=EvidenceKind.NPM_PUBLISH, identity=None, level="", strength=LogStrength.PROOF)
PLAIN = replace(SLSA, identity=PublisherIdentity(issuer="https://accounts.example", subject="a@b.example"))


@pytest.mark.parametrize(
    ("answer", "when"),
    [
        (None, "provenance.status == 'not-established'"),
        (verified(), "provenance.status == 'verified' && provenance.repository.startsWith('https://github.com/acme/')"),
        (verified(SLSA, SIGNATURE), "provenance.kinds == ['npm-signature', 'slsa-provenance']"),
        (verified(), "provenance.issuer.endsWith('githubusercontent.com') && provenance.owner.endsWith('/acme')"),
        (verified(), "provenance.workflow == '.github/workflows/release.yml' && provenance.trigger == 'push'"),
        (verified(), "provenance.ref == 'refs/tags/v1.3.1' && provenance.ref_class == 'tag'"),
        (verified(), "provenance.runner == 'github-hosted' && provenance.commit == 'c0ffee'"),
        (verified(level=PublishLevel.STAGED), "provenance.level == 'staged-publish'"),
        (verified(SLSA, PROMISED), "provenance.slsa == 'SLSA Build L1' && provenance.log == 'promise'"),
        (verified(SLSA, replace(PROMISED, digest=SLSA.digest)), "provenance.slsa == 'SLSA Build L2'"),
        (verified(SLSA, replace(WHEEL, kind=EvidenceKind.PYPI_PUBLISH)), "provenance.slsa == ''"),
        (verified(SLSA, files=2, attested=1), "provenance.slsa == ''"),
        (verified(SLSA, replace(SLSA, contradictions=("the commit",))), "provenance.slsa == ''"),
        (verified(replace(SLSA, digest=None)), "provenance.slsa == 'SLSA Build L2'"),
        (verified(SLSA, PUBLISHED), "provenance.slsa == 'SLSA Build L2' && provenance.log == 'proof'"),
        (verified(SIGNATURE), "provenance.log == 'none' && provenance.slsa == '' && provenance.repository == ''"),
        (verified(PLAIN), "provenance.repository == '' && provenance.ref_class == ''"),
        (absent(files=4), "provenance.status == 'absent' && provenance.kinds == [] && provenance.repository == ''"),
        (absent(files=4), "provenance.attested_files == 0 && provenance.files == 4"),
        (verified(declared=("https://git.example/a",)), "provenance.declared == ['https://git.example/a']"),
        (verified(), "provenance.changes == []"),
        (verified(SLSA, OTHER), "provenance.owner.endsWith('/acme') && !has(provenance.repository)"),
        (answer(ProvenanceStatus.NOT_ESTABLISHED), "provenance.status == 'not-established' && provenance.files == 1"),
        (invalid(refusal(Step.LOG)), "provenance.status == 'invalid'"),
    ],
)
def test_fields_of_provenance(answer: ProvenanceAnswer | None, when: str) -> None:
    """Every field has the value that the model has; what is established to be nothing is empty."""
    facts = Facts(provenance={FULL.purl: answer} if answer else {})

    assert FULL.purl in [finding.subject for finding in ran(when, "component", facts).findings]


@pytest.mark.parametrize(
    "name", ["kinds", "issuer", "repository", "trigger", "slsa", "log", "attested_files", "changes"]
)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        answer(ProvenanceStatus.NOT_ESTABLISHED, SLSA),
        answer(ProvenanceStatus.UNSUPPORTED),
        invalid(SLSA, refusal(Step.LOG)),
    ],
)
def test_provenance_that_is_not_established(answer: ProvenanceAnswer | None, name: str) -> None:
    """It is not there, whatever part of it verified: no rule may take it for an answer."""
    facts = Facts(provenance={FULL.purl: answer} if answer else {})

    assert FULL.purl in found(f"!has(provenance.{name})", "component", facts)
    assert found(f"provenance.{name} == provenance.{name} && component.name == '@acme/a'", "release", facts) == [
        f"cannot be decided for {FULL.purl}: provenance.{name} is not established"
    ]


def test_what_is_not_as_it_is_locked() -> None:
    """The names of the fields that changed."""
    changes = (
        IdentityChange(what=IdentityField.TRIGGER, before="push", after="schedule"),
        IdentityChange(what=IdentityField.OWNER, before="a", after="b"),
    )
    facts = Facts(provenance={FULL.purl: verified()}, identities={FULL.purl: identity(*changes)})

    assert found("provenance.changes == ['owner', 'trigger']", "release", facts) == [
        FULL.purl,
        "cannot be decided for pkg:pypi/b: provenance.changes is not established",
    ]


@pytest.mark.parametrize(
    "when",
    [
        "service.provider == 'aws' && service.name == 's3' && service.ref == 'svc:aws/s3'",
        "service.endpoints == ['https://s3.example'] && service.locations == ['main.tf']",
        "service.provider == 'aws' && !service.authenticated && !has(service.trust_boundary)",
    ],
)
def test_fields_of_services(when: str) -> None:
    """Every field has the value that the model has."""
    assert found(when, "service") == ["svc:aws/s3"]


@pytest.mark.parametrize(
    ("when", "on", "what"),
    [
        ("component.version == '0'", "component", "pkg:generic/shop and 1 more: component.version"),
        ("component.licences == []", "component", "pkg:generic/shop and 1 more: component.licences"),
        ("component.registry == ''", "component", "pkg:generic/shop and 1 more: component.registry"),
        ("advisory.severity == 'low'", "advisory", "CVE-2 of pkg:npm/%40acme/a@1.0: advisory.severity"),
        ("advisory.score > 9", "advisory", "CVE-2 of pkg:npm/%40acme/a@1.0: advisory.score"),
        ("advisory.age_days > 99", "advisory", "CVE-2 of pkg:npm/%40acme/a@1.0: advisory.age_days"),
        ("advisory.published == ''", "advisory", "CVE-2 of pkg:npm/%40acme/a@1.0: advisory.published"),
        ("service.authenticated", "service", "svc:x/y: service.authenticated"),
        ("service.trust_boundary", "service", "svc:aws/s3 and 1 more: service.trust_boundary"),
    ],
)
def test_what_is_not_established_is_open(when: str, on: str, what: str) -> None:
    """It is neither true nor false, and the question stays with all subjects of which it is so."""
    assert found(when, on) == [f"cannot be decided for {what} is not established"]


ASK = " (ask-registries = true has the registries asked)"


@pytest.mark.parametrize("field", ["age_days > 9", "yanked != ''", "deprecated != ''", "status == 'x'", "latest == ''"])
def test_what_the_registries_would_tell(field: str) -> None:
    """The reader learns how to have them asked."""
    name = field.partition(" ")[0]
    facts = Facts()

    assert found(f"release.{field}", "release", facts) == [
        f"cannot be decided for pkg:npm/%40acme/a@1.0 and 1 more: release.{name} is not established{ASK}"
    ]


def test_what_else_decides_closes_the_question() -> None:
    """An absent field does no harm where the rest is enough, or where its absence is what is asked."""
    assert found("component.name == 'zz' && component.version == '0'") == []
    assert found("component.name == 'b' || component.version == '1.0'") == [
        FULL.purl,
        BARE.purl,
        "cannot be decided for pkg:generic/shop: component.version is not established",
    ]
    assert found("!has(component.licences) && !component.first_party") == [BARE.purl]


def test_catalogues() -> None:
    """Without a catalogue nobody knows; what it does not have, or has no CVE, is not known to be exploited."""
    without = Facts(advisories=FACTS.advisories)
    stale = {name: replace(entry, stale=True) for name, entry in FACTS.catalogues.items()}

    assert found("advisory.kev", "advisory", replace(FACTS, catalogues=stale)) == [
        "cannot be decided for CVE-1 of pkg:npm/%40acme/a@1.0 and 1 more: advisory.kev is not established"
    ]
    assert found("advisory.kev", "advisory") == [FULL.purl]
    assert found("advisory.id == 'CVE-2' && !advisory.kev && advisory.epss == 0.0", "advisory") == [FULL.purl]
    unnamed = AdvisoryMatch(id="GHSA-9", ids=("GHSA-9",), rating=MATCH.rating)
    alone = Facts(advisories={FULL.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(unnamed,))})
    assert found("!advisory.kev && !advisory.ransomware && advisory.epss == 0.0", "advisory", alone) == [FULL.purl]
    for field in ("kev", "ransomware", "epss > 0.9", "epss_percentile > 0.9"):
        (open_,) = found(f"advisory.{field}", "advisory", without)
        assert open_.startswith("cannot be decided for CVE-1 of pkg:npm/%40acme/a@1.0 and 1 more: advisory.")


@pytest.mark.parametrize(
    ("answer", "when", "expected"),
    [
        (ReleaseAnswer(standing=Standing.KNOWN, release=Release(age=1), reason="offline"), "release.age_days < 2", 1),
        (ReleaseAnswer(standing=Standing.KNOWN, release=Release(age=1), reason="offline"), "release.yanked == ''", -1),
        (ReleaseAnswer(standing=Standing.KNOWN, release=Release(yanked="-"), reason="x"), "release.yanked == '-'", 1),
        (ReleaseAnswer(standing=Standing.KNOWN, release=Release()), "release.yanked == ''", 1),
        (ReleaseAnswer(standing=Standing.KNOWN, release=Release()), "release.age_days < 2", -1),
        (ReleaseAnswer(standing=Standing.KNOWN), "release.yanked == ''", -1),
        (ReleaseAnswer(standing=Standing.ABSENT, reason="private"), "release.status != 'active'", -1),
    ],
)
def test_half_an_answer(answer: ReleaseAnswer, when: str, expected: int) -> None:
    """What a lock alone says of a release leaves all else open; an empty word counts where the registry was asked."""
    facts = Facts(releases={FULL.purl: answer})
    inventory = Inventory(components=(FULL,))
    findings, (status,) = ran(when, "release", facts, inventory)

    assert (len(findings), status.status) == (max(expected, 0), Status.OK if expected > 0 else Status.PARTIAL)


def test_projects_have_no_release() -> None:
    """A rule about releases passes over what nobody released."""
    assert found("component.first_party", "release") == []
    assert found("component.first_party") == [ROOT.purl]


def test_errors_are_open_questions() -> None:
    """Whatever goes wrong with the data of a subject."""
    assert found("component.properties['zz'] == '1' && component.name == 'b'") == [
        "cannot be decided for pkg:pypi/b: there is no 'zz'; test for it with `in`"
    ]
    assert found("component.name == 'b' && 10 / (component.dependants - 1) > 3") == [
        "cannot be decided for pkg:pypi/b: division by zero in CEL expression"
    ]
    assert found("component.name == 'b' ? component.properties : component.direct") == [
        FULL.purl,
        "cannot be decided for pkg:pypi/b: it comes to neither true nor false",
    ]


def test_a_field_of_one_name_in_two_variables() -> None:
    """Both are named, since the library names none."""
    assert found("release.status == 'x' && provenance.status == 'not-established'", "release") == [
        f"cannot be decided for pkg:pypi/b: release.status or provenance.status is not established{ASK}"
    ]


def test_long_lists_are_not_there() -> None:
    """An expression may walk a list for each of its members, so that long ones are left open."""
    places = tuple(Location(path=f"p{n}") for n in range(MAX_LIST + 1))
    inventory = Inventory(components=(Component(purl="pkg:pypi/c", name="c", locations=places),))

    assert ran("component.locations == []", inventory=inventory).statuses == (
        PluginStatus(
            id="own",
            status=Status.PARTIAL,
            reason="cannot be decided for pkg:pypi/c: component.locations is not established",
        ),
    )


def test_time_runs_out() -> None:
    """What is not come to within the time is an open question."""
    ticks = iter([0.0, 1.0, 31.0, 31.0, 31.0])
    findings, (status,) = run([rule("true")], INVENTORY, FACTS, TODAY, clock=lambda: next(ticks))

    assert [f.subject for f in findings] == [ROOT.purl]
    assert status == PluginStatus(
        id="own",
        status=Status.PARTIAL,
        reason="cannot be decided for pkg:npm/%40acme/a@1.0 and 1 more: all rules together took longer than 30 seconds",
    )


def test_many_reasons_are_cut() -> None:
    """Three of them are told, and how many others there are."""
    components = tuple(Component(purl=f"pkg:pypi/p{n}", name=f"p{n}", properties=((f"k{n}", "x"),)) for n in range(5))
    texts = " || ".join(f"component.name == 'p{n}' && component.properties['z{n}'] == ''" for n in range(5))
    _, (status,) = ran(texts, inventory=Inventory(components=components))

    assert status.reason == (
        "cannot be decided for pkg:pypi/p0: there is no 'z0'; test for it with `in`; "
        "for pkg:pypi/p1: there is no 'z1'; test for it with `in`; "
        "for pkg:pypi/p2: there is no 'z2'; test for it with `in`; and 2 other reasons"
    )


def test_no_rules() -> None:
    """Then nothing is loaded."""
    assert run([], INVENTORY, FACTS, TODAY) == Ran((), ())


def test_several_rules_share_a_look() -> None:
    """Rules about one kind see the same subject, each by itself."""
    rules = [rule("component.name == 'b'"), CustomRule(id="two", when=compiled("component.direct", "component"))]

    assert [(f.rule, f.subject) for f in run(rules, INVENTORY, FACTS, TODAY).findings] == [
        ("two", FULL.purl),
        ("own", BARE.purl),
    ]


def test_one_subject() -> None:
    """A run may be for one reference alone."""
    assert [f.subject for f in run([rule("true")], INVENTORY, FACTS, TODAY, only=BARE.purl).findings] == [BARE.purl]
