"""A comparison as text, as JSON and as Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.diff import Aspect, Described, Diff, Side, compare
from bomvet.model.inventory import Component, Distribution, Hash, Inventory, Licence, Location, Scope, Unknown
from bomvet.model.purl import project_purl, pypi_purl
from bomvet.plugin import RenderOptions
from bomvet.reports._diff import FORMATS, MAX_MARKDOWN, code

RENDER = {item.id: item.render for item in FORMATS}


def package(name: str, version: str, digit: str = "", **fields: Any) -> Component:
    """A Python package with one file."""
    url = f"https://files.packages.example/{name}-{version}.tar.gz"
    files = (Distribution(url=url, hashes=(Hash(algorithm="sha256", value=digit * 64),)),) if digit else ()
    return Component(purl=pypi_purl(name, version), name=name, version=version, distributions=files, **fields)


def side(*components: Component, version: str, source: str, unknown: str = "") -> Described:
    """A side whose project is called shop."""
    root = Component(purl=project_purl("shop", version, ""), name="shop", version=version, directory="")
    unknowns = (Unknown(location=Location(path="go.mod"), resolver="x", reason=unknown),) if unknown else ()
    inventory = Inventory.merge([Inventory(root=root, components=components, unknowns=unknowns)])
    return Described(source=source, kind="dir", inventory=inventory)


MIT = (Licence(expression="MIT"),)
PLACE = (Location(path="uv.lock", line=7),)
BEFORE = side(
    package("gone", "1.0", "1", licences=MIT, scope=Scope.DEV),
    package("moved", "1.0", "1"),
    package("same", "3.0", "a"),
    package("down", "2.0", licences=MIT),
    version="1.0",
    source="old.json",
)
AFTER = side(
    package("fresh", "0.1", "2", locations=PLACE),
    package("moved", "1.1", "2", locations=PLACE),
    package("same", "3.0", "b"),
    package("down", "1.0", licences=(Licence(expression="GPL-3.0-only"),)),
    version="1.0",
    source="shop",
    unknown="it is not read",
)


def order(_: str, version: str) -> float:
    """Plain numbers."""
    return float(version)


FOUND = compare(BEFORE, AFTER, tool="1", order=order)
EMPTY = compare(BEFORE, BEFORE, tool="1")


def rendered(name: str, diff: Diff) -> str:
    """The text of a format."""
    return RENDER[name](diff, RenderOptions()).decode()


def test_table() -> None:
    """What alarms comes first; a line per change, and one for each further thing that changed."""
    assert rendered("table", FOUND) == (
        "shop@1.0 (old.json) → shop@1.0\n"
        "1 of the same version with other content, 1 added, 1 removed, 2 changed\n"
        "\n"
        "Same version, other content (1)\n"
        "  ! same  3.0  pypi\n"
        "      content: same-3.0.tar.gz sha256:aaaaaaaaaaaa… → same-3.0.tar.gz sha256:bbbbbbbbbbbb…\n"
        "\n"
        "Added (1)\n"
        "  + fresh  0.1  pypi  uv.lock:7\n"
        "\n"
        "Removed (1)\n"
        "  - gone  1.0  pypi  dev  MIT\n"
        "\n"
        "Changed (2)\n"
        "  ~ down   2.0 → 1.0 (downgrade)  pypi\n"
        "      licence: MIT → GPL-3.0-only\n"
        "  ~ moved  1.0 → 1.1              pypi  uv.lock:7\n"
        "\n"
        "Not established after: go.mod: it is not read\n"
    )


def test_markdown() -> None:
    """The same as tables, everything from files in code spans."""
    assert rendered("markdown", FOUND) == (
        "### Components: `shop@1.0 (old.json)` → `shop@1.0`\n"
        "\n"
        "1 of the same version with other content, 1 added, 1 removed, 2 changed.\n"
        "\n"
        "#### Same version, other content (1)\n"
        "\n"
        "| Package | Before | After | What |\n"
        "| --- | --- | --- | --- |\n"
        "| `same` pypi | `3.0` | `3.0` | content `same-3.0.tar.gz sha256:aaaaaaaaaaaa…` →"
        " `same-3.0.tar.gz sha256:bbbbbbbbbbbb…` |\n"
        "\n"
        "#### Added (1)\n"
        "\n"
        "| Package | Version | What |\n"
        "| --- | --- | --- |\n"
        "| `fresh` pypi | `0.1` |  |\n"
        "\n"
        "#### Removed (1)\n"
        "\n"
        "| Package | Version | What |\n"
        "| --- | --- | --- |\n"
        "| `gone` pypi | `1.0` | `dev`, `MIT` |\n"
        "\n"
        "#### Changed (2)\n"
        "\n"
        "| Package | Before | After | What |\n"
        "| --- | --- | --- | --- |\n"
        "| `down` pypi | `2.0` | `1.0` | downgrade<br>licence `MIT` → `GPL-3.0-only` |\n"
        "| `moved` pypi | `1.0` | `1.1` | upgrade |\n"
        "\n"
        "> Not established after: `go.mod: it is not read`\n"
    )


def test_json() -> None:
    """The versioned document."""
    text = rendered("json", FOUND)

    assert (json.loads(text), text[-1]) == (FOUND.to_dict(), "\n")


def test_no_differences() -> None:
    """Is said."""
    assert rendered("table", EMPTY) == "shop@1.0 (old.json) → shop@1.0 (old.json)\nNo differences\n"
    assert rendered("markdown", EMPTY).endswith("\n\nNo differences.\n")


def test_what_could_not_be_compared() -> None:
    """Is said in both."""
    diff = replace(EMPTY, not_compared=(Aspect.HASHES, Aspect.SCOPE))
    note = "Not compared, since only one side states any: "

    assert rendered("table", diff).endswith(f"\n{note}hashes, scopes.\n")
    assert rendered("markdown", diff).endswith(f"\n> {note}`hashes, scopes.`\n")


def test_a_component_that_is_only_downgraded_in_scope() -> None:
    """The version stands once where it did not change."""
    sides = [side(package("x", "1", scope=scope), version="1", source="a") for scope in (Scope.REQUIRED, Scope.DEV)]

    assert rendered("table", compare(*sides, tool="1")).endswith("  ~ x  1  pypi\n      scope: required → dev\n")


def test_projects_and_versions_that_are_not_stated() -> None:
    """A project is no package of an ecosystem; no version is no blank."""
    lib = Component(purl=project_purl("lib", "", "lib"), name="lib", directory="lib")
    sides = [
        side(replace(lib, version=version), package("x", version), version="1", source="shop") for version in ("", "2")
    ]
    diff = compare(*sides, tool="1")

    assert "  ~ lib  none → 2  project\n  ~ x    none → 2  pypi\n" in rendered("table", diff)
    assert "| `lib` project |  | `2` | changed |" in rendered("markdown", diff)


def test_many_values_are_counted() -> None:
    """Three, and how many more."""
    licences = tuple(Licence(name=f"L{number}") for number in range(5))
    diff = compare(
        side(package("x", "1", licences=(Licence(name="L"),)), version="1", source="a"),
        side(package("x", "1", licences=licences), version="1", source="a"),
        tool="1",
    )
    assert "licence: L → L0, L1, L2, and 2 more\n" in rendered("table", diff)


def test_a_comment_holds_it() -> None:
    """Markdown is cut where a comment would be refused, and says how much it leaves out."""
    many = [package(f"package-{number:05}", "1.0") for number in range(5000)]
    text = rendered("markdown", compare(side(version="1", source="a"), side(*many, version="1", source="a"), tool="1"))
    rows = len(re.findall(r"^\| `", text, re.MULTILINE))

    assert 50_000 < len(text) < MAX_MARKDOWN + 200
    assert text.endswith(f"\n\n… and {5000 - rows:,} more: `-f json` has all.\n")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a", "`a`"),
        ("", ""),
        (" ", ""),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``x", "``` ``x ```"),
        ("a|b", "`a\\|b`"),
        ("a\nb", "`a�b`"),
        ("@scope/x", "`@scope/x`"),
    ],
)
def test_code_spans(text: str, span: str) -> None:
    """A span ends where it ends, also in a table."""
    assert code(text) == span


HOSTILE = st.text(st.sampled_from("`|\\<>[]()*_#@!~&\n\r\x1b:- ab"), min_size=1, max_size=12)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_leaves_its_place(name: str, version: str, licence: str) -> None:
    """Outside of code spans stands nothing but our own words, and a change stays one row of its table."""
    odd = Component(purl=f"x {name}", name=name, version=version, licences=(Licence(name=licence),))
    diff = compare(side(version="1", source=name), side(odd, version="1", source=version), tool="1")
    text = rendered("markdown", diff)
    spans = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
    bare = spans.sub("", text)

    assert re.sub(r"[ \n,|#.→:()-]|shop@1|Components|Added|added|Package|Version|What|[01]", "", bare) == ""
    assert "\x1b" not in rendered("table", diff)
    (row,) = [line for line in text.splitlines() if line.startswith(("| `", "|  |"))][-1:]
    assert len(re.findall(r"(?<!\\)\|", row)) == 4


def test_unknown_sides_are_told_in_full_in_the_document() -> None:
    """A side has its questions in every format."""
    assert FOUND.after == Side(
        name="shop@1.0", source="shop", kind="dir", components=4, not_established=("go.mod: it is not read",)
    )
