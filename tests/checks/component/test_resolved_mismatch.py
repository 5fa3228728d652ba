"""Lock entries that lead to files of something else."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from bomvet.checks.component.resolved_mismatch import RESOLVED_MISMATCH
from bomvet.model.facts import Facts, Severity, SourceAnswer
from bomvet.model.finding import Finding
from bomvet.model.inventory import Component, Confidence, Distribution, Location
from bomvet.model.purl import npm_purl, pypi_purl
from tests.harness import run_check

NPM = "https://npm.packages.example"
FILES = "https://files.packages.example/aa/bb"


def component(purl: str, name: str, version: str, *urls: str, **fields: Any) -> Component:
    """A package whose files have these URLs."""
    files = tuple(Distribution(url=url) for url in urls)
    return Component(purl=purl, name=name, version=version, distributions=files, **fields)


def npm(url: str, name: str = "left-pad", version: str = "1.3.0", **qualifiers: str) -> Component:
    """A package of npm."""
    return component(npm_purl(name, version, qualifiers), name, version, url)


def pypi(url: str, name: str = "typing-extensions", version: str = "4.12.0", **qualifiers: str) -> Component:
    """A Python package."""
    return component(pypi_purl(name, version, qualifiers), name, version, url)


def evidence(subject: Component) -> list[str]:
    """What is said of the files."""
    return [text for finding in run_check(RESOLVED_MISMATCH, subject) for text in finding.evidence]


def test_a_whole_finding() -> None:
    """With all URLs that are wrong, and where to look."""
    urls = (f"{NPM}/evil/-/evil-1.3.0.tgz", f"{NPM}/left-pad/-/left-pad-1.3.0.tgz")
    place = (Location(path="package-lock.json", line=7),)
    subject = component("pkg:npm/left-pad@1.3.0", "left-pad", "1.3.0", *urls, locations=place)
    answer = SourceAnswer(hosts=("odd.example",))
    facts = Facts(sources=MappingProxyType({subject.purl: answer}))

    assert run_check(RESOLVED_MISMATCH, subject, facts) == [
        Finding(
            rule="resolved-mismatch",
            subject="pkg:npm/left-pad@1.3.0",
            severity=Severity.HIGH,
            message=(
                "What is installed as left-pad@1.3.0 is not that: "
                f"{NPM}/evil/-/evil-1.3.0.tgz is a file of evil, odd.example has files of no other package of that "
                "registry"
            ),
            locations=place,
            evidence=(
                f"{NPM}/evil/-/evil-1.3.0.tgz is a file of evil",
                "odd.example has files of no other package of that registry",
            ),
            remediation=(
                "Do not install from this lock. Look who changed the entry of left-pad, restore the lock file "
                "from a state you trust, and let the package manager write the entry anew."
            ),
        )
    ]


def test_a_host_alone() -> None:
    """Is less sure than a name."""
    subject = pypi(f"{FILES}/typing_extensions-4.12.0.tar.gz")
    facts = Facts(sources=MappingProxyType({subject.purl: SourceAnswer(hosts=("odd.example",))}))

    assert [f.confidence for f in run_check(RESOLVED_MISMATCH, subject, facts)] == [Confidence.MEDIUM]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (npm(f"{NPM}/evil/-/evil-1.3.0.tgz"), "is a file of evil"),
        (npm(f"{NPM}/@evil/left-pad/-/left-pad-1.3.0.tgz"), "is a file of @evil/left-pad"),
        (npm(f"{NPM}/jsonstream/-/jsonstream-1.3.5.tgz", "JSONStream", "1.3.5"), "is a file of jsonstream"),
        (npm(f"{NPM}/left-pad/-/left-pad-1.2.0.tgz"), "is version 1.2.0"),
        (npm(f"{NPM}/@s%2fx/-/x-2.0.0.tgz", "@s/x", "1.0.0"), "is version 2.0.0"),
        (pypi(f"{FILES}/evil-4.12.0-py3-none-any.whl"), "is a file of evil"),
        (pypi(f"{FILES}/typing_extensions-4.11.0-py3-none-any.whl"), "is version 4.11.0"),
        (pypi(f"{FILES}/evil-4.12.0.tar.gz"), "is no file of typing-extensions"),
        (pypi(f"{FILES}/typing_extensions-4.11.0.tar.gz"), "is version 4.11.0"),
        (pypi(f"{FILES}/evil-1-py3-none-any.whl", download_url=f"{FILES}/x"), "is a file of evil"),
    ],
)
def test_files_of_something_else(subject: Component, text: str) -> None:
    """Another name in the path, or another version in the file name."""
    assert evidence(subject) == [f"{subject.distributions[0].url} {text}"]


@pytest.mark.parametrize(
    "subject",
    [
        npm(f"{NPM}/left-pad/-/left-pad-1.3.0.tgz"),
        npm(f"{NPM}/npm/left-pad/-/left-pad-1.3.0.tgz"),
        npm(f"{NPM}/left-pad/-/v1.3.0.tgz"),
        npm(f"{NPM}/left-pad/-/left-pad-v1.3.0.tgz?cache=1#sha"),
        npm(f"{NPM}/x/-/x-1.0.0+build.tgz", "x", "1.0.0"),
        npm(f"{NPM}/@s/x/-/@s/x-1.0.0.tgz", "@s/x", "1.0.0"),
        npm(f"{NPM}/JSONStream/-/JSONStream-1.3.5.tgz", "JSONStream", "1.3.5"),
        npm(f"{NPM}/left-pad/-/left-pad-1.3.0.tgz", version=""),
        npm("https://codeload.packages.example/evil/tar.gz/main"),
        npm(f"{NPM}/evil/-/evil-1.3.0.tgz", download_url="https://x.example"),
        pypi(f"{FILES}/typing_extensions-4.12.0-py3-none-any.whl"),
        pypi(f"{FILES}/typing_extensions-4.12-1-py3-none-any.whl"),
        pypi(f"{FILES}/Typing.Extensions-4.12.0.zip"),
        pypi(f"{FILES}/typing-extensions-4.12.tar.gz"),
        pypi(f"{FILES}/torch-2.1.0%2Bcu118-cp311-cp311-linux_x86_64.whl", "torch", "2.1.0+cu118"),
        pypi(f"{FILES}/x-1.0_1-py3-none-any.whl", "x", "1.0.post1"),
        pypi(f"{FILES}/x-odd-py3-none-any.whl", "x", "1.0"),
        pypi(f"{FILES}/x-1.0.tar.gz", "x", "odd"),
        pypi(f"{FILES}/x-1.0-py2.7.egg", "x", "2.0"),
        pypi(f"{FILES}/x-1.0.whl", "x", "2.0"),
        pypi(f"{FILES}/x.tar.gz", "x", "2.0"),
        pypi(f"{FILES}/typing-extensions-4.12.0.tar.gz", version=""),
        pypi(f"{FILES}/{'evil-' * 100}1.tar.gz"),
        pypi(f"{FILES}/main.zip", download_url=f"{FILES}/main.zip"),
        pypi(""),
        component("pkg:cargo/x@1", "x", "1", f"{NPM}/evil/-/evil-1.tgz"),
        component("pkg:generic/x@1", "x", "1", f"{NPM}/evil/-/evil-1.tgz", directory=""),
        component("pkg:npm/x@1", "x", "1"),
    ],
)
def test_files_that_are_right_or_say_nothing(subject: Component) -> None:
    """Spellings of names and versions, builds, mirrors, and URLs that name no package."""
    assert evidence(subject) == []
