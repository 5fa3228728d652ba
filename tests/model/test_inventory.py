"""What the merge of two descriptions keeps, and what it costs; its laws are in tests/property."""

from __future__ import annotations

import pytest

from bomvet.model.inventory import (
    Completeness,
    Component,
    Confidence,
    Contact,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    Relationship,
    Scope,
    Service,
    Unknown,
)


def test_two_descriptions_of_a_component() -> None:
    """Sets are united; of two scalars the stronger one, the one that is stated or the lesser one stays."""
    one = Component(
        purl="pkg:pypi/a@1",
        name="a",
        version="1",
        scope=Scope.DEV,
        dependencies=Completeness.INCOMPLETE,
        licences=(Licence(expression="MIT"),),
        locations=(Location(path="uv.lock", line=7),),
        properties=(("k", "1"),),
    )
    other = Component(
        purl="pkg:pypi/a@1",
        name="a",
        kind=Kind.APPLICATION,
        scope=Scope.OPTIONAL,
        directory="x",
        description="text",
        suppliers=(Contact(name="A"),),
        locations=(Location(path="requirements.txt", line=1),),
        properties=(("k", "1"),),
    )
    expected = Component(
        purl="pkg:pypi/a@1",
        name="a",
        version="1",
        kind=Kind.APPLICATION,
        scope=Scope.OPTIONAL,
        directory="x",
        dependencies=Completeness.INCOMPLETE,
        description="text",
        suppliers=(Contact(name="A"),),
        licences=(Licence(expression="MIT"),),
        locations=(Location(path="requirements.txt", line=1), Location(path="uv.lock", line=7)),
        properties=(("k", "1"),),
    )

    assert one.merged(other) == other.merged(one) == expected


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [(None, None, None), (True, None, True), (True, True, True), (True, False, False), (None, False, False)],
)
def test_a_claim_of_authentication_must_hold_in_both(one: bool | None, other: bool | None, merged: bool | None) -> None:  # noqa: FBT001
    """A service is authenticated only where nobody says otherwise."""
    a, b = (Service(ref="svc:x/y", provider="x", name="y", authenticated=value) for value in (one, other))

    assert a.merged(b).authenticated is b.merged(a).authenticated is merged


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [(None, None, None), (False, None, False), (False, False, False), (True, False, True), (None, True, True)],
)
def test_data_that_leaves_in_one_leaves(one: bool | None, other: bool | None, merged: bool | None) -> None:  # noqa: FBT001
    """Data crosses a trust boundary as soon as one description says so."""
    a, b = (Service(ref="svc:x/y", provider="x", name="y", trust_boundary=value) for value in (one, other))

    assert a.merged(b).trust_boundary is b.merged(a).trust_boundary is merged


def test_an_edge_stated_twice() -> None:
    """All evidence stays, with the greater confidence."""
    sure = Relationship(source="a", target="b", evidence=(Location(path="y"),))
    guess = Relationship(source="a", target="b", evidence=(Location(path="x"),), confidence=Confidence.LOW)

    merged = Inventory.merge([Inventory(relationships=(guess, sure))])
    assert merged.relationships == (
        Relationship(source="a", target="b", evidence=(Location(path="x"), Location(path="y"))),
    )


def test_one_root_stays() -> None:
    """Of several roots the one with the least purl stays, the others go on as components."""
    a, b = Component(purl="pkg:a", name="a"), Component(purl="pkg:b", name="b")

    merged = Inventory.merge([Inventory(root=b), Inventory(root=a)])
    assert merged == Inventory(root=a, components=(b,))


def test_the_root_stands_in_no_other_field() -> None:
    """A component with the root's purl is the root."""
    root = Component(purl="pkg:a", name="a")
    same = Component(purl="pkg:a", name="a", version="1")

    assert Inventory.merge([Inventory(root=root), Inventory(components=(same,))]) == Inventory(root=same)


def test_nothing() -> None:
    """No parts give the empty inventory."""
    assert Inventory.merge([]) == Inventory()


def test_labels() -> None:
    """People see name and version, path and line, as far as they are known."""
    located = Unknown(location=Location(path="a", line=3), resolver="r", reason="x").location

    assert [str(located), str(Location(path="a"))] == ["a:3", "a"]
    assert Component(purl="", name="n", version="1").label == "n@1"
    assert Component(purl="", name="n").label == "n"
    assert [Component(purl="", name="n", directory=d).first_party for d in (None, "", "x")] == [False, True, True]


def _comparisons(parts: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often locations are compared where one component is stated in so many places."""
    count = 0

    def counted(self: Location, other: Location) -> bool:
        nonlocal count
        count += 1
        return (self.path, self.line) < (other.path, other.line)

    with monkeypatch.context() as patch:
        patch.setattr(Location, "__lt__", counted)
        merged = Inventory.merge(
            Inventory(components=(Component(purl="pkg:a", name="a", locations=(Location(path=f"{n % 97}/{n}"),)),))
            for n in range(parts)
        )
    assert len(merged.components[0].locations) == parts
    return count


def test_a_component_in_many_places_costs_no_more_than_sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many places need little more than twice as many comparisons, not four times as many."""
    few, many = _comparisons(500, monkeypatch), _comparisons(1000, monkeypatch)

    assert few < 500 * 20
    assert many < 2.5 * few


def test_what_is_stated_once_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Distinct components are not merged with anything, so they cost one look-up each."""
    monkeypatch.setattr(Component, "merged", None)
    parts = [Inventory(components=(Component(purl=f"pkg:{n}", name="a"),)) for n in range(100)]

    assert len(Inventory.merge([*parts, *parts]).components) == 100


@pytest.mark.parametrize(("algorithm", "digits"), [("sha256", 64), ("SHA512", 128), ("md5", 32)])
def test_a_hash_is_read_in_either_case(algorithm: str, digits: int) -> None:
    """Algorithm and digits are kept in lower case."""
    assert Hash.parse(f"{algorithm}:{'A' * digits}") == Hash(algorithm=algorithm.lower(), value="a" * digits)


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", "sha256:aa", f"sha256:{'g' * 64}", f"crc32:{'a' * 8}"])
def test_what_is_no_hash_is_refused(text: str) -> None:
    """An unknown algorithm, another length and other digits are errors, not hashes."""
    with pytest.raises(ValueError, match="hash"):
        Hash.parse(text)
