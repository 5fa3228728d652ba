"""What the user's own package managers are set to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bomvet.clients import own_clients
from bomvet.plugin import Client

PYPI = "https://pypi.packages.example/simple"
NPM = "https://npm.packages.example"
#: `me:pass`
BASIC = (("authorization", "Basic bWU6cGFzcw=="),)


def clients(environ: Mapping[str, str] | None = None, **files: str) -> tuple[Client, ...]:
    """Those of a user with this environment and these files, by the path below the home with `__` for a slash."""
    found = {f"/home/me/{name}": text for name, text in files.items()}
    paths = {"/home/me/npmrc": "/home/me/.npmrc", "/home/me/pip": "/home/me/.config/pip/pip.conf"}
    content = {paths.get(path, path): text.encode() for path, text in found.items()}
    return own_clients(environ or {}, "/home/me", content.get)


def test_nothing_is_set() -> None:
    """Nothing of the user, nothing here."""
    assert clients() == ()


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_the_index_of_the_environment(name: str) -> None:
    """Its password becomes a header, and stands in no URL."""
    assert clients({name: "https://me:pass@pypi.packages.example/simple"}) == (
        Client("pypi", PYPI, default=True, headers=BASIC),
    )


def test_a_token_in_the_place_of_the_user() -> None:
    """Percent signs are undone."""
    (client,) = clients({"PIP_INDEX_URL": "https://to%40ken@pypi.packages.example/simple"})

    assert client.headers == (("authorization", "Basic dG9Aa2VuOg=="),)


def test_further_indexes_are_no_default() -> None:
    """They may be asked about what comes from them, and about nothing else."""
    environ = {
        "PIP_EXTRA_INDEX_URL": "https://a.packages.example https://b.packages.example",
        "UV_INDEX": f"own={PYPI}",
    }

    assert clients(environ) == (
        Client("pypi", "https://a.packages.example", default=False),
        Client("pypi", "https://b.packages.example", default=False),
        Client("pypi", PYPI, default=False),
    )


def test_the_environment_is_stronger_than_a_file() -> None:
    """The weaker default may still be asked about what comes from there."""
    text = f"# mine\n[install]\nindex-url = https://weak.packages.example\n[other]\nindex-url = {NPM}\n"

    assert clients({"PIP_INDEX_URL": PYPI}, pip=text) == (
        Client("pypi", PYPI, default=True),
        Client("pypi", "https://weak.packages.example", default=False),
    )


def test_values_of_several_lines() -> None:
    """As pip reads them."""
    text = (
        "[global]\nextra-index-url =\n    https://a.packages.example\n    https://b.packages.example\n"
        f"\nindex_url: {PYPI}\ntimeout = 3"
    )

    assert clients(pip=text) == (
        Client("pypi", PYPI, default=True),
        Client("pypi", "https://a.packages.example", default=False),
        Client("pypi", "https://b.packages.example", default=False),
    )


def test_pips_files() -> None:
    """The stated file before the user's, that before the machine's; none of them by pip's word for none."""
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return None

    own_clients({"PIP_CONFIG_FILE": "/c/pip.conf", "XDG_CONFIG_HOME": "/x"}, "/h", read)
    own_clients({"PIP_CONFIG_FILE": "/dev/null", "npm_config_userconfig": "/c/npmrc"}, "/h", read)

    assert asked == ["/c/pip.conf", "/x/pip/pip.conf", "/h/.pip/pip.conf", "/etc/pip.conf", "/h/.npmrc", "/c/npmrc"]


def test_npm() -> None:
    """The registry, those of scopes, and the token of each, which no other gets."""
    text = (
        "; mine\n# too\nnonsense\n"
        f"registry={NPM}/\n"
        '@acme:registry = "https://acme.packages.example/npm/"\n'
        "//acme.packages.example/npm/:_authToken=${TOKEN}\n"
    )

    assert clients({"TOKEN": "s3cret"}, npmrc=text) == (
        Client("npm", f"{NPM}/"),
        Client("npm", "https://acme.packages.example/npm/", "@acme", headers=(("authorization", "Bearer s3cret"),)),
    )


@pytest.mark.parametrize(
    ("login", "headers"),
    [
        ("//npm.packages.example/:_authToken=t", (("authorization", "Bearer t"),)),
        ("//npm.packages.example/:_auth=bWU6cGFzcw==", BASIC),
        ("//npm.packages.example/:username=me\n//npm.packages.example/:_password=cGFzcw==", BASIC),
        (
            "//npm.packages.example/:username=me\n//npm.packages.example/:_password=%",
            (("authorization", "Basic bWU6"),),
        ),
        ("//npm.packages.example/:username=me", ()),
        ("//npm.packages.example/:_authToken=a\x07b", ()),
        ("//npm.packages.example/other/:_authToken=t", ()),
        ("//other.packages.example/:_authToken=t", ()),
        ("_authToken=t", ()),
    ],
)
def test_logging_in_to_npm(login: str, headers: tuple[tuple[str, str], ...]) -> None:
    """By what the file says of the registry's own host and path."""
    assert clients({"NPM_CONFIG_REGISTRY": f"{NPM}/"}, npmrc=login) == (Client("npm", f"{NPM}/", headers=headers),)


def test_the_longest_path_logs_in() -> None:
    """A registry below another has its own token, else that above."""
    text = "//npm.packages.example/:_authToken=top\n//npm.packages.example/a/:_authToken=a"
    found = [clients({"NPM_CONFIG_REGISTRY": f"{NPM}/{path}"}, npmrc=text)[0].headers for path in ("a/b", "c")]

    assert found == [(("authorization", "Bearer a"),), (("authorization", "Bearer top"),)]


@pytest.mark.parametrize("text", ["file:///srv/wheels", "ftp://pypi.packages.example", "simple", "https://[bad"])
def test_no_web_address(text: str) -> None:
    """Nothing is asked there."""
    assert clients({"PIP_INDEX_URL": text}) == ()


def test_the_same_registry_twice() -> None:
    """Once, by the stronger word."""
    assert clients({"PIP_INDEX_URL": f"{PYPI}/", "UV_INDEX": PYPI}) == (Client("pypi", f"{PYPI}/"),)


def test_a_client_shows_no_secret() -> None:
    """Its text may stand in an error message."""
    (client,) = clients({"PIP_INDEX_URL": "https://me:pass@pypi.packages.example/simple"})

    assert repr(client) == f"Client(pypi, {PYPI}, all)"
    assert repr(client._replace(scope="@acme")) == f"Client(pypi, {PYPI}, @acme)"
