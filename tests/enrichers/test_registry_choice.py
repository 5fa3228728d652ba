"""Which registry is asked, if any."""

from __future__ import annotations

import pytest

from bomvet.enrichers._registry_choice import Choice, Chooser, may_be_asked, public_registry
from bomvet.model.inventory import Component, Location, Registry
from bomvet.plugin import Client, Context
from tests.harness import NOW

NPM, ACME, PYPI = "https://npm.packages.example", "https://acme.packages.example/npm", "https://pypi.packages.example"
LOGIN = (("authorization", "Bearer t"),)


def package(purl: str, *stated: str, path: str = "package-lock.json") -> Component:
    """A component of which the lock states these registries."""
    properties = tuple(("bomvet:registry", url) for url in stated)
    places = (Location(path=path),) if path else ()
    return Component(purl=purl, name="a", version="1", properties=properties, locations=places)


def configured(
    url: str, *, path: str = ".npmrc", scope: str = "", ecosystem: str = "npm", default: bool = True
) -> Registry:
    """What a file in the tree says."""
    place = Location(path=path)
    return Registry(ecosystem=ecosystem, url=url, scope=scope, default=default and not scope, location=place)


def choose(
    component: Component, *registries: Registry, clients: tuple[Client, ...] = (), policy: tuple[str, ...] = ()
) -> Choice | str:
    """The choice."""
    context = Context(now=NOW, clients=clients, registries=policy)
    return Chooser(registries, context).choose(component)


def url(choice: Choice | str) -> str:
    """Where it leads."""
    assert isinstance(choice, Choice), choice
    return choice.url


# -- nothing is said -------------------------------------------------------------------------------------------


def test_the_users_own_registry() -> None:
    """That of the scope before that for all, each with its own login; a guess, since the lock says nothing."""
    clients = (Client("npm", f"{NPM}/", headers=LOGIN), Client("npm", ACME, "@acme"))

    assert choose(package("pkg:npm/a@1"), clients=clients) == Choice(f"{NPM}/a", "npm.packages.example", False, LOGIN)
    assert choose(package("pkg:npm/%40acme/a@1"), clients=clients) == Choice(
        f"{ACME}/@acme%2Fa", "acme.packages.example", False, ()
    )
    assert url(choose(package("pkg:npm/%40other/a@1"), clients=clients)) == f"{NPM}/@other%2Fa"


def test_the_public_one() -> None:
    """Where the user has set none, or only further ones."""
    clients = (Client("pypi", PYPI, default=False), Client("npm", NPM))

    assert url(choose(package("pkg:pypi/A.b@1"), clients=clients)) == f"{public_registry('pypi')}/a-b/"


# -- the lock says where it is from ----------------------------------------------------------------------------


def test_a_lock_leads_nowhere() -> None:
    """Whoever can write it is not to decide where we connect."""
    hostile = "https://me:pass@inside.packages.example/admin"

    assert choose(package("pkg:npm/a@1", hostile)) == (
        "https://inside.packages.example/admin was not asked: neither your package managers nor `registries` name it"
    )


def test_a_private_package_is_not_told_to_the_public_registry() -> None:
    """Not by a lock, not by a qualifier, and not by the project's configuration."""
    clients = (Client("npm", NPM),)
    elsewhere = "https://own.packages.example"
    reason = f"{elsewhere} was not asked: neither your package managers nor `registries` name it"

    assert choose(package("pkg:npm/a@1", elsewhere), clients=clients) == reason
    assert choose(package(f"pkg:npm/a@1?repository_url={elsewhere}"), clients=clients) == reason
    assert choose(package("pkg:npm/a@1"), configured(elsewhere), clients=clients) == reason


def test_a_registry_of_the_users() -> None:
    """Is asked, with the login, whatever the case of the host and the slash at its end; the lock is sure of it."""
    client = Client("npm", f"{ACME}/", "@acme", headers=LOGIN)

    assert choose(package("pkg:npm/a@1", "http://ACME.packages.example/npm"), clients=(client,)) == Choice(
        f"{ACME}/a", "acme.packages.example", True, LOGIN
    )


def test_a_login_is_for_one_ecosystem_and_path() -> None:
    """Another path of the same host may be somebody else's."""
    client = Client("npm", ACME, headers=LOGIN)

    for subject in (package("pkg:npm/a@1", "https://acme.packages.example"), package("pkg:pypi/a@1", ACME)):
        assert isinstance(choose(subject, clients=(client,)), str)


def test_a_mirror_stands_in_for_the_public_registry() -> None:
    """A lock that states the public one is installed from the mirror that the user has set."""
    subject = package("pkg:npm/a@1", f"{public_registry('npm')}/")

    assert url(choose(subject)) == f"{public_registry('npm')}/a"
    assert url(choose(subject, clients=(Client("npm", NPM),))) == f"{NPM}/a"


def test_the_first_that_may_be_asked() -> None:
    """Of several."""
    subject = package("pkg:npm/a@1", "https://own.packages.example", NPM)

    assert url(choose(subject, clients=(Client("npm", NPM),))) == f"{NPM}/a"


# -- the policy ------------------------------------------------------------------------------------------------


def test_the_policy_names_registries() -> None:
    """They are asked about what comes from there, without any login."""
    assert choose(package("pkg:npm/a@1", f"{ACME}/"), policy=(ACME,)) == Choice(
        f"{ACME}/a", "acme.packages.example", True, ()
    )


@pytest.mark.parametrize(
    "named",
    [
        "http://acme.packages.example",
        "https://localhost",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://registry",
        "https://nexus.internal/npm",
        "https://nexus.internal:8443/npm",
        "https://0x7f.1",
    ],
)
def test_the_policy_leads_to_no_address_of_the_inside(named: str) -> None:
    """It lies in the scanned tree, and may be a stranger's."""
    reason = f"{named} was not asked: the policy may name https:// on the internet alone"

    assert choose(package("pkg:npm/a@1", named), policy=(named,)) == reason


def test_the_users_word_leads_inside() -> None:
    """By HTTPS, or by HTTP on the machine itself."""
    found = [
        choose(package("pkg:npm/a@1", where), clients=(Client("npm", where),))
        for where in ("https://nexus", "http://127.0.0.1:8080", "http://nexus")
    ]

    assert [url(choice) for choice in found[:2]] == ["https://nexus/a", "http://127.0.0.1:8080/a"]
    assert found[2] == "http://nexus was not asked: it is no https:// URL"


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        ("https://a.example", True),
        ("http://localhost:4873/npm", True),
        ("http://[::1]:80", True),
        ("http://127.1.2.3", True),
        ("http://127.0.0.1.packages.example", False),
        ("http://localhost.packages.example", False),
        ("file:///etc", False),
        ("", False),
    ],
)
def test_what_may_be_asked(where: str, allowed: bool) -> None:  # noqa: FBT001 - of a table
    """Nothing that others can listen to."""
    assert may_be_asked(where) is allowed


# -- the project's configuration -------------------------------------------------------------------------------


def test_the_configuration_of_the_project() -> None:
    """What applies in the folder of the lock; a scope's own before all others; what only adds one changes nothing."""
    clients = (Client("npm", NPM), Client("npm", ACME, "@acme"), Client("pypi", PYPI))
    registries = (
        configured(ACME, scope="@acme"),
        configured("https://own.packages.example", path="b/.npmrc"),
        configured("https://more.packages.example", path="pyproject.toml", ecosystem="pypi", default=False),
        configured("https://pip.packages.example", path="ci/pip.conf", ecosystem="pypi", default=False),
    )

    def found(purl: str, path: str) -> str:
        return url(choose(package(purl, path=path), *registries, clients=clients))

    assert found("pkg:npm/%40acme/a@1", "x/y/package-lock.json") == f"{ACME}/@acme%2Fa"
    assert found("pkg:npm/a@1", "package-lock.json") == f"{NPM}/a"
    assert found("pkg:npm/a@1", "") == f"{NPM}/a"
    assert found("pkg:pypi/a@1", "uv.lock") == f"{PYPI}/a/"
    assert isinstance(choose(package("pkg:npm/a@1", path="b/c/yarn.lock"), *registries, clients=clients), str)


def test_what_is_left_to_the_environment() -> None:
    """Is the user's own."""
    assert url(choose(package("pkg:npm/a@1"), configured(""), clients=(Client("npm", NPM),))) == f"{NPM}/a"


def test_pips_configuration_applies_wherever_it_lies() -> None:
    """Pip looks for it in no project."""
    own = configured(PYPI, path="ci/pip.conf", ecosystem="pypi")

    assert url(choose(package("pkg:pypi/a@1"), own, clients=(Client("pypi", PYPI),))) == f"{PYPI}/a/"


# -- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:npm/..@1",
        "pkg:npm/.@1",
        "pkg:npm/%2e%2e%2fadmin@1",
        "pkg:npm/a%3fb@1",
        "pkg:npm/%40..%2f..%2fx/a@1",
        "pkg:npm/a/b@1",
        f"pkg:npm/{'a' * 215}@1",
        "pkg:pypi/..@1",
        "pkg:pypi/a%2fb@1",
        "pkg:pypi/-@1",
        "pkg:pypi/%0d%0aHost:x@1",
    ],
)
def test_no_name_leads_to_another_page(purl: str) -> None:
    """A registry can have no package of such a name, and is not asked."""
    assert choose(package(purl)) == "a registry cannot have a package of this name"


@pytest.mark.parametrize(
    ("purl", "page"),
    [("pkg:npm/JSONStream@1", "JSONStream"), ("pkg:npm/lodash.get@1", "lodash.get"), ("pkg:npm/a!@1", "a%21")],
)
def test_names_as_registries_have_them(purl: str, page: str) -> None:
    """In their own letter case."""
    assert url(choose(package(purl), clients=(Client("npm", NPM),))) == f"{NPM}/{page}"
