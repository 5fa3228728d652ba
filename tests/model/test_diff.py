"""Two inventories side by side."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest

from bomvet.model.diff import Aspect, Change, ChangeKind, Described, Diff, Difference, Direction, Side, State, compare
from bomvet.model.inventory import Component, Distribution, Hash, Inventory, Licence, Location, Scope, Unknown
from bomvet.model.purl import npm_purl, project_purl, pypi_purl

ONE, TWO, THREE = (Hash(algorithm="sha256", value=digit * 64) for digit in "123")
OLD = Hash(algorithm="sha1", value="1" * 40)
FILES = "https://files.packages.example"


def pypi(name: str, version: str = "1.0", **fields: Any) -> Component:
    """A Python package."""
    qualifiers = fields.pop("qualifiers", None)
    return Component(purl=pypi_purl(name, version, qualifiers), name=name, version=version, **fields)


def project(name: str, version: str, directory: str = "", **fields: Any) -> Component:
    """A project of the tree."""
    purl = project_purl(name, version, directory)
    return Component(purl=purl, name=name, version=version, directory=directory, **fields)


def wheel(*hashes: Hash, host: str = FILES) -> Distribution:
    """The one wheel of a package."""
    return Distribution(url=f"{host}/a-1.0-py3-none-any.whl", hashes=hashes)


def described(*components: Component, root: Component | None = None, **fields: Any) -> Described:
    """A side of these components."""
    inventory = Inventory.merge([Inventory(root=root, components=components)])
    return Described(source="x", kind="dir", inventory=inventory, **fields)


def order(kind: str, version: str) -> int | None:
    """Whole numbers of Python packages have a place."""
    return int(version) if kind == "pypi" and version.isdecimal() else None


def diff(before: Described | Component, after: Described | Component, **options: Any) -> Diff:
    """What became of `before`."""
    sides = [side if isinstance(side, Described) else described(side) for side in (before, after)]
    return compare(*sides, tool="1", **options)


def differences(before: Described | Component, after: Described | Component) -> tuple[Difference, ...]:
    """What differs of the one component."""
    (change,) = diff(before, after).changes
    assert change.kind is ChangeKind.CHANGED
    return change.differences


def told(result: Diff) -> list[tuple[str, str, str, str]]:
    """Kind, name and versions of every change."""
    return [
        (c.kind.value, c.name, c.before.version if c.before else "", c.after.version if c.after else "")
        for c in result.changes
    ]


# -- who is who ------------------------------------------------------------------------------------------------


def test_a_whole_difference() -> None:
    """Both sides are described, and every change has all that is known of it."""
    before = described(pypi("a", "1", licences=(Licence(expression="MIT"),)), root=project("shop", "1.0"))
    now = pypi("a", "2", licences=(Licence(expression="MIT"),), locations=(Location(path="uv.lock", line=3),))
    unknown = Unknown(location=Location(path="poetry.lock"), resolver="unread", reason="it is not read")
    after = Described(
        source="new.json", kind="bomvet", inventory=Inventory(components=(now, pypi("b", "3")), unknowns=(unknown,))
    )
    assert diff(before, after, order=order) == Diff(
        tool="1",
        before=Side(name="shop@1.0", source="x", kind="dir", components=1),
        after=Side(
            name="new.json",
            source="new.json",
            kind="bomvet",
            components=2,
            not_established=("poetry.lock: it is not read",),
        ),
        changes=(
            Change(
                kind=ChangeKind.CHANGED,
                ecosystem="pypi",
                name="a",
                direction=Direction.UPGRADE,
                before=State(purl="pkg:pypi/a@1", version="1", scope=Scope.REQUIRED, licences=("MIT",)),
                after=State(
                    purl="pkg:pypi/a@2",
                    version="2",
                    scope=Scope.REQUIRED,
                    licences=("MIT",),
                    locations=(Location(path="uv.lock", line=3),),
                ),
                differences=(Difference(aspect=Aspect.VERSION, before=("1",), after=("2",)),),
            ),
            Change(
                kind=ChangeKind.ADDED,
                ecosystem="pypi",
                name="b",
                after=State(purl="pkg:pypi/b@3", version="3", scope=Scope.REQUIRED),
            ),
        ),
    )


def test_nothing_differs() -> None:
    """Where a component stands in its file is no part of it."""
    moved = (Location(path="uv.lock", line=9),)

    assert diff(pypi("a"), pypi("a", locations=moved)).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([], ["1"], [("added", "a", "", "1")]),
        (["1"], [], [("removed", "a", "1", "")]),
        (["1"], ["2"], [("changed", "a", "1", "2")]),
        (["1", "2"], ["2", "3"], [("changed", "a", "1", "3")]),
        (["1", "2"], ["1", "2", "3"], [("added", "a", "", "3")]),
        (["1", "2"], ["3"], [("added", "a", "", "3"), ("removed", "a", "1", ""), ("removed", "a", "2", "")]),
        (["1", "2"], ["2", "1"], []),
        (["1"], [""], [("changed", "a", "1", "")]),
    ],
)
def test_several_versions_of_one_name(before: list[str], after: list[str], changes: list[tuple[str, ...]]) -> None:
    """Equal versions are one; what is left is a change of version only where it is one against one."""
    sides = [described(*(pypi("a", version) for version in versions)) for versions in (before, after)]

    assert told(diff(*sides)) == changes


def test_names_are_those_of_the_ecosystem() -> None:
    """Python names in any spelling are one; npm scopes in any spelling, but letter case tells npm packages apart."""
    before = described(
        Component(purl="pkg:pypi/Foo_Bar@1", name="Foo_Bar", version="1"),
        Component(purl="pkg:npm/@scope/x@1", name="@scope/x", version="1"),
        Component(purl="pkg:npm/JSONStream@1", name="JSONStream", version="1"),
    )
    after = described(
        pypi("foo-bar", "1"),
        Component(purl=npm_purl("@scope/x", "1"), name="@scope/x", version="1"),
        Component(purl="pkg:npm/jsonstream@1", name="jsonstream", version="1"),
    )
    assert told(diff(before, after)) == [("removed", "JSONStream", "1", ""), ("added", "jsonstream", "", "1")]


def test_ecosystems_are_apart() -> None:
    """The same name in another ecosystem is another component; one without a purl is known by its name."""
    before = described(pypi("a", "1"), Component(purl="tool@1", name="tool", version="1"))
    after = described(
        Component(purl="pkg:npm/a@1", name="a", version="1"), Component(purl="tool@2", name="tool", version="2")
    )
    assert told(diff(before, after)) == [
        ("changed", "tool", "1", "2"),
        ("added", "a", "", "1"),
        ("removed", "a", "1", ""),
    ]


def test_projects_are_compared_by_where_they_are() -> None:
    """A first-party project keeps its folder when its version changes."""
    before = described(project("lib", "1", "x"), project("lib", "1", "y"))
    after = described(project("lib", "2", "x"), project("lib", "1", "y"), project("app", "1", "z"))
    found = diff(before, after)

    assert told(found) == [("added", "app", "", "1"), ("changed", "lib", "1", "2")]
    assert [change.first_party for change in found.changes] == [True, True]


def test_the_subject_itself() -> None:
    """Its version is compared where it has the same name; under another name it neither came nor went."""
    old, new = project("shop", "1.0"), project("shop", "1.1")

    assert told(diff(described(root=old), described(root=new))) == [("changed", "shop", "1.0", "1.1")]
    assert told(diff(described(root=old), described(root=project("mall", "1.1")))) == []
    assert told(diff(described(root=old), described())) == []


def test_a_digest_is_no_version() -> None:
    """What stands for the version of a folder that has none differs with every byte."""
    sides = [described(root=project("folder", f"sha256:{digit * 16}")) for digit in "12"]

    assert diff(*sides).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("1", "2", Direction.UPGRADE),
        ("2", "1", Direction.DOWNGRADE),
        ("1", "x", Direction.CHANGED),
        ("1", "01", Direction.CHANGED),
    ],
)
def test_direction(before: str, after: str, direction: Direction) -> None:
    """Up or down where the order knows both versions and tells them apart."""
    (change,) = diff(pypi("a", before), pypi("a", after), order=order).changes

    assert change.direction is direction


def test_no_order() -> None:
    """Without an order a version is merely another."""
    (change,) = diff(pypi("a", "1"), pypi("a", "2")).changes

    assert change.direction is Direction.CHANGED


def test_omitted_scopes() -> None:
    """What is left out counts as absent: what development alone needed, and now the product does, is new to it."""
    before = described(pypi("a", scope=Scope.DEV), pypi("b", scope=Scope.DEV))
    after = described(pypi("a"), pypi("c", scope=Scope.DEV))

    assert told(diff(before, after, omit=frozenset({Scope.DEV}))) == [("added", "a", "", "1.0")]


# -- content ---------------------------------------------------------------------------------------------------


def test_the_same_version_with_other_content() -> None:
    """A file of the same name and version with another digest, wherever it lies."""
    before, after = pypi("a", distributions=(wheel(ONE),)), pypi("a", distributions=(wheel(TWO),))
    (change,) = diff(before, after).changes
    file = "a-1.0-py3-none-any.whl"

    assert (change.is_alarming, change.direction) == (True, None)
    assert change.differences == (
        Difference(
            aspect=Aspect.CONTENT,
            before=(f"{file} sha256:{ONE.value}",),
            after=(f"{file} sha256:{TWO.value}",),
        ),
    )


def test_a_second_digest_of_the_same_file() -> None:
    """A lock that now accepts another content beside the known one is told as well."""
    found = differences(pypi("a", distributions=(wheel(ONE),)), pypi("a", distributions=(wheel(ONE, TWO),)))

    assert [(d.aspect, d.after) for d in found] == [(Aspect.CONTENT, (f"a-1.0-py3-none-any.whl sha256:{TWO.value}",))]


def test_a_digest_less_is_no_other_content() -> None:
    """Of two digests one stays."""
    found = differences(pypi("a", distributions=(wheel(ONE, TWO),)), pypi("a", distributions=(wheel(ONE),)))

    assert found == (Difference(aspect=Aspect.HASHES, before=(f"sha256:{TWO.value}",)),)


def test_a_further_file() -> None:
    """A release may get files later."""
    sdist = Distribution(url=f"{FILES}/a-1.0.tar.gz", hashes=(TWO,), source=True)
    found = differences(pypi("a", distributions=(wheel(ONE),)), pypi("a", distributions=(wheel(ONE), sdist)))

    assert found == (Difference(aspect=Aspect.HASHES, after=(f"sha256:{TWO.value}",)),)


def test_another_file() -> None:
    """Files of different names are not expected to be equal."""
    sdist = Distribution(url=f"{FILES}/a-1.0.tar.gz", hashes=(TWO,), source=True)
    found = differences(pypi("a", distributions=(wheel(ONE),)), pypi("a", distributions=(sdist,)))

    assert [d.aspect for d in found] == [Aspect.HASHES]


def test_another_algorithm() -> None:
    """Digests by different algorithms cannot contradict each other."""
    found = differences(pypi("a", distributions=(wheel(OLD),)), pypi("a", distributions=(wheel(ONE),)))

    assert found == (Difference(aspect=Aspect.HASHES, before=(f"sha1:{OLD.value}",), after=(f"sha256:{ONE.value}",)),)


def test_digests_of_no_file_in_particular() -> None:
    """Some in common: files were added. None in common: everything is another."""
    before = pypi("a", hashes=(ONE,))

    assert differences(before, pypi("a", hashes=(ONE, TWO)))[0].aspect is Aspect.HASHES
    assert differences(before, pypi("a", hashes=(TWO, THREE))) == (
        Difference(
            aspect=Aspect.CONTENT,
            before=(f"sha256:{ONE.value}",),
            after=(f"sha256:{TWO.value}", f"sha256:{THREE.value}"),
        ),
    )
    assert differences(before, pypi("a", hashes=(OLD,)))[0].aspect is Aspect.HASHES


def test_the_same_digest_stated_otherwise() -> None:
    """Of the component in one document, of its file in the other."""
    assert diff(pypi("a", hashes=(ONE,)), pypi("a", distributions=(wheel(ONE),))).changes == ()


def test_no_digest_any_more() -> None:
    """The loss of a hash is told where hashes are stated at all."""
    before = described(pypi("a", hashes=(ONE,)), pypi("b", hashes=(ONE,)))
    after = described(pypi("a"), pypi("b", hashes=(ONE,)))

    assert differences(before, after) == (Difference(aspect=Aspect.HASHES, before=(f"sha256:{ONE.value}",)),)


def test_checksums_of_yarn() -> None:
    """They contradict each other where the same version of Yarn made them."""
    sums = [pypi("a", properties=(("bomvet:yarn-checksum", text),)) for text in ("10c0/12", "10c0/34", "8/56", "78")]

    assert differences(sums[0], sums[1]) == (
        Difference(
            aspect=Aspect.CONTENT,
            before=("package in Yarn's cache 10c0:12",),
            after=("package in Yarn's cache 10c0:34",),
        ),
    )
    assert [differences(sums[0], other)[0].aspect for other in sums[2:]] == [Aspect.HASHES, Aspect.HASHES]


def test_other_versions_have_other_digests() -> None:
    """Which is not told."""
    found = differences(pypi("a", "1", hashes=(ONE,)), pypi("a", "2", hashes=(TWO,)))

    assert [d.aspect for d in found] == [Aspect.VERSION]


def test_a_url_that_is_none() -> None:
    """A file whose URL cannot be read is known by all of it."""
    files = [Distribution(url="https://[::1/x", hashes=(digest,)) for digest in (ONE, TWO)]
    sides = [pypi("a", distributions=(file,)) for file in files]

    assert differences(*sides)[0].before == (f"https://[::1/x sha256:{ONE.value}",)


# -- the rest --------------------------------------------------------------------------------------------------


def test_registry_and_host() -> None:
    """Another registry, and another host of the files, as far as both sides state them."""
    before = pypi("a", properties=(("bomvet:registry", "https://a.example/simple/"),), distributions=(wheel(ONE),))
    moved = (wheel(ONE, host="http://evil.example"),)
    after = pypi("a", properties=(("bomvet:registry", "https://b.example/simple"),), distributions=moved)

    assert differences(before, after) == (
        Difference(
            aspect=Aspect.SOURCE,
            before=("https://a.example/simple", FILES),
            after=("http://evil.example", "https://b.example/simple"),
        ),
    )
    assert diff(before, pypi("a", distributions=(wheel(ONE),))).changes == ()


def test_a_repository_instead_of_a_registry() -> None:
    """A package of the same version from somewhere else is no other package."""
    git = "git+https://code.example/a@0000"
    found = differences(pypi("a"), pypi("a", qualifiers={"vcs_url": git}))

    assert found == (Difference(aspect=Aspect.SOURCE, after=(git,)),)


def test_a_local_file_of_the_next_version() -> None:
    """Its name differs with the version, which is told already."""
    sides = [pypi("a", version, qualifiers={"file_name": f"a-{version}.whl"}) for version in ("1", "2")]
    other = pypi("a", "1", qualifiers={"file_name": "b.whl"})

    assert [d.aspect for d in differences(*sides)] == [Aspect.VERSION]
    assert [d.aspect for d in differences(sides[0], other)] == [Aspect.SOURCE]


def test_licence_and_scope() -> None:
    """The licences that only one side states, and the scope; how a licence is stated makes no difference."""
    mit, bsd = Licence(expression="MIT"), Licence(name="BSD", concluded=True)
    before = pypi("a", licences=(mit,))
    after = pypi("a", licences=(bsd, Licence(name="MIT")), scope=Scope.DEV)

    assert differences(before, after) == (
        Difference(aspect=Aspect.LICENCE, after=("BSD",)),
        Difference(aspect=Aspect.SCOPE, before=("required",), after=("dev",)),
    )
    assert diff(before, pypi("a", licences=(Licence(name="MIT"),))).changes == ()


def built(status: str, **who: str) -> tuple[tuple[str, str], ...]:
    """What an SBOM says of who built a component."""
    return tuple((f"bomvet:provenance:{name}", value) for name, value in {"status": status, **who}.items())


def test_another_publisher_is_told() -> None:
    """Who built it differs where it should not; commit, ref and run of another version do not count."""
    ada = built("verified", issuer="i", repository="https://git.example/ada/a", commit="1", workflow="w")
    eve = built("verified", issuer="i", repository="https://git.example/eve/a", commit="2", workflow="w")
    account = built("verified", issuer="j", subject="robot@git.example")
    before = pypi("a", "1.0", properties=ada)

    assert differences(before, pypi("a", "1.0", properties=eve)) == (
        Difference(
            aspect=Aspect.PROVENANCE,
            before=("repository https://git.example/ada/a",),
            after=("repository https://git.example/eve/a",),
        ),
    )
    assert differences(before, pypi("a", "1.0", properties=account)) == (
        Difference(
            aspect=Aspect.PROVENANCE,
            before=("issuer i", "repository https://git.example/ada/a", "workflow w"),
            after=("issuer j", "subject robot@git.example"),
        ),
    )
    later = built("verified", issuer="i", repository="https://git.example/ada/a", commit="3", workflow="w")
    assert diff(before, pypi("a", "1.0", properties=later)).changes == ()


def test_another_answer_to_who_built_it_is_told() -> None:
    """Where there is no publisher any more the status says so; where nobody asked there is nothing to compare."""
    proved, gone = built("verified", issuer="i", repository="r"), built("absent")
    before = described(pypi("a", properties=proved), pypi("b", properties=proved))
    after = described(pypi("a", properties=gone), pypi("b"))
    (change,) = diff(before, after).changes

    assert (change.name, change.differences) == (
        "a",
        (Difference(aspect=Aspect.PROVENANCE, before=("status verified",), after=("status absent",)),),
    )
    assert diff(before, described(pypi("a"), pypi("b"))).not_compared == (Aspect.PROVENANCE,)


def test_what_one_side_never_states_is_not_compared() -> None:
    """Neither hashes nor licences nor scopes of a tool that writes none are lost; that is told once."""
    rich = described(pypi("a", hashes=(ONE,), licences=(Licence(expression="MIT"),), scope=Scope.DEV))
    poor = described(pypi("a"), has_scopes=False)
    found = diff(rich, poor)

    assert found.changes == ()
    assert found.not_compared == (Aspect.HASHES, Aspect.LICENCE, Aspect.SCOPE)
    assert diff(rich, described(has_scopes=False)).not_compared == ()


# -- the document ----------------------------------------------------------------------------------------------


def test_the_schema_file_is_up_to_date() -> None:
    r"""The schema that is shipped is the one that the records imply.

    To write it anew: `json.dumps(Diff.schema_document(), indent=2, ensure_ascii=False) + "\n"`.
    """
    shipped = resources.files("bomvet.reports").joinpath("diff.schema.json").read_text("utf-8")

    assert shipped == json.dumps(Diff.schema_document(), indent=2, ensure_ascii=False) + "\n"


def test_the_document_follows_its_schema() -> None:
    """With every kind of change in it."""
    before = described(pypi("a", "1"), pypi("b", "1"), root=project("x", "1"))
    after = described(pypi("b", "2"), pypi("c"), has_scopes=False)
    schema = Diff.schema_document()

    assert jsonschema_rs.meta.is_valid(schema)
    assert jsonschema_rs.is_valid(schema, diff(before, after).to_dict())
    assert not jsonschema_rs.is_valid(schema, {})
