"""Results to report: each shows a side of the model that a format has to cope with."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Epss, Facts, Kev, Rating, Severity, Standing
from bomvet.model.finding import Assessment, Finding, Verdict, Waived, Waiver
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    RelationKind,
    Relationship,
    Scope,
    Service,
    Unknown,
)
from bomvet.model.purl import project_purl, pypi_purl
from bomvet.model.result import Input, ScanResult, Skipped, Snapshot, Target
from tests.reports import proven

if TYPE_CHECKING:
    from collections.abc import Iterable

SPEC_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
TIME = "2026-11-24T12:00:00Z"


def sha256(digit: str) -> Hash:
    """A digest of one digit over and over."""
    return Hash(algorithm="sha256", value=digit * 64)


def package(name: str, version: str = "1.0", **fields: Any) -> Component:
    """A Python package."""
    return Component(purl=pypi_purl(name, version), name=name, version=version, **fields)


def project(name: str = "app", version: str = "1.0", **fields: Any) -> Component:
    """A project of the scanned tree, at its top unless stated otherwise."""
    fields = {"kind": Kind.APPLICATION, "directory": "", **fields}
    return Component(purl=project_purl(name, version, fields["directory"]), name=name, version=version, **fields)


def edge(source: Component | Service, target: Component | Service, **fields: Any) -> Relationship:
    """An edge between two things."""
    ends = [end.purl if isinstance(end, Component) else end.ref for end in (source, target)]
    return Relationship(source=ends[0], target=ends[1], **fields)


def result(inventory: Inventory, **fields: Any) -> ScanResult:
    """A result without judgement; the inventory in canonical form."""
    fields = {"target": Target(kind="dir", name="app"), "tool": "0.1.0", "time": TIME, **fields}
    return ScanResult(inventory=Inventory.merge([inventory]), **fields)


# -- everything known ------------------------------------------------------------------------------------------

ALPHA = package(
    "alpha",
    dependencies=Completeness.COMPLETE,
    description="The first of all packages",
    suppliers=(Contact(name="Alpha Makers", email="alpha@makers.example"),),
    licences=(Licence(expression="MIT OR Apache-2.0"),),
    hashes=(Hash(algorithm="sha512", value="c" * 128),),
    distributions=(
        Distribution(
            url="https://files.packages.example/alpha-1.0-py3-none-any.whl",
            hashes=(sha256("a"),),
            size=1000,
            uploaded="2025-01-02T03:04:05Z",
        ),
        Distribution(url="https://files.packages.example/alpha-1.0.tar.gz", hashes=(sha256("b"),), source=True),
    ),
    locations=(Location(path="uv.lock", line=7), Location(path="uv.lock", line=70)),
    properties=(("bomvet:registry", "https://packages.example/simple"),),
)
BETA = package(
    "beta",
    dependencies=Completeness.COMPLETE,
    suppliers=(Contact(email="beta@makers.example"),),
    licences=(Licence(name="Beta Licence"), Licence(expression="BSD-3-Clause", concluded=True)),
    distributions=(Distribution(url="https://files.packages.example/beta.whl", hashes=(sha256("d"),)),),
    locations=(Location(path="uv.lock", line=30),),
)
ROOT = project(
    dependencies=Completeness.COMPLETE,
    suppliers=(Contact(name="Example Ltd", email="security@example.example"),),
    licences=(Licence(expression="Apache-2.0"),),
    hashes=(sha256("e"),),
    locations=(Location(path="pyproject.toml"),),
)
KNOWN = result(
    Inventory(root=ROOT, components=(ALPHA, BETA), relationships=(edge(ROOT, ALPHA), edge(ALPHA, BETA))),
    authors=(Contact(name="Build Team", email="build@example.example"),),
    target=Target(
        kind="dir",
        name="app",
        inputs=(Input(path="uv.lock", sha256="f" * 64),),
        skipped=(Skipped(path="old/uv.lock", reason="named by a .gitignore file"),),
    ),
)

# -- little known ----------------------------------------------------------------------------------------------

BARE = result(Inventory())
SPARSE = result(
    Inventory(
        root=project("app", ""),
        components=(
            package("loose", ""),
            package("tests-only", scope=Scope.DEV),
            package("extra", scope=Scope.OPTIONAL, dependencies=Completeness.INCOMPLETE),
            project("member", "", directory="packages/member"),
        ),
        relationships=(
            edge(project("app", ""), project("member", "", directory="packages/member"), kind=RelationKind.CONTAINS),
            edge(package("extra"), package("extra")),
            edge(package("extra"), package("vanished")),
            edge(package("vanished"), package("extra")),
        ),
        unknowns=(
            Unknown(location=Location(path="setup.py", line=3), resolver="python/setup", reason="calls a function"),
            Unknown(location=Location(path="uv.lock"), resolver="python/uv-lock", reason="not TOML"),
        ),
    )
)

# -- services --------------------------------------------------------------------------------------------------

BUCKET = Service(
    ref="svc:aws/s3/aws_s3_bucket.statements",
    provider="aws",
    name="s3",
    endpoints=("https://s3.packages.example/statements",),
    authenticated=True,
    trust_boundary=False,
    data_classes=("personal", "financial"),
    settings=(("encrypted", "true"),),
    locations=(Location(path="main.tf", line=12),),
)
SERVICES = result(
    Inventory(
        root=ROOT,
        components=(ALPHA,),
        services=(BUCKET, Service(ref="svc:other/mail", provider="other", name="mail")),
        relationships=(edge(ROOT, ALPHA), edge(ALPHA, BUCKET)),
    )
)

# -- a scan ----------------------------------------------------------------------------------------------------

VECTORS = (
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    "AV:N/AC:L/Au:N/C:P/I:P/A:P",
    "CVSS:9.9/XX:Y",
)


def match(number: int, rating: Rating, **fields: Any) -> AdvisoryMatch:
    """An advisory of a CVE with the given number."""
    fields = {"aliases": (f"PYSEC-2026-{number}",), "summary": f"Weakness {number}", **fields}
    return AdvisoryMatch(id=f"CVE-2026-{number}", ids=(f"GHSA-0000-{number}",), rating=rating, **fields)


MATCHES = (
    *(match(n, Rating(severity=Severity.HIGH, score=7.5, vector=v, source="GHSA")) for n, v in enumerate(VECTORS)),
    match(
        20,
        Rating(severity=Severity.UNKNOWN),
        evidence=("1.0 is before 1.1", "1.0 is in the list"),
        fixed="1.1",
        clean="1.2",
        cwes=(0, 79),
        references=("https://advisories.example/20", "https://user:secret@advisories.example/x", "https://[bad/"),
        published="2026-01-02T03:04:05Z",
        modified="2026-01-02T03:04:05.123456789Z",
    ),
    match(21, Rating(severity=Severity.LOW), fixed="1.1", published="yesterday", modified="2026-02-30T00:00:00Z"),
    match(
        22,
        Rating(severity=Severity.HIGH, score=7.5, vector=VECTORS[0], source="GHSA"),
        kev=Kev(added="2021-12-10", due="2021-12-24", ransomware=True),
        epss=Epss(score=0.94, percentile=0.999, date="2026-11-24", model="v2025.03.14", band="99-100"),
    ),
)
WAIVED = Finding(
    rule="known-vulnerability",
    subject=ALPHA.purl,
    severity=Severity.HIGH,
    message="alpha has CVE-2026-0",
    instance="CVE-2026-0",
)
SCAN = result(
    KNOWN.inventory,
    facts=Facts(
        advisories={
            BETA.purl: AdvisoryAnswer(standing=Standing.ABSENT),
            ALPHA.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=MATCHES),
        }
    ),
    advisory_data=Snapshot(obtained=TIME, source="osv.dev", digest="sha256:00", records=3),
    assessment=Assessment(
        verdict=Verdict.INCOMPLETE,
        waived=(
            Waived(
                finding=WAIVED,
                waiver=Waiver(id="CVE-2026-0", reason="not reached", owner="team", expires=dt.date(2027, 1, 1)),
            ),
        ),
        not_established=("advisories of gamma",),
    ),
)
CLEAN_SCAN = result(KNOWN.inventory, assessment=Assessment(verdict=Verdict.PASSED))

# -- odd -------------------------------------------------------------------------------------------------------

CONTROL = "a\x00\x08\x1b[31m\x7f\u2028\ufffe\U0001f40d\r\nb\tc"
ODD = result(
    Inventory(
        root=project("\x1bapp;[x]", "1 0%"),
        components=(
            package("ünï-κόδ", "١.0", description=CONTROL, properties=(("", ""), ("quote\"'<&>", CONTROL))),
            package("long", "9" * 2000),
            package("spaced\nname", "1\t0", locations=(Location(path="a b/\x01.txt", line=1),)),
            package(
                "hashed",
                hashes=(
                    Hash(algorithm="sha224", value="a" * 56),
                    Hash(algorithm="sha256", value="a" * 63),
                    Hash(algorithm="sha256", value="g" * 64),
                    Hash(algorithm="sha3_256", value="a" * 64),
                    Hash(algorithm="blake2b", value="a" * 128),
                    Hash(algorithm="md5", value="a" * 32),
                    Hash(algorithm="sha1", value="a" * 40),
                ),
                distributions=(Distribution(url="", hashes=(sha256("a"),)), Distribution(url="wheels/x.whl")),
            ),
            package(
                "linked",
                distributions=tuple(
                    Distribution(url=url)
                    for url in (
                        "https://packages.example/a b.whl",
                        "https://packages.example/100%.whl",
                        "https://packages.example/x#sha256=00#again",
                        "https://packages.example:port/x",
                        "https://[::1]:8080/x",
                        "C:\\wheels\\x.whl",
                        "//packages.example/x",
                        "https://packages.example/ünï'[1].whl",
                        "../dist/{x}.whl?q=%20#frag",
                    )
                ),
            ),
            package(
                "people",
                suppliers=(
                    Contact(name="No At", email="no at"),
                    Contact(email="a..b@x.example"),
                    Contact(email="ok.x+y@x.example"),
                    Contact(),
                ),
                licences=(Licence(name="Text\nof many\tlines \x02"), Licence()),
            ),
        ),
        services=(Service(ref="svc:odd/\x01", provider="", name="", endpoints=("not a url: %", "")),),
        relationships=(Relationship(source=project("\x1bapp;[x]", "1 0%").purl, target="svc:odd/\x01"),),
        unknowns=(Unknown(location=Location(path="x\x01y"), resolver="r", reason=CONTROL),),
    )
)
MANY = result(
    Inventory(
        root=ROOT,
        components=(
            package(
                "numerous",
                distributions=tuple(
                    Distribution(
                        url=f"https://files.packages.example/{n}.whl",
                        hashes=(Hash(algorithm="sha256", value=f"{n:064x}"),),
                    )
                    for n in range(400)
                ),
                locations=tuple(Location(path="requirements.txt", line=n) for n in range(1, 400)),
                properties=tuple((f"bomvet:{n:03}", str(n)) for n in range(200)),
            ),
            *(package(f"part-{n}") for n in range(150)),
        ),
        relationships=tuple(edge(ROOT, package(f"part-{n}")) for n in range(150)),
    )
)


PROVEN = result(proven.INVENTORY, facts=proven.FACTS)


def hostile(one: str, other: str) -> ScanResult:
    """A scan in which two texts stand wherever a file could have put them."""
    component = package(
        "x",
        one,
        description=other,
        suppliers=(Contact(name=one, email=other), Contact(email=f"{one}@{other}.example")),
        licences=(Licence(name=other),),
        hashes=(Hash(algorithm=one, value=other), Hash(algorithm="sha256", value=other)),
        distributions=(Distribution(url=one or "x", uploaded=other), Distribution(url=f"https://{one}/{other}")),
        locations=(Location(path=one, line=3),),
        properties=((one, other),),
    )
    advisory = match(1, MATCHES[0].rating, references=(one, f"https://{other}"), published=one, modified=other)
    answer = AdvisoryAnswer(standing=Standing.KNOWN, matches=(advisory,))
    return result(
        Inventory(root=project(other or "x"), components=(component,)),
        facts=Facts(advisories={component.purl: answer}) | proven.hostile(component.purl, one, other),
        assessment=SCAN.assessment,
    )


SAMPLES = {
    "bare": BARE,
    "sparse": SPARSE,
    "known": KNOWN,
    "services": SERVICES,
    "scan": SCAN,
    "clean-scan": CLEAN_SCAN,
    "odd": ODD,
    "many": MANY,
    "proven": PROVEN,
}

# -- generated -------------------------------------------------------------------------------------------------

#: Texts as they are and with what dates, addresses and URLs are made of.
HOSTILE_TEXT = st.one_of(
    st.text(max_size=20),
    st.text("0aZ.-+:/@%#?[] ", max_size=20),
    st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]+)?(Z|[+-][0-2][0-9]:[0-9]{2})\Z"
    ),
    st.from_regex(r"\A[!-~]{1,5}@[!-~]{1,5}(\.[a-z]{1,3})?\Z"),
)
_WORDS = st.text("abcxyz", min_size=1, max_size=6)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_HASHES = st.lists(
    st.one_of(
        st.builds(Hash, algorithm=st.just("sha256"), value=st.text("0123456789abcdef", min_size=64, max_size=64)),
        st.builds(Hash, algorithm=st.just("md5"), value=st.text("0123456789abcdef", min_size=32, max_size=32)),
    ),
    max_size=2,
    unique=True,
).map(lambda hashes: tuple(sorted(hashes)))
_DISTRIBUTIONS = st.builds(
    Distribution,
    url=_WORDS.map("https://files.packages.example/{}.whl".format),
    hashes=_HASHES,
    uploaded=st.sampled_from(["", "2025-01-02T03:04:05Z"]),
    source=st.booleans(),
)
_LOCATIONS = st.builds(Location, path=st.sampled_from(["uv.lock", "a/b.txt"]), line=st.integers(0, 99))
_LICENCES = st.one_of(
    st.builds(Licence, expression=st.sampled_from(["MIT", "MIT OR Apache-2.0"]), concluded=st.booleans()),
    st.builds(Licence, name=_WORDS, concluded=st.booleans()),
)


def _several(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


def components(texts: st.SearchStrategy[str] = _TEXT) -> st.SearchStrategy[Component]:
    """Packages with any of their fields filled; `texts` where free text may stand."""
    return st.builds(
        package,
        _WORDS,
        st.sampled_from(["", "1.0", "2.0"]),
        kind=st.sampled_from(Kind),
        scope=st.sampled_from(Scope),
        dependencies=st.sampled_from(Completeness),
        description=texts,
        suppliers=_several(st.builds(Contact, name=_WORDS, email=st.sampled_from(["", "a@x.example"])), 2),
        licences=_several(_LICENCES, 2),
        hashes=_HASHES,
        distributions=st.lists(_DISTRIBUTIONS, max_size=3, unique_by=lambda d: d.url).map(
            lambda found: tuple(sorted(found))
        ),
        locations=_several(_LOCATIONS),
        properties=_several(st.tuples(_WORDS, texts)),
    )


@st.composite
def inventories(draw: st.DrawFn, texts: st.SearchStrategy[str] = _TEXT, most: int = 8) -> Inventory:
    """Inventories in canonical form, with a root and edges between any two of its components."""
    found = draw(st.lists(components(texts), max_size=most, unique_by=lambda c: c.purl))
    root = project()
    ends = st.sampled_from([root, *found])
    edges = draw(st.lists(st.builds(edge, ends, ends), max_size=2 * most))
    return Inventory.merge([Inventory(root=root, components=tuple(found), relationships=tuple(edges))])


def shuffled(inventory: Inventory, order: Iterable[float]) -> Inventory:
    """The same inventory, united from one part per record in another order."""
    parts = [
        Inventory(root=inventory.root),
        *(Inventory(components=(c,)) for c in inventory.components),
        *(Inventory(services=(s,)) for s in inventory.services),
        *(Inventory(relationships=(r,)) for r in inventory.relationships),
        *(Inventory(unknowns=(u,)) for u in inventory.unknowns),
    ]
    return Inventory.merge(part for _, part in sorted(zip(order, parts, strict=False), key=lambda pair: pair[0]))
