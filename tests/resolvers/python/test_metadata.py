"""Core metadata: headers, requirements, people, licences, and what is none of these."""

from __future__ import annotations

from email import message_from_string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Reference

from bomvet.model.inventory import Contact, Licence
from bomvet.resolvers.python import _metadata
from bomvet.resolvers.python._metadata import (
    Metadata,
    Requirement,
    licences,
    read_metadata,
    read_requires_txt,
    requirement,
)

FULL = """\
Metadata-Version: 2.4
Name: Some.Thing
Version: 1.0
Summary: What
\tit is
Author: A. Uthor
Author-email: a@packages.example
Maintainer: Nobody
License-Expression: MIT
classifier: Topic :: Other
Requires-Dist: b>=1
Requires-Dist: C_c[x, Y.y] ; python_version < "3"
Requires-Dist: ???
Requires-Python: >=3.8
Dynamic: Requires-Dist

Name: of the description
Requires-Dist: none
"""


def test_headers() -> None:
    """What the headers state, with the lines of the requirements; the description is not looked at."""
    assert read_metadata(FULL.encode()) == Metadata(
        name="Some.Thing",
        version="1.0",
        line=2,
        summary="What it is",
        suppliers=(Contact(name="A. Uthor", email="a@packages.example"),),
        licences=(Licence(expression="MIT"),),
        requires=(
            Requirement("b", (), "", "b>=1", 11),
            Requirement("c-c", ("x", "y-y"), 'python_version < "3"', 'C_c[x, Y.y] ; python_version < "3"', 12),
        ),
        requires_python=">=3.8",
        dynamic=frozenset({"requires-dist"}),
        metadata_version="2.4",
        problems=((13, "a requirement is not understood"),),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("", "", ())),
        (b"\xef\xbb\xbfName: a\nVersion: 1", ("a", "1", ())),
        (b"Name: a\r\nVersion: 1\r\n\r\nName: b\r\n", ("a", "1", ())),
        (b"NAME:a\nversion:   1\n", ("a", "1", ())),
        (b"Name: a\nName: b\nVersion: 1\nVersion: 2\n", ("a", "1", ())),
        (b"Name: a\nwhat is this\nVersion: 1\n", ("a", "", ((2, "a line that is no header ends them"),))),
        (b"Name: \xff\nVersion: 1\n", ("\ufffd", "1", ())),
        (b"\n\nName: a", ("", "", ())),
    ],
)
def test_forms(data: bytes, expected: tuple[str, str, tuple[tuple[int, str], ...]]) -> None:
    """Line ends, marks, letter case, encodings; a line that is no header ends the headers, as for e-mail."""
    found = read_metadata(data)

    assert (found.name, found.version, found.problems) == expected


@pytest.mark.parametrize(
    ("headers", "people"),
    [
        ("Author-email: A <a@x.example>, b@x.example", [("A", "a@x.example"), ("", "b@x.example")]),
        ('Author-email: "Doe, J." <j@x.example>', [("Doe, J.", "j@x.example")]),
        ("Author: A\nAuthor-email: a@x.example", [("A", "a@x.example")]),
        (
            "Author: A, B\nAuthor-email: a@x.example, b@x.example",
            [("A, B", ""), ("", "a@x.example"), ("", "b@x.example")],
        ),
        ("Author: A\nAuthor-email: B <b@x.example>", [("B", "b@x.example")]),
        ("Author: A", [("A", "")]),
        ("Author: UNKNOWN\nAuthor-email: UNKNOWN\nMaintainer: M", [("M", "")]),
        ("Author-email: b@x.example, A <not finished", [("", "b@x.example"), ("A <not finished", "")]),
        ("Author-email: <>", []),
        ("Author: UNKNOWN", []),
        ("Author-email: " + "a@x.example," * 50, [("", "a@x.example")]),
    ],
)
def test_people(headers: str, people: list[tuple[str, str]]) -> None:
    """Authors, else maintainers; one name and one address are one person."""
    found = read_metadata(f"Name: a\n{headers}\n".encode()).suppliers

    assert [(person.name, person.email) for person in found] == people


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a>=1",
        "a (>=1,<2)",
        "a[x,y]>1; extra == 'z'",
        "a @ https://files.packages.example/a;b.whl ; python_version < '3'",
        "a[x]@file:///a",
        "A.b-c_d~=1.0 ; os_name=='nt'",
        "a;extra=='x'",
    ],
)
def test_requirements(text: str) -> None:
    """Names, extras and markers are those that the reference finds."""
    found, reference = requirement(text), Reference(text)
    assert found is not None

    assert found.name.replace("-", "") == reference.name.lower().replace(".", "").replace("-", "").replace("_", "")
    assert set(found.extras) == reference.extras
    assert bool(found.marker) == (reference.marker is not None)


@pytest.mark.parametrize("text", ["", "-a", "a-", "a[x", "a b", "[x]", "a 1.0", "*", "a,b"])
def test_no_requirements(text: str) -> None:
    """What names nothing is none."""
    assert requirement(text) is None


NAMES = st.sampled_from(["a", "B.b", "c_-d", "x1", "1", "", "-", "é"])
PARTS = st.lists(
    st.sampled_from(["[x]", "[x,y]", ">=1", " ", ";", "extra=='x'", "(", ")", "@", "u:", ",", "<2"]), max_size=6
)


@settings(deadline=None, max_examples=400)
@given(NAMES, PARTS.map("".join))
def test_what_the_reference_takes_is_taken(name: str, rest: str) -> None:
    """Whatever is a requirement is read as one."""
    try:
        Reference(name + rest)
    except InvalidRequirement:
        return
    assert requirement(name + rest) is not None


def test_requires_txt() -> None:
    """Sections are extras and markers; markers of lines count too."""
    text = "a>=1\n# no\nb; os_name == 'nt'\n\n[x]\nc\n[Y_y:python_version<'3']\nd; os_name == 'nt' or os_name == 'x'\n[:os_name=='z']\ne\n???\n"

    assert read_requires_txt(text.encode()) == (
        (
            Requirement("a", (), "", "a>=1", 1),
            Requirement("b", (), "os_name == 'nt'", "b; os_name == 'nt'", 3),
            Requirement("c", (), 'extra == "x"', "c", 6),
            Requirement(
                "d",
                (),
                "(os_name == 'nt' or os_name == 'x') and (python_version<'3') and extra == \"y-y\"",
                "d; os_name == 'nt' or os_name == 'x'",
                8,
            ),
            Requirement("e", (), "os_name=='z'", "e", 10),
        ),
        ((11, "a requirement is not understood"),),
    )


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of requirements beyond all measure the rest is not read, and that is told."""
    monkeypatch.setattr(_metadata, "_MOST", 2)
    found = read_metadata(b"Name: a\nRequires-Dist: b\nRequires-Dist: ???\nRequires-Dist: c\nRequires-Dist: d\n")
    reason = "more than 20,000 requirements: the rest was not read"

    assert found.problems == ((3, "a requirement is not understood"), (4, reason))
    assert read_requires_txt(b"a\nb\nc\nd\n")[1] == ((3, reason),)


OSI = "License :: OSI Approved :: "


def named(*names: str, meant: str = "") -> tuple[Licence, ...]:
    """Words, and what they mean."""
    return (*map(_word, names), *((Licence(expression=meant, concluded=True),) if meant else ()))


def _word(name: str) -> Licence:
    return Licence(name=name)


@pytest.mark.parametrize(
    ("text", "classifiers", "files", "expected"),
    [
        ("", ["MIT License"], [], named("MIT License", meant="MIT")),
        ("MIT", ["MIT License"], [], (Licence(expression="MIT"),)),
        ("BSD-3-Clause", ["BSD License"], ["LICENSE"], (Licence(expression="BSD-3-Clause"),)),
        ("Apache 2.0", ["Apache Software License"], [], named("Apache 2.0", meant="Apache-2.0")),
        ("BSD", ["BSD License"], [], named("BSD")),
        ("", ["BSD License"], [], named("BSD License")),
        ("", ["MIT License", "Apache Software License"], [], named("Apache Software License", "MIT License")),
        ("BSD-3-Clause", ["MIT License"], [], (*named("MIT License"), Licence(expression="BSD-3-Clause"))),
        ("GPL-3.0-only", ["GNU General Public License v3 (GPLv3)"], [], (Licence(expression="GPL-3.0-only"),)),
        ("MIT OR Apache-2.0", ["MIT License", "Apache Software License"], [], (Licence(expression="MIT OR Apache-2.0"),)),
        ("Ours", ["MIT License"], [], (*named("MIT License", "Ours"), Licence(expression="MIT", concluded=True))),
        (f"{OSI}ISC License (ISCL)", [], [], named("ISC License (ISCL)", meant="ISC")),
        ("UNKNOWN", [], ["LICENSE.txt", "NOTICE"], named("SEE LICENSE IN LICENSE.txt", "SEE LICENSE IN NOTICE")),
        ("a\nb\nc\nd", [], ["COPYING"], named("SEE LICENSE IN COPYING")),
        ("a\nb\nc\nd", [], [], named("see licence text")),
        ("a\nb\nc\nd", ["BSD License"], [], named("BSD License")),
        ("", [], [], ()),
    ],
)  # fmt: skip
def test_licences(text: str, classifiers: list[str], files: list[str], expected: tuple[Licence, ...]) -> None:
    """The field, the classifiers where they say more or something else, and the files where nothing else is said."""
    found = licences(text=text, classifiers=[OSI + name for name in classifiers], files=files)

    assert found == tuple(sorted(expected))


def test_an_expression_is_all() -> None:
    """Beside an expression nothing counts; what is none stays text; classifiers without terms say nothing."""
    both = {"text": "BSD", "classifiers": [f"{OSI}ISC License (ISCL)"]}

    assert licences(expression="mit", **both) == (Licence(expression="MIT"),)  # type: ignore[arg-type]
    assert licences(expression="Ours") == (Licence(name="Ours"),)
    assert licences(classifiers=["License :: OSI Approved", "Topic :: Licences"]) == ()


LINES = st.lists(
    st.sampled_from(
        [
            *FULL.splitlines(),
            "",
            " folded",
            "\t",
            "Name:",
            "Requires-Dist: a[",
            "License: x\n y\n\n z",
            ":",
            "é: b",
        ]
    ),
    max_size=20,
).map("\n".join)


@settings(deadline=None, max_examples=300)
@given(st.one_of(LINES.map(str.encode), st.binary(max_size=300)))
def test_any_bytes_are_read(data: bytes) -> None:
    """Nothing raises, and name and version are those that an e-mail parser finds."""
    found = read_metadata(data)
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if text.isprintable() or all(char.isprintable() or char in "\n\t" for char in text):
        message = message_from_string(text)
        for value, key in ((found.name, "Name"), (found.version, "Version")):
            assert value == " ".join(str(message.get(key, "")).split())
