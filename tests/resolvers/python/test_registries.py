"""What the clients of Python projects are configured for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import Inventory
from bomvet.resolvers.python.registries import PIP_CONF, PIPFILE_SOURCES, PYPROJECT_INDEXES, UV_TOML
from tests.harness import run_resolver

if TYPE_CHECKING:
    from bomvet.plugin import Resolver

INDEX = "https://pypi.packages.example/simple"
OWN = "https://pypi.acme.example/simple"


def read(resolver: Resolver, text: str) -> list[tuple[str, bool, int]]:
    """URL, whether it is the default, and line of each index, in the order of lines."""
    path = resolver.globs[0].removeprefix("**/")
    found = run_resolver(resolver, {path: text}, path)
    assert found == Inventory(registries=found.registries)
    assert {(r.ecosystem, r.scope, r.location.path) for r in found.registries} <= {("pypi", "", path)}
    return sorted([(r.url, r.default, r.location.line) for r in found.registries], key=lambda row: row[2])


def test_pip_conf() -> None:
    """Of any section; values may go on in the next lines."""
    text = (
        "# index-url = https://comment.example\n"
        "[global]\n"
        "index-url = https://user:secret@pypi.packages.example/simple\n"
        "timeout = 60\n"
        "extra_index_url:\n"
        f"    {OWN}\n"
        "    ; not this\n"
        "    https://two.example/simple https://three.example/simple\n"
        "[install]\n"
        "    https://lost.example\n"
        "index-url = ${INDEX}\n"
        "???\n"
        "    https://lost.example\n"
    )
    assert read(PIP_CONF, text) == [
        (INDEX, True, 3),
        (OWN, False, 6),
        ("https://three.example/simple", False, 8),
        ("https://two.example/simple", False, 8),
        ("", True, 11),
    ]


def test_uv_toml() -> None:
    """Indexes and the older options, of uv and of its pip."""
    text = (
        f'index-url = "{INDEX}"\nextra-index-url = ["{OWN}"]\n\n'
        f'[pip]\nextra-index-url = ["{OWN}/pip"]\n\n'
        f'[[index]]\nname = "own"\nurl = "{OWN}/named"\nexplicit = true\n\n'
        f'[[index]]\nurl = "{INDEX}/default"\ndefault = true\n'
    )
    assert read(UV_TOML, text) == [
        (INDEX, True, 1),
        (OWN, False, 2),
        (f"{OWN}/pip", False, 5),
        (f"{OWN}/named", False, 9),
        (f"{INDEX}/default", True, 13),
    ]


def test_pyproject() -> None:
    """The tables of uv, Poetry and PDM."""
    text = (
        f'[[tool.uv.index]]\nurl = "{OWN}/uv"\n'
        f'[[tool.poetry.source]]\nname = "a"\nurl = "{OWN}/a"\n'
        f'[[tool.poetry.source]]\nname = "b"\nurl = "{OWN}/b"\npriority = "supplemental"\n'
        f'[[tool.poetry.source]]\nname = "c"\nurl = "{OWN}/c"\nsecondary = true\n'
        '[[tool.poetry.source]]\nname = "PyPI"\npriority = "primary"\n'
        f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{OWN}/pdm"\n'
    )
    assert read(PYPROJECT_INDEXES, text) == [
        (f"{OWN}/uv", False, 2),
        (f"{OWN}/a", True, 5),
        (f"{OWN}/b", False, 8),
        (f"{OWN}/c", False, 12),
        (f"{OWN}/pdm", True, 19),
    ]
    assert read(PYPROJECT_INDEXES, '[project]\nname = "a"\n') == []


def test_a_manifest_that_cannot_be_read() -> None:
    """Is for its own resolver to tell."""
    assert read(PYPROJECT_INDEXES, "=") == []


def test_pipfile() -> None:
    """The first source is the default."""
    text = f'[[source]]\nurl = "{INDEX}"\nname = "pypi"\n[[source]]\nurl = "https://${{USER}}:${{PW}}@pypi.acme.example/simple"\n'

    assert read(PIPFILE_SOURCES, text) == [(INDEX, True, 2), (OWN, False, 5)]


@pytest.mark.parametrize("resolver", [UV_TOML, PIPFILE_SOURCES], ids=lambda r: r.id)
def test_files_that_are_no_toml(resolver: Resolver) -> None:
    """Are told."""
    with pytest.raises(MalformedError, match="not TOML"):
        read(resolver, "=")


@pytest.mark.parametrize(
    "text",
    [
        "index = 1",
        "index = [1]",
        "[[index]]",
        "index-url = 1",
        "extra-index-url = 1",
        "pip = 1",
        "[[index]]\nurl = []",
        "[[source]]",
        "source = {}",
    ],
)
def test_odd_values(text: str) -> None:
    """Of what has no URL it is known that it is not known."""
    for resolver in (UV_TOML, PIPFILE_SOURCES):
        assert {url for url, _, _ in read(resolver, text)} <= {""}


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "index-url",
                "extra-index-url",
                "=",
                " ",
                "\n",
                "    ",
                "https://u:SECRET@h.example/",
                "[a]",
                "#",
                ";",
                ":",
                "$",
            ]
        ),
        max_size=15,
    )
    .map("".join)
    .map(str.encode)
)
def test_any_bytes(content: bytes) -> None:
    """Never a defect, and never a secret."""
    assert "SECRET" not in repr(run_resolver(PIP_CONF, {"pip.conf": content}, "pip.conf"))
