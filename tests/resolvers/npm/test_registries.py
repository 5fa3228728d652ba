"""What the clients of npm projects are configured for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import Inventory, Location, Registry
from bomvet.resolvers.npm.registries import BUNFIG, NPMRC, YARNRC, YARNRC_YML
from tests.harness import run_resolver

if TYPE_CHECKING:
    from bomvet.plugin import Resolver

NPM = "https://npm.packages.example"


def read(resolver: Resolver, text: str) -> list[tuple[str, str, bool, int]]:
    """Scope, URL, whether it is the default, and line of each registry, in the order of lines."""
    path = resolver.globs[0].removeprefix("**/")
    found = run_resolver(resolver, {path: text}, path)
    assert found == Inventory(registries=found.registries)
    assert {(r.ecosystem, r.location.path) for r in found.registries} <= {("npm", path)}
    return sorted([(r.scope, r.url, r.default, r.location.line) for r in found.registries], key=lambda row: row[3])


def test_npmrc() -> None:
    """The default and those of scopes, and nothing that lets somebody in."""
    text = (
        "; registry=https://comment.example\n"
        "registry = https://user:secret@npm.packages.example/\n"
        '@acme:registry="https://npm.acme.example"\r\n'
        "//npm.acme.example/:_authToken=secret\n"
        "  @other:registry=${OTHER}\n"
        "save-exact=true\n"
        "my-registry=https://no.example\n"
    )
    assert read(NPMRC, text) == [
        ("", f"{NPM}/", True, 2),
        ("@acme", "https://npm.acme.example", False, 3),
        ("@other", "", False, 5),
    ]


def test_sections_are_of_somebody_else() -> None:
    """What stands in one is no setting of npm."""
    assert read(NPMRC, f"[x]\nregistry={NPM}\n") == []


def test_a_registry_in_words() -> None:
    """The whole of it, for the SBOM."""
    found = run_resolver(NPMRC, {"web/.npmrc": f"@acme:registry={NPM}\nregistry=${{R}}"}, "web/.npmrc").registries

    assert found == (
        Registry(ecosystem="npm", url="", default=True, location=Location(path="web/.npmrc", line=2)),
        Registry(ecosystem="npm", url=NPM, scope="@acme", location=Location(path="web/.npmrc", line=1)),
    )
    assert list(map(str, found)) == [
        "npm left to the environment (web/.npmrc:2)",
        f"npm @acme {NPM} (web/.npmrc:1)",
    ]


def test_yarnrc() -> None:
    """Yarn 1 has a blank in place of the sign, and quotes."""
    text = f'# registry "https://comment.example"\nregistry "{NPM}"\n"@acme:registry" "{NPM}/acme"\nlastUpdateCheck 1\n'

    assert read(YARNRC, text) == [("", NPM, True, 2), ("@acme", f"{NPM}/acme", False, 3)]


def test_yarnrc_yml() -> None:
    """The server at the top, and of each scope; others of that name are none of ours."""
    text = (
        f'npmRegistryServer: "{NPM}" # ours\n'
        "npmScopes:\n"
        "  acme:\n"
        "    npmAuthToken: secret\n"
        f"    npmRegistryServer: {NPM}/acme\n"
        "  'other':\n"
        "    npmRegistryServer: ${OTHER}\n"
        "\n"
        "npmRegistries:\n"
        "  //npm.acme.example:\n"
        f"    npmRegistryServer: {NPM}/no\n"
        "npmPublishRegistry: https://no.example\n"
        "nodeLinker: node-modules\n"
    )
    assert read(YARNRC_YML, text) == [
        ("", NPM, True, 1),
        ("@acme", f"{NPM}/acme", False, 5),
        ("@other", "", False, 7),
    ]


def test_yarnrc_yml_without_a_value() -> None:
    """Of a scope it is told that it is not known; at the top it is as if it were not there."""
    assert read(YARNRC_YML, "npmRegistryServer:\nnpmScopes:\n  a:\n    npmRegistryServer:\n") == [("@a", "", False, 4)]


def test_bunfig() -> None:
    """Texts, and tables with what lets somebody in."""
    text = (
        f'[install]\nregistry = {{ url = "{NPM}", token = "secret" }}\n'
        f'[install.scopes]\nacme = "{NPM}/acme"\n"@b" = {{ url = "$B" }}\nc = 1\n'
    )
    assert sorted(read(BUNFIG, text)) == [
        ("", NPM, True, 0),
        ("@acme", f"{NPM}/acme", False, 0),
        ("@b", "", False, 0),
        ("@c", "", False, 0),
    ]
    assert read(BUNFIG, "[test]\ncoverage = true\n") == []


def test_bunfig_that_is_none() -> None:
    """Is told."""
    with pytest.raises(MalformedError, match="not TOML"):
        read(BUNFIG, "=")


PIECES = ["registry", "=", " ", ":", "@a", "https://u:SECRET@h.example/", "npmScopes", "\n", "  ", '"', "[", "]", "$"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=15).map("".join).map(str.encode)


@pytest.mark.parametrize("resolver", [NPMRC, YARNRC, YARNRC_YML, BUNFIG], ids=lambda r: r.id)
@settings(deadline=None, max_examples=60, derandomize=True)
@given(content=st.binary(max_size=60) | TEXTS)
def test_any_bytes(resolver: Resolver, content: bytes) -> None:
    """Never a defect, whatever stands there, and never a secret."""
    path = resolver.globs[0].removeprefix("**/")
    try:
        found = run_resolver(resolver, {path: content}, path)
    except MalformedError:
        return
    assert "SECRET" not in repr(found)
