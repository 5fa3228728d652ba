"""Releases by locks and registries."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import Any

import pytest

from bomvet.enrichers._registry_choice import public_registry
from bomvet.enrichers.registry import REGISTRY
from bomvet.model.facts import AdvisoryAnswer, Facts, Release, ReleaseAnswer, Standing
from bomvet.model.inventory import Component, Distribution, Inventory
from bomvet.model.records import replace
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Client, Context, Request, Response
from tests.harness import NOW, FakeHttp

PYPI = "https://pypi.packages.example/simple"
NPM = "https://npm.packages.example"
HOST = {"pypi": "pypi.packages.example", "npm": "npm.packages.example"}
CLIENTS = (Client("pypi", PYPI), Client("npm", NPM))
OLD, NEW = "2025-01-01T00:00:00Z", "2026-11-22T12:00:00Z"


def package(purl: str, *uploaded: str, **properties: str) -> Component:
    """A component with files of these times and with properties of `bomvet:`."""
    name, _, version = purl.partition("?")[0].rpartition("/")[2].partition("@")
    files = tuple(Distribution(url=f"https://f.packages.example/{n}", uploaded=u) for n, u in enumerate(uploaded))
    pairs = tuple((f"bomvet:{key.replace('_', '-')}", value) for key, value in properties.items())
    return Component(purl=purl, name=name, version=version, distributions=files, properties=pairs)


def context(http: FakeHttp | None = None, *, cool_down: int = 0, ask: bool = False) -> Context:
    """At the moment of the tests, with a user whose clients are set to our registries."""
    return Context(now=NOW, http=http, cool_down=cool_down, ask_registries=ask, clients=CLIENTS)


def releases(where: Context, *components: Component, facts: Facts | None = None) -> dict[str, ReleaseAnswer]:
    """The answers by purl."""
    found = REGISTRY.enrich(Inventory(components=components), facts or Facts(), where)
    assert found.status == PluginStatus(id="registry", status=Status.OK)
    return dict(found.facts.releases)


def release(where: Context, component: Component, facts: Facts | None = None) -> ReleaseAnswer:
    """The one answer."""
    (answer,) = releases(where, component, facts=facts).values()
    return answer


def from_lock(**fields: Any) -> ReleaseAnswer:
    """What a lock says."""
    return ReleaseAnswer(standing=Standing.KNOWN, release=Release(**fields), source="lock")


# -- the lock --------------------------------------------------------------------------------------------------


def test_times_of_the_lock() -> None:
    """The first file's counts, whatever the zone that it is stated in; nothing is asked."""
    subject = package("pkg:pypi/a@1", "2026-11-20T13:00:00+02:00", "2026-11-20T12:00:00.123Z")

    assert release(context(), subject) == from_lock(uploaded="2026-11-20T13:00:00+02:00", age=4)


@pytest.mark.parametrize(
    ("uploaded", "age", "cooling"),
    [
        ("2026-11-17T12:00:01Z", 6, 1),
        ("2026-11-17T12:00:00Z", 7, 0),
        ("2026-11-24", 0, 7),
        ("2027-01-01T00:00:00Z", 0, 7),
        ("0001-01-01T00:00:00Z", 739943, 0),
    ],
)
def test_cooling_down(uploaded: str, age: int, cooling: int) -> None:
    """In full days, to the second; what is from the future is new."""
    found = release(context(cool_down=7), package("pkg:pypi/a@1", uploaded))

    assert found == from_lock(uploaded=uploaded, age=age, cooling=cooling)


def test_a_security_fix_does_not_have_to_wait() -> None:
    """What it fixes is told; without a cool-down, or once it is old, there is nothing to tell."""
    fixes = AdvisoryAnswer(standing=Standing.ABSENT, fixes=("GHSA-1", "PYSEC-2"))
    facts = Facts(advisories=MappingProxyType({"pkg:pypi/a@1": fixes}))
    subject = package("pkg:pypi/a@1", NEW)

    assert release(context(cool_down=7), subject, facts) == from_lock(uploaded=NEW, age=2, exempt=("GHSA-1", "PYSEC-2"))
    assert release(context(cool_down=2), subject, facts) == from_lock(uploaded=NEW, age=2)


@pytest.mark.parametrize(("note", "words"), [("true", "-"), ("use b", "use b")])
def test_what_a_lock_says_is_deprecated(note: str, words: str) -> None:
    """In the maintainers' words, or without."""
    assert release(context(), package("pkg:npm/a@1", deprecated=note)) == from_lock(deprecated=words)


@pytest.mark.parametrize(
    "component",
    [
        package("pkg:pypi/a@1", "yesterday"),
        package("pkg:pypi/a@1", "99999-01-01"),
        package("pkg:pypi/a@1"),
        package("pkg:pypi/a@1?vcs_url=git%2Bhttps://git.example/a@0", NEW),
        package("pkg:npm/a@1?download_url=https://f.example/a.tgz", deprecated="x"),
        package("pkg:npm/a@1", bundled="true", deprecated="x"),
        package("pkg:conda/a@1", NEW),
        package("pkg:npm/a@1", link="true"),
        replace(package("pkg:npm/a@1", deprecated="x"), directory="a"),
    ],
)
def test_nothing_to_say(component: Component) -> None:
    """No time or note, what comes from no registry, and what is no package of one: nothing is said of them."""
    assert releases(context(), component) == {}


# -- whether anybody is asked ----------------------------------------------------------------------------------


def test_nobody_is_asked_unless_it_is_wanted() -> None:
    """Neither without a wish, nor with a cool-down where the lock has the time."""
    http = FakeHttp()

    releases(context(http), package("pkg:pypi/a@1"), package("pkg:npm/a@1"))
    releases(context(http, cool_down=7), package("pkg:pypi/a@1?extra=1", OLD))

    assert http.requests == []


def test_offline() -> None:
    """What the lock leaves open stays open, for a reason; what it says is kept."""
    found = releases(
        context(cool_down=7),
        package("pkg:pypi/a@1", OLD),
        package("pkg:npm/b@1"),
        package("pkg:npm/c@1", deprecated="x"),
    )

    reason = "the registry was not asked: this run is offline"
    assert found == {
        "pkg:npm/b@1": ReleaseAnswer(standing=Standing.NOT_ESTABLISHED, reason=reason),
        "pkg:npm/c@1": ReleaseAnswer(
            standing=Standing.NOT_ESTABLISHED, release=Release(deprecated="x"), source="lock", reason=reason
        ),
        "pkg:pypi/a@1": from_lock(uploaded=OLD, age=692),
    }


def test_without_a_version() -> None:
    """There is nothing to ask about."""
    http = FakeHttp()

    assert release(context(http, ask=True), package("pkg:pypi/a")) == ReleaseAnswer(
        standing=Standing.NOT_ESTABLISHED, reason="the version is not known"
    )
    assert http.requests == []


def test_no_endless_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that states more packages than any project has does not keep the network busy."""
    monkeypatch.setattr("bomvet.enrichers.registry._MOST_QUESTIONS", 1)
    http = FakeHttp()

    found = releases(context(http, ask=True), *(package(f"pkg:npm/{name}") for name in ("a@1", "b@1", "a@2")))

    assert [request.url for request in http.requests] == [f"{NPM}/a"]
    assert found["pkg:npm/b@1"].reason == "no more than 1 packages are asked about"


# -- PyPI ------------------------------------------------------------------------------------------------------


def project(*files: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A page of an index."""
    return {"meta": {"api-version": "1.4"}, "name": "a", "files": list(files), **more}


def wheel(version: str, uploaded: str = OLD, *, yanked: bool | str = False) -> dict[str, Any]:
    """A file on it."""
    return {"filename": f"a-{version}-py3-none-any.whl", "upload-time": uploaded, "yanked": yanked}


def test_an_index() -> None:
    """One request per project in the format that has times, whatever number of its releases there is."""
    http = FakeHttp({f"{PYPI}/a/": project(wheel("1.0"), wheel("2.0", NEW, yanked="bad build"), wheel("3.0rc1"))})

    found = releases(context(http, ask=True, cool_down=7), package("pkg:pypi/a@1.0"), package("pkg:pypi/a@2.0"))

    accept = (("accept", "application/vnd.pypi.simple.v1+json"),)
    assert http.requests == [Request(f"{PYPI}/a/", headers=accept, limit=32 * 1024 * 1024)]
    known = ReleaseAnswer(standing=Standing.KNOWN, source=HOST["pypi"])
    both = Release(status="active", latest="1.0")
    assert found == {
        "pkg:pypi/a@1.0": replace(known, release=replace(both, uploaded=OLD, age=692)),
        "pkg:pypi/a@2.0": replace(known, release=replace(both, uploaded=NEW, age=2, cooling=5, yanked="bad build")),
    }


def test_the_registry_is_believed_before_the_lock() -> None:
    """It may have been edited; where the registry tells no time, the lock's is better than none."""
    page = project({"filename": "a-2-py3-none-any.whl"}, wheel("1", NEW))
    http = FakeHttp({f"{PYPI}/a/": page})

    found = releases(context(http, ask=True, cool_down=7), package("pkg:pypi/a@1", OLD), package("pkg:pypi/a@2", OLD))

    uploads = {purl: (a.standing, a.source, a.reason, a.release and a.release.uploaded) for purl, a in found.items()}
    assert uploads == {
        "pkg:pypi/a@1": (Standing.KNOWN, HOST["pypi"], "", NEW),
        "pkg:pypi/a@2": (Standing.KNOWN, HOST["pypi"], "", OLD),
    }


def test_an_index_without_times() -> None:
    """Leaves the age open where a cool-down needs it, and is enough otherwise."""
    http = FakeHttp({f"{PYPI}/a/": project({"filename": "a-1.tar.gz", "yanked": True})})
    subject = package("pkg:pypi/a@1")
    known = Release(status="active", yanked="-")

    assert release(context(http, ask=True), subject) == ReleaseAnswer(
        standing=Standing.KNOWN, release=known, source=HOST["pypi"]
    )
    assert release(context(http, cool_down=7), subject) == ReleaseAnswer(
        standing=Standing.NOT_ESTABLISHED,
        release=known,
        source=HOST["pypi"],
        reason="pypi.packages.example does not say when it was released",
    )


def test_a_release_that_is_gone() -> None:
    """Known to be absent where the package is from that registry; a version of one's own make may be in none."""
    page = project(wheel("1"), **{"project-status": {"status": "quarantined", "reason": "malware"}})
    http = FakeHttp({f"{PYPI}/a/": page})

    found = releases(
        context(http, ask=True),
        package("pkg:pypi/a@2", registry=PYPI),
        package("pkg:pypi/a@3"),
        package("pkg:pypi/a@1+own", registry=PYPI),
    )

    state = Release(status="quarantined", status_reason="malware", latest="1")
    absent = ReleaseAnswer(
        standing=Standing.ABSENT, release=state, source=HOST["pypi"], reason=f"{HOST['pypi']} has no such release"
    )
    unsure = replace(absent, standing=Standing.NOT_ESTABLISHED)
    assert found == {
        "pkg:pypi/a@1+own": unsure,
        "pkg:pypi/a@2": absent,
        "pkg:pypi/a@3": unsure,
    }


def test_a_package_that_is_gone() -> None:
    """Absent where the lock says that it is from there, and one's own otherwise."""
    http = FakeHttp({f"{PYPI}/b/": Response(410)})

    found = releases(
        context(http, ask=True), package("pkg:pypi/a@1", OLD, registry=PYPI), package("pkg:pypi/b@1"),
    )  # fmt: skip

    assert found == {
        "pkg:pypi/a@1": ReleaseAnswer(
            standing=Standing.ABSENT,
            release=Release(uploaded=OLD, age=692),
            source="lock",
            reason="pypi.packages.example has no package a",
        ),
        "pkg:pypi/b@1": ReleaseAnswer(
            standing=Standing.NOT_ESTABLISHED, source=HOST["pypi"], reason="pypi.packages.example has no package b"
        ),
    }


# -- npm -------------------------------------------------------------------------------------------------------


def packument(changed: str = "", **times: str) -> dict[str, Any]:
    """A page of a registry; with `changed` the short one."""
    versions = {key.replace("_", "."): {"deprecated": "use b"} for key in times}
    page: dict[str, Any] = {"name": "a", "dist-tags": {"latest": "9"}, "versions": versions}
    if changed:
        return {**page, "modified": changed}
    return {
        **page,
        "time": {key.replace("_", "."): time for key, time in times.items()},
        "maintainers": [{"name": "me"}],
    }


def test_npm_in_full() -> None:
    """Where all is wanted, the page that has all is asked for."""
    http = FakeHttp({f"{NPM}/@s%2Fa": packument(v1=NEW)})

    found = release(context(http, ask=True), package("pkg:npm/%40s/a@v1"))

    assert http.requests == [
        Request(f"{NPM}/@s%2Fa", headers=(("accept", "application/json"),), limit=32 * 1024 * 1024)
    ]
    assert found == ReleaseAnswer(
        standing=Standing.KNOWN,
        release=Release(uploaded=NEW, age=2, deprecated="use b", maintainers=("me",), latest="9"),
        source=HOST["npm"],
    )


def test_a_short_page_is_enough_for_what_has_not_changed() -> None:
    """A cool-down alone asks for the small page; nothing on it can be newer than its last change."""
    http = FakeHttp({f"{NPM}/a": packument(OLD, v1="")})

    found = release(context(http, cool_down=7), package("pkg:npm/a@v1"))

    assert [dict(request.headers)["accept"] for request in http.requests] == ["application/vnd.npm.install-v1+json"]
    assert found == ReleaseAnswer(
        standing=Standing.KNOWN, release=Release(deprecated="use b", latest="9"), source=HOST["npm"]
    )


@pytest.mark.parametrize("changed", [NEW, "never"])
def test_the_full_page_of_what_has_changed_lately(changed: str) -> None:
    """Once for all releases of the package."""
    http = FakeHttp({f"{NPM}/a": [packument(changed, v1="", v2="", v3=""), packument(v1=OLD, v2=NEW)]})

    subjects = [package(f"pkg:npm/a@v{n}", registry=NPM) for n in (1, 2, 3)]
    found = releases(context(http, cool_down=7), *subjects)

    assert [dict(request.headers)["accept"] for request in http.requests] == [
        "application/vnd.npm.install-v1+json",
        "application/json",
    ]
    assert {purl: (a.standing, a.release and a.release.cooling) for purl, a in found.items()} == {
        "pkg:npm/a@v1": (Standing.KNOWN, 0),
        "pkg:npm/a@v2": (Standing.KNOWN, 5),
        "pkg:npm/a@v3": (Standing.ABSENT, 0),
    }


def test_a_full_page_without_times() -> None:
    """Some mirrors leave them out: the age stays open."""
    http = FakeHttp({f"{NPM}/a": packument(NEW, v1="")})

    found = release(context(http, cool_down=7), package("pkg:npm/a@v1"))

    assert (found.standing, found.reason) == (
        Standing.NOT_ESTABLISHED,
        "npm.packages.example does not say when it was released",
    )


# -- what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OSError("x timed out"), "the registry could not be asked: x timed out"),
        (Response(401), "npm.packages.example answers with status 401"),
        (b"<html>", "the answer of npm.packages.example cannot be read: it is no JSON"),
        ([[]], "the answer of npm.packages.example cannot be read: it is no JSON object"),
        ({"files": []}, "the answer of npm.packages.example cannot be read: it has no versions"),
    ],
)
def test_no_answer_is_no_good_news(answer: object, reason: str) -> None:
    """Not established, for a reason."""
    http = FakeHttp({f"{NPM}/a": answer})

    assert release(context(http, ask=True), package("pkg:npm/a@1")) == ReleaseAnswer(
        standing=Standing.NOT_ESTABLISHED, reason=reason
    )


def test_the_public_registry() -> None:
    """Where the user has set nothing, the purl library says which it is."""
    http = FakeHttp()
    where = Context(now=NOW, http=http, ask_registries=True)

    releases(where, package("pkg:npm/a@1"), package("pkg:pypi/A_b@1"))

    assert [request.url for request in http.requests] == [
        f"{public_registry('npm')}/a",
        f"{public_registry('pypi')}/a-b/",
    ]


def test_what_is_asked_carries_the_users_login() -> None:
    """To the registry that it is for."""
    http = FakeHttp()
    login = (("authorization", "Bearer t"),)
    where = Context(now=NOW, http=http, ask_registries=True, clients=(Client("npm", NPM, headers=login),))

    releases(where, package("pkg:npm/a@1"), package("pkg:pypi/b@1"))

    assert [request.headers[1:] for request in http.requests] == [login, ()]


def test_age_needs_no_cool_down() -> None:
    """A clock in another zone changes nothing."""
    where = Context(now=NOW.astimezone(dt.timezone(dt.timedelta(hours=9))))

    assert release(where, package("pkg:pypi/a@1", NEW)) == from_lock(uploaded=NEW, age=2)
