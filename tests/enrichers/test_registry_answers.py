"""Pages of registries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.enrichers._registry_answers import read_page
from bomvet.model.facts import Release

KEYS = [
    "name", "files", "versions", "time", "1", "filename", "upload-time", "yanked", "deprecated", "maintainers",
    "dist-tags", "latest", "project-status", "status", "reason", "modified",
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def pypi(*files: dict[str, Any], version: str = "1", **more: Any) -> Release | None:
    """What an index with these files says of a release."""
    document = {"name": "My.Project", "files": list(files), **more}
    return read_page("pypi", json.dumps(document).encode()).release(version)


def npm(version: str = "1", **document: Any) -> Release | None:
    """What a registry says of a release."""
    return read_page("npm", json.dumps(document).encode()).release(version)


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("my_project-1.0-py3-none-any.whl", "1"),
        ("My.Project-1.0-7-py3-none-any.whl", "1"),
        ("my-project-1.0.tar.gz", "1"),
        ("my_project-1.0.post1.zip", "1.post1"),
        ("my-project-1.0-1.tar.gz", "1.0.post1"),
        ("my-project-1.0-beta-2.tgz", "1b2"),
        ("my_project-1!2+local.tar.bz2", "1!2+local"),
        ("renamed-1.0.tar.gz", "1"),
        ("my-project-odd.tar.gz", "odd"),
    ],
)
def test_versions_of_files(filename: str, version: str) -> None:
    """By the forms of names that indexes have, old ones too."""
    assert pypi({"filename": filename}, version=version) is not None


@pytest.mark.parametrize(
    "filename", ["my-project-1.txt", "1-py3-none-any.whl", "a-1-py3-none-any-more-and-more.whl", "", ".tar.gz", "1.zip"]
)
def test_what_tells_no_version(filename: str) -> None:
    """Is a file of no release that is asked about."""
    assert pypi({"filename": filename}, version="2") is None


def test_yanked_as_a_whole() -> None:
    """As pip takes it: all files, or the release is not."""
    files: list[dict[str, Any]] = [
        {"filename": "my_project-1.tar.gz", "yanked": True},
        {"filename": "my_project-1-py3-none-any.whl", "yanked": " broken\nwheel "},
        {"filename": "my_project-2.tar.gz", "yanked": "broken"},
        {"filename": "my_project-2-py3-none-any.whl", "yanked": False},
        {"filename": "my_project-3.tar.gz", "yanked": ""},
        {"filename": "my_project-4.tar.gz", "yanked": True},
        {"filename": "my_project-5.tar.gz", "yanked": " "},
    ]
    found = {version: pypi(*files, version=version) for version in "12345"}

    assert {version: release and release.yanked for version, release in found.items()} == {
        "1": "broken wheel",
        "2": "",
        "3": "",
        "4": "-",
        "5": "-",
    }


def test_the_first_upload() -> None:
    """Of all files of the release."""
    files = [
        {"filename": "my_project-1.0.tar.gz", "upload-time": "2026-02-01T00:00:00Z"},
        {"filename": "my_project-1-py3-none-any.whl", "upload-time": "2026-01-01T00:00:00.5Z"},
        {"filename": "my_project-1-py3-none-win.whl"},
        {"filename": "my_project-2.tar.gz", "upload-time": "2020-01-01T00:00:00Z"},
    ]

    assert pypi(*files) == Release(uploaded="2026-01-01T00:00:00.5Z", status="active", latest="2")


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        ({"1.9": False, "1.10.0": False, "2.0rc1": False, "3.0": "bad"}, "1.10.0"),
        ({"1.0rc1": False, "1.0rc2": False}, "1.0rc2"),
        ({"1": True, "odd": False}, ""),
    ],
)
def test_the_newest_release(versions: dict[str, object], latest: str) -> None:
    """That is final and not yanked; else the newest that is not yanked."""
    files = [{"filename": f"my_project-{version}.tar.gz", "yanked": y} for version, y in versions.items()]

    assert read_page("pypi", json.dumps({"name": "my-project", "files": files}).encode()).project().latest == latest


@pytest.mark.parametrize(
    ("stated", "status", "reason"),
    [
        ({"status": "archived"}, "archived", ""),
        ({"status": "quarantined", "reason": "x" * 400}, "quarantined", "x" * 297 + "..."),
        ({"status": "deprecated", "reason": "use other"}, "deprecated", "use other"),
        ({"status": "new-word"}, "active", ""),
        ("archived", "active", ""),
        (None, "active", ""),
    ],
)
def test_the_status_of_a_project(stated: object, status: str, reason: str) -> None:
    """In the words of PEP 792; what is none of them is none that we know, and no status is active."""
    more: dict[str, Any] = {"project-status": stated}
    found = pypi({"filename": "my_project-1.zip"}, **more)

    assert found == Release(status=status, status_reason=reason, latest="1")


def test_npm() -> None:
    """What a version says of itself stands before what is said of the package."""
    document = {
        "dist-tags": {"latest": "2"},
        "time": {"1": "2026-01-01T00:00:00.000Z"},
        "maintainers": [{"name": "all", "email": "all@packages.example"}],
        "versions": {
            "1": {"deprecated": "use\n other", "maintainers": [{"name": "me", "email": "x"}, "you <y@x>", 7, {}]},
            "2": {"deprecated": False},
            "3": {"deprecated": True},
            "4": {"deprecated": ""},
            "5": "odd",
        },
    }

    found = {version: npm(version, **document) for version in "123456"}

    assert found == {
        "1": Release(
            uploaded="2026-01-01T00:00:00.000Z", deprecated="use other", maintainers=("me", "you"), latest="2"
        ),
        "2": Release(maintainers=("all",), latest="2"),
        "3": Release(deprecated="-", maintainers=("all",), latest="2"),
        "4": Release(maintainers=("all",), latest="2"),
        "5": None,
        "6": None,
    }


@pytest.mark.parametrize(
    ("latest", "status"),
    [("0.0.1-security", "quarantined"), ("0.0.2-security.1", "quarantined"), ("1.0.1-security", ""), (None, "")],
)
def test_names_that_npm_holds(latest: object, status: str) -> None:
    """Npm puts a release of its own in the place of a package that it removed."""
    document = {"dist-tags": {"latest": latest}, "versions": {}}

    assert read_page("npm", json.dumps(document).encode()).project().status == status


@given(st.sampled_from(["pypi", "npm"]), st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_page(ecosystem: str, document: dict[str, Any]) -> None:
    """Whatever a registry answers gives texts of one bounded line, or is refused in plain words."""
    key, kind = {"pypi": ("files", list), "npm": ("versions", dict)}[ecosystem]
    body = json.dumps(document).encode()
    if not isinstance(document.get(key), kind):
        with pytest.raises(ValueError, match=f"^it has no {key}$"):
            read_page(ecosystem, body)
        return
    page = read_page(ecosystem, body)
    found = page.release("1") or page.project()

    for text in (found.uploaded, found.yanked, found.deprecated, found.status_reason, found.latest, *found.maintainers):
        assert isinstance(text, str)
        assert len(text) <= 300
        assert text == " ".join(text.split())
