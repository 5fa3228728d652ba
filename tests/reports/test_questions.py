"""What is open, as lines for people: `grouped`."""

from __future__ import annotations

from bomvet.reports._questions import Line, grouped


def test_few_stay_as_they_are() -> None:
    """Each has its line then, and the place that it has in the file."""
    questions = ["a.toml:3: not locked: x", "a.toml:4: not locked: y>=2", "b.lock: not TOML", "c.lock:1: not TOML"]

    assert grouped(questions) == [Line(question) for question in questions]


def test_what_one_manifest_leaves_open_is_one_line() -> None:
    """Requirements are named once each; the order is that of the first question."""
    questions = [
        "a/package.json:3: not locked: x@^1",
        "b.lock: not TOML",
        *(f"a/package.json:{n}: not locked: {name}" for n, name in enumerate("yyzuvw", start=4)),
        "a: b/package.json:1: not locked: q",
    ]

    assert grouped(questions) == [
        Line("a/package.json: not locked: x@^1, y, z, u and 2 more", 7),
        Line("b.lock: not TOML"),
        Line("a: b/package.json:1: not locked: q"),
    ]


def test_one_reason_for_several_places_is_one_line() -> None:
    """Components are counted first, as their number is what matters; one name is not hidden behind a count."""
    packages = [f"pkg:npm/%40s/{name}@1?x=y" for name in "abcde"]

    assert grouped([*(f"{purl}: no data" for purl in packages), *(f"{n}/x.lock: unread" for n in range(6))]) == [
        Line("5 components: no data: @s/a@1, @s/b@1, @s/c@1, @s/d@1, @s/e@1", 5),
        Line("0/x.lock, 1/x.lock, 2/x.lock, 3/x.lock and 2 more: unread", 6),
    ]


def test_what_has_no_place() -> None:
    """It is a line as it stands, once."""
    assert grouped(["boom", "boom", "boom", "odd"]) == [Line("boom", 3), Line("odd")]
