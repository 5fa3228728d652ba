"""Names of what statements are about."""

from __future__ import annotations

import pytest

from bomvet.provenance.names import same_name, subject_key

SAME = {
    "an sdist's separators and letter case": ("Foo-Bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"),
    "an sdist's version": ("foo-1.0beta1.tar.gz", "foo-1.0b1.tar.gz"),
    "an sdist as a zip": ("foo.bar-1.zip", "foo_bar-1.0.zip"),
    "a wheel's name and version": ("Foo.Bar-1.0.0-py3-none-any.whl", "foo_bar-1-py3-none-any.whl"),
    "a wheel's compressed tags": (
        "spt3g-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "spt3g-1.0-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    ),
    "a wheel's build number": ("foo-1.0-01x-py3-none-any.whl", "foo-1.0-1x-py3-none-any.whl"),
    "an npm scope": ("pkg:npm/%40acme/widget@1.0.0", "pkg:npm/@acme/widget@1.0.0"),
    "anything else": ("packages.example/image", "packages.example/image"),
}
OTHER = {
    "another version": ("foo-1.0.tar.gz", "foo-1.1.tar.gz"),
    "another archive": ("foo-1.0.tar.gz", "foo-1.0.zip"),
    "a wheel's other tags": ("foo-1.0-py3-none-any.whl", "foo-1.0-py2.py3-none-any.whl"),
    "a wheel with a build number": ("foo-1.0-py3-none-any.whl", "foo-1.0-1-py3-none-any.whl"),
    "a wheel of another build": ("foo-1.0-1a-py3-none-any.whl", "foo-1.0-1b-py3-none-any.whl"),
    "a wheel and an sdist": ("foo-1.0-py3-none-any.whl", "foo-1.0.tar.gz"),
    "a suffix in capitals": ("foo-1.0.tar.gz", "foo-1.0.TAR.GZ"),
    "another npm package": ("pkg:npm/%40acme/widget@1.0.0", "pkg:npm/widget@1.0.0"),
    "another npm version": ("pkg:npm/widget@1.0.0", "pkg:npm/widget@1.0.1"),
    "letter case of npm": ("pkg:npm/widget@1.0.0", "pkg:npm/Widget@1.0.0"),
    "a purl with qualifiers": ("pkg:npm/widget@1.0.0", "pkg:npm/widget@1.0.0?x=y"),
    "a purl with a subpath": ("pkg:npm/widget@1.0.0", "pkg:npm/widget@1.0.0#x"),
    "no version": ("pkg:npm/widget@1.0.0", "pkg:npm/widget"),
    "letter case of anything else": ("Image", "image"),
}
#: Names that are no distribution's; with another spelling they are another name.
MALFORMED = [
    ("foo-bar-1.0-py3-none-any.whl", "foo-Bar-1.0-py3-none-any.whl"),
    ("foo__bar-1.0-py3-none-any.whl", "foo_bar-1.0-py3-none-any.whl"),
    ("foo-charmander-py3-none-any.whl", "Foo-charmander-py3-none-any.whl"),
    ("foo-1.0-x1-py3-none-any.whl", "Foo-1.0-x1-py3-none-any.whl"),
    ("foo-1.0-py3-none-.whl", "Foo-1.0-py3-none-.whl"),
    ("foo.whl", "Foo.whl"),
    ("foo-charmander.tar.gz", "Foo-charmander.tar.gz"),
    ("-1.0.tar.gz", "_-1.0.tar.gz"),
    ("x" * 1001 + "-1.0.tar.gz", "X" * 1001 + "-1.0.tar.gz"),
]


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_spellings_of_a_name_are_the_same(one: str, other: str) -> None:
    """As PEP 740 and npm have it."""
    assert same_name(one)(other)
    assert same_name(other)(one)


@pytest.mark.parametrize(("one", "other"), [*OTHER.values(), *MALFORMED])
def test_other_names_are_not(one: str, other: str) -> None:
    """Least of all those that are malformed, which are the same as themselves alone."""
    assert not same_name(one)(other)
    assert not same_name(other)(one)
    assert same_name(one)(one)


def test_no_name_is_mistaken_for_a_key() -> None:
    """What is no known form has a mark of its own."""
    key = subject_key("foo-1.0.tar.gz")
    assert key == "sdist.tar.gz foo 1"
    assert subject_key(key) == "=sdist.tar.gz foo 1"
