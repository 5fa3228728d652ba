"""Where packages come from, seen over all of them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bomvet.enrichers.sources import SOURCES
from bomvet.model.facts import Facts, SourceAnswer
from bomvet.model.inventory import Component, Distribution, Hash, Inventory, Location, Registry
from bomvet.model.purl import npm_purl, pypi_purl
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context
from tests.harness import NOW

NPM = "https://npm.packages.example"
EVIL = "https://npm.evil.example"
ACME = "https://npm.acme.example"
SHA512 = (Hash(algorithm="sha512", value="0" * 128),)


def npm(
    name: str, version: str = "1.0.0", *, registry: str = NPM, path: str = "package-lock.json", **fields: Any
) -> Component:
    """A package of npm, with a hash unless stated otherwise."""
    properties = ((("bomvet:registry", registry),) if registry else ()) + fields.pop("properties", ())
    return Component(
        purl=npm_purl(name, version, fields.pop("qualifiers", None)),
        name=name,
        version=version,
        properties=properties,
        locations=(Location(path=path, line=1),),
        **{"hashes": SHA512, **fields},
    )


def pypi(name: str, version: str = "1.0", *, path: str = "requirements.txt", **fields: Any) -> Component:
    """A Python package."""
    purl = pypi_purl(name, version, fields.pop("qualifiers", None))
    return Component(purl=purl, name=name, version=version, locations=(Location(path=path),), **fields)


def crowd(count: int = 20, **fields: Any) -> list[Component]:
    """Packages as all others are."""
    return [npm(f"ordinary-{number}", **fields) for number in range(count)]


def configured(url: str, *, path: str = ".npmrc", ecosystem: str = "npm", **fields: Any) -> Registry:
    """What a client is configured for."""
    return Registry(ecosystem=ecosystem, url=url, location=Location(path=path, line=2), **fields)


def answers(
    *components: Component, registries: tuple[Registry, ...] = (), policy: tuple[str, ...] = ()
) -> dict[str, SourceAnswer]:
    """Who stands out, by name."""
    inventory = Inventory.merge([Inventory(components=components, registries=registries)])
    found = SOURCES.enrich(inventory, Facts(), Context(now=NOW, registries=policy))
    assert found.status == PluginStatus(id="sources", status=Status.OK)
    names = {c.purl: c.name for c in components}
    return {names[purl]: answer for purl, answer in found.facts.sources.items()}


def foreign(*components: Component, **options: Any) -> set[str]:
    """The names of those from a registry that is not expected."""
    return {name for name, answer in answers(*components, **options).items() if answer.foreign}


# -- foreign registries ----------------------------------------------------------------------------------------


def test_nobody_stands_out() -> None:
    """An ordinary lock gives nothing at all."""
    assert answers(*crowd()) == {}


def test_one_stands_out_where_nothing_is_configured() -> None:
    """Of what nearly all do it is told, as no more than that."""
    assert answers(*crowd(), npm("odd", registry=EVIL)) == {
        "odd": SourceAnswer(foreign=(EVIL,), expected=(NPM,), basis="all others")
    }


@pytest.mark.parametrize(
    "others",
    [
        [npm("odd", registry=EVIL)],
        [*crowd(9), npm("odd", registry=EVIL)],
        [*crowd(20), *(npm(f"odd-{n}", registry=EVIL) for n in range(3))],
        [*crowd(20), npm("@acme/odd", registry=ACME), npm("@acme/other", registry=ACME)],
        [*crowd(20), npm("odd", registry=f"{NPM}/")],
        [*crowd(20), npm("odd", registry="http://NPM.packages.example")],
        [*crowd(20, registry=""), npm("odd", registry=EVIL)],
        [*crowd(20), npm("odd", registry=EVIL, path="other/package-lock.json")],
        [*crowd(20), npm("odd", registry=EVIL, qualifiers={"download_url": "https://x.example/odd.tgz"})],
    ],
    ids=[
        "alone",
        "too few to tell",
        "not so few",
        "the registry of a scope",
        "a slash",
        "a scheme",
        "the client's own",
        "another lock",
        "no registry",
    ],
)
def test_what_does_not_stand_out(others: list[Component]) -> None:
    """Where it cannot be told who is right, nothing is said."""
    assert foreign(*others) == set()


def test_a_scope_with_two_registries() -> None:
    """A scoped package stands out, too, where the scope is at home elsewhere."""
    assert foreign(*crowd(), npm("@acme/a"), npm("@acme/b", registry=EVIL)) == {"@acme/b"}


def test_one_percent_of_a_large_lock() -> None:
    """The larger the lock, the more may stand out."""
    odd = [npm(f"odd-{number}", registry=EVIL) for number in range(9)]

    assert len(foreign(*crowd(1000), *odd)) == 9


def test_a_python_source_where_all_others_state_none() -> None:
    """Poetry and PDM state a source only where it is not the client's own."""
    others = [pypi(f"ordinary-{number}", path="poetry.lock", hashes=SHA512) for number in range(20)]
    odd = pypi("odd", path="poetry.lock", hashes=SHA512, properties=(("bomvet:registry", EVIL),))

    assert answers(*others, odd) == {"odd": SourceAnswer(foreign=(EVIL,), basis="all others")}


def test_configured_registries() -> None:
    """Whatever is not named by a default is foreign, however many there are."""
    registries = (configured(ACME, default=True), configured(NPM, scope="@npm"))

    assert answers(npm("a"), npm("@npm/b"), npm("c", registry=ACME), registries=registries) == {
        "a": SourceAnswer(foreign=(NPM,), expected=(ACME,), basis=".npmrc:2", certain=True)
    }


def test_a_scope_has_its_own_registry() -> None:
    """A package of the scope from the default is foreign, and one of another scope from that of the scope."""
    registries = (configured(NPM, default=True), configured(ACME, scope="@acme"))
    packages = [npm("@acme/a"), npm("@acme/b", registry=ACME), npm("@other/c", registry=ACME), npm("@other/d")]

    assert foreign(*packages, registries=registries) == {"@acme/a", "@other/c"}


def test_a_further_index_leaves_the_default_open() -> None:
    """What is asked besides the client's own is no replacement: the client's own is what the others come from."""
    registries = (configured(ACME, path="pyproject.toml", ecosystem="pypi"),)
    index = (("bomvet:registry", "https://pypi.packages.example/simple"),)
    others = [pypi(f"a-{n}", path="uv.lock", hashes=SHA512, properties=index) for n in range(20)]
    own = pypi("own", path="uv.lock", hashes=SHA512, properties=(("bomvet:registry", ACME),))
    odd = pypi("odd", path="uv.lock", hashes=SHA512, properties=(("bomvet:registry", EVIL),))

    assert foreign(*others, own, odd, registries=registries) == {"odd"}


def test_configuration_holds_for_its_folder() -> None:
    """And what lies below it; that of pip holds wherever it lies."""
    below = npm("a", path="web/app/package-lock.json")
    beside = npm("b", path="other/package-lock.json")
    above = npm("c", path="package-lock.json")
    registries = (configured(ACME, path="web/.npmrc", default=True),)
    python = pypi("d", path="api/uv.lock", properties=(("bomvet:registry", EVIL),))
    pip = (configured(ACME, path="docker/pip.conf", ecosystem="pypi", default=True),)

    assert foreign(below, beside, above, registries=registries) == {"a"}
    assert foreign(python, registries=pip) == {"d"}


def test_several_places_must_agree() -> None:
    """A package that two locks state is foreign only where both say so."""
    one, other = npm("a", path="web/package-lock.json"), npm("a", path="api/package-lock.json")

    assert foreign(one, other, registries=(configured(ACME, path="web/.npmrc", default=True),)) == set()


def test_what_is_left_to_the_environment_is_open() -> None:
    """A variable in the configuration can be any registry."""
    assert foreign(npm("a"), registries=(configured("", default=True), configured(ACME, default=True))) == set()


def test_the_policy_names_registries() -> None:
    """Then nothing else but what is configured is expected, in any ecosystem."""
    python = pypi("c", path="uv.lock", properties=(("bomvet:registry", EVIL),))
    registries = (configured(ACME, default=True),)

    assert foreign(npm("a"), npm("b", registry=ACME), python, policy=(f"{NPM}/",), registries=registries) == {"c"}
    assert answers(python, policy=(NPM,))["c"] == SourceAnswer(
        foreign=(EVIL,), expected=(NPM,), basis="the policy", certain=True
    )


def test_requirements_say_themselves_where_to_look() -> None:
    """Which the policy alone may forbid."""
    asked = pypi("a", hashes=SHA512, properties=(("bomvet:registry", EVIL),))
    registries = (configured(ACME, path="pip.conf", ecosystem="pypi", default=True),)

    assert foreign(asked, registries=registries) == set()
    assert foreign(asked, policy=(ACME,)) == {"a"}


# -- several registries for a name -----------------------------------------------------------------------------


def test_an_extra_index() -> None:
    """Without a hash whoever has the name there decides; with one the hash does, unless it is weak."""
    extra = (("bomvet:extra-registry", ACME),)
    weak = (Hash(algorithm="md5", value="0" * 32),)
    packages = [
        pypi("bare", properties=extra),
        pypi("weak", properties=extra, hashes=weak),
        pypi("hashed", properties=extra, hashes=SHA512),
        pypi("git", properties=extra, qualifiers={"vcs_url": "git+https://code.example/x@1"}),
    ]
    found = {name: answer.rivals for name, answer in answers(*packages).items() if answer.rivals}

    assert found == {"bare": (ACME,), "weak": (ACME,)}


def test_an_extra_index_in_the_configuration_of_pip() -> None:
    """It counts where no lock says where the package comes from."""
    locked = pypi("locked", path="uv.lock", properties=(("bomvet:registry", NPM),))
    registries = (
        configured(ACME, path="pip.conf", ecosystem="pypi"),
        configured(NPM, path="pip.conf", ecosystem="pypi", default=True),
        configured(EVIL, path="uv.toml", ecosystem="pypi"),
    )
    found = answers(pypi("bare"), locked, npm("other", registry=""), registries=registries)

    assert {name: answer.rivals for name, answer in found.items()} == {"bare": (ACME,)}


def test_versions_of_one_name_from_two_registries() -> None:
    """Unless both are configured."""
    packages = [npm("a", "1.0.0"), npm("a", "2.0.0", registry=EVIL), npm("b"), npm("c")]
    registries = (configured(NPM, default=True), configured(EVIL, default=True))

    assert answers(*packages)["a"] == SourceAnswer(rivals=(NPM,))
    assert answers(*packages, registries=registries) == {}


def test_one_version_from_two_registries() -> None:
    """Two locks that disagree; the other one is the rival."""
    twice = npm("a", properties=(("bomvet:registry", EVIL),))

    assert answers(twice, npm("b")) == {"a": SourceAnswer(rivals=(EVIL,))}


# -- hashes ----------------------------------------------------------------------------------------------------


def test_one_without_a_hash() -> None:
    """It is told how many others of the same lock and registry have one."""
    found = answers(*crowd(3), npm("bare", hashes=()), npm("elsewhere", hashes=(), path="yarn.lock"))

    assert found == {"bare": SourceAnswer(hashed=3)}


def test_one_without_hash_and_registry() -> None:
    """It is compared with all of its lock."""
    assert answers(*crowd(3), npm("bare", hashes=(), registry="")) == {"bare": SourceAnswer(hashed=3)}


@pytest.mark.parametrize(
    "bare",
    [
        npm("x", hashes=(), qualifiers={"vcs_url": "git+https://code.example/x@1"}),
        npm("x", hashes=(), qualifiers={"file_name": "x.tgz"}),
        npm("x", hashes=(), properties=(("bomvet:bundled", "true"),)),
        npm("x", hashes=(), properties=(("bomvet:link", "../x"),)),
        npm("x", hashes=(), properties=(("bomvet:yarn-checksum", "10/00"),)),
        npm("x", hashes=(), registry=ACME),
        Component(purl="pkg:generic/x", name="x", directory="", locations=(Location(path="package-lock.json"),)),
        npm("x", hashes=(), distributions=(Distribution(url=f"{NPM}/x/-/x-1.0.0.tgz", hashes=SHA512),)),
    ],
    ids=["git", "file", "bundled", "link", "yarn", "registry without hashes", "project", "hash of the file"],
)
def test_what_needs_no_hash(bare: Component) -> None:
    """Or has one."""
    found = answers(*crowd(), bare)

    assert not found.get("x", SourceAnswer()).hashed


def test_packages_for_other_machines() -> None:
    """Yarn has no hashes of those; where nearly all have one it is another matter."""
    some = (("bomvet:os", "linux"),)
    few = [npm(f"here-{n}", properties=some) for n in range(2)]
    bare = [npm(f"there-{n}", properties=some, hashes=()) for n in range(5)]
    many = [npm(f"here-{n}", properties=some) for n in range(20)]

    assert answers(*crowd(), *few, *bare) == {}
    assert answers(*crowd(), *many, bare[0]) == {"there-0": SourceAnswer(hashed=20)}


# -- hosts -----------------------------------------------------------------------------------------------------


def indexed(name: str, *hosts: str) -> Component:
    """A package of an index whose files lie elsewhere."""
    files = tuple(Distribution(url=f"https://{host}/{name}-1.0.tar.gz", hashes=SHA512) for host in hosts)
    index = (("bomvet:registry", "https://pypi.packages.example/simple"),)
    return pypi(name, path="uv.lock", properties=index, distributions=files)


@pytest.mark.parametrize(
    ("count", "hosts", "strange"),
    [
        (20, ["files.evil.example"], ("files.evil.example",)),
        (20, ["files.mirror.test", "files.other.test"], ("files.other.test",)),
        (20, ["cdn.mirror.test"], ()),
        (20, ["pypi.packages.example:8443"], ()),
        (5, ["files.evil.example"], ()),
    ],
)
def test_hosts_of_files(count: int, hosts: list[str], strange: tuple[str, ...]) -> None:
    """A host that one package alone has files on, while all others share one, and that is none of the registry's."""
    others = [indexed(f"ordinary-{number}", "files.mirror.test") for number in range(count)]
    found = answers(*others, indexed("odd", *hosts))

    assert {name: answer.hosts for name, answer in found.items()} == ({"odd": strange} if strange else {})


def test_files_without_a_host() -> None:
    """They lie in the tree."""
    local = Distribution(url="wheels/odd-1.0.tar.gz", hashes=SHA512)
    index = (("bomvet:registry", "https://pypi.packages.example/simple"),)
    odd = pypi("odd", path="uv.lock", properties=index, distributions=(local,))

    assert answers(*(indexed(f"a-{n}", "files.mirror.test") for n in range(20)), odd) == {}


# -- cost ------------------------------------------------------------------------------------------------------


def test_hostile_configuration_and_names_cost_little() -> None:
    """Many registries, folders, scopes and versions of one name are done with at once."""
    packages = [npm(f"@s{n}/x", registry=f"https://r{n}.example", path=f"p{n}/package-lock.json") for n in range(5000)]
    packages += [npm("many", f"1.0.{n}", registry=f"https://r{n}.example") for n in range(5000)]
    registries = tuple(configured(f"https://c{n}.example", path=f"p{n}/.npmrc", scope=f"@s{n}") for n in range(5000))
    start = time.process_time()
    found = answers(*packages, registries=registries)

    assert time.process_time() - start < 5
    assert max(len(answer.rivals) for answer in found.values()) <= 8
