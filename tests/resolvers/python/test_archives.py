"""Wheels and source distributions as files, and archives that are neither or hostile."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Licence,
    Location,
    RelationKind,
    Relationship,
    Unknown,
)
from bomvet.pipeline import inspect
from bomvet.resolvers.python import _archive
from bomvet.resolvers.python.archives import SDIST, WHEEL
from tests.harness import MemoryTree, component, run_resolver
from tests.wheels import archive, metadata, tarball, wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "dist/some_thing-1.0-py3-none-any.whl"
GZIPPED = "vendor/some_thing-1.0.tar.gz"


def read(path: str, data: bytes, others: Mapping[str, str | bytes] | None = None) -> Inventory:
    """What is found in one archive."""
    resolver = WHEEL if path.endswith(".whl") else SDIST
    return run_resolver(resolver, {path: data, **(others or {})}, path)


def reasons(inventory: Inventory) -> list[str]:
    """Why something was not understood."""
    return [unknown.reason for unknown in inventory.unknowns]


# -- wheels ----------------------------------------------------------------------------------------------------


def test_a_wheel() -> None:
    """What is in the file, and the digest of the file itself; the project of the tree holds it."""
    data = wheel("some_thing", "1.0", "Summary: It is", "License: MIT", "Requires-Dist: b>=1", "Requires-Python: >=3.8")
    found = read(NAME, data)

    purl = "pkg:pypi/some-thing@1.0?file_name=some_thing-1.0-py3-none-any.whl"
    assert component(found, "some-thing") == Component(
        purl=purl,
        name="some-thing",
        version="1.0",
        dependencies=Completeness.INCOMPLETE,
        description="It is",
        licences=(Licence(expression="MIT"),),
        distributions=(
            Distribution(
                url=NAME, hashes=(Hash(algorithm="sha256", value=hashlib.sha256(data).hexdigest()),), size=len(data)
            ),
        ),
        locations=(Location(path=NAME),),
        properties=(("bomvet:requires-dist", "b>=1"), ("bomvet:requires-python", ">=3.8")),
    )
    assert found.relationships == (
        Relationship(
            source="pkg:generic/project", target=purl, kind=RelationKind.CONTAINS, evidence=(Location(path=NAME),)
        ),
    )
    assert found.unknowns == ()


def test_a_wheel_reaches_the_root() -> None:
    """In a scan of the tree the root contains it."""
    found = inspect(MemoryTree({NAME: wheel("some_thing", "1.0")}), resolvers=[WHEEL, SDIST]).inventory
    assert found.root is not None

    assert [(r.source, r.target) for r in found.relationships] == [(found.root.purl, found.components[0].purl)]


def test_what_is_built_into_a_wheel() -> None:
    """SBOMs in it are read (PEP 770); those that cannot be read are told."""
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "zlib", "version": "1.3"}]}
    files = {"sboms/a.json": json.dumps(bom), "sboms/b.xml": "<bom/>"}
    found = read(NAME, wheel("some_thing", "1.0", files=files))

    assert component(found, "zlib").locations == (Location(path=NAME),)
    assert [r.target for r in found.relationships if r.source.startswith("pkg:pypi")] == ["pkg:generic/zlib@1.3"]
    assert [reason[:42] for reason in reasons(found)] == ["an SBOM of the distribution is not read: n"]


def test_an_sbom_that_is_packed_otherwise() -> None:
    """What wheels are not packed with is not unpacked."""
    out = io.BytesIO(wheel("some_thing", "1.0"))
    with zipfile.ZipFile(out, "a") as file:
        file.writestr("some_thing-1.0.dist-info/sboms/a.json", b"{}", compress_type=zipfile.ZIP_LZMA)
    start = "an SBOM of the distribution is not read: some_thing-1.0.dist-info/sboms/a.json is packed"
    assert [reason[: len(start)] for reason in reasons(read(NAME, out.getvalue()))] == [start]


@pytest.mark.parametrize("name", ["x.whl", "a-1.whl", "a-1-py3-none.whl", "a b-1-py3-none-any.whl"])
def test_no_names_of_wheels(name: str) -> None:
    """A file of that ending that cannot be a wheel is refused."""
    with pytest.raises(MalformedError, match="no name of a wheel"):
        read(name, wheel("a", "1"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no zip archive: File is not a zip file"),
        (b"PK\5\6" + b"\0" * 18, "0 folders of metadata in the wheel, where one belongs"),
        (archive({"x.dist-info/METADATA": b""}), "0 folders of metadata in the wheel, where one belongs"),
        (
            archive({"some_thing-1.0.dist-info/METADATA": b"", "Some.Thing-2.dist-info/METADATA": b""}),
            "2 folders of metadata in the wheel, where one belongs",
        ),
    ],
)
def test_no_wheels(data: bytes, reason: str) -> None:
    """What is no zip archive, or not that of a wheel, is refused."""
    with pytest.raises(MalformedError) as caught:
        read(NAME, data)
    assert str(caught.value) == reason


def test_metadata_that_is_not_understood() -> None:
    """It is told, with its line; without a version there is nothing to name."""
    place = Location(path=NAME)
    broken = archive({"some_thing-1.0.dist-info/METADATA": b"Name: some-thing\n"})
    odd = wheel("some_thing", "1.0", "Requires-Dist: ???")

    reason = "the metadata of a distribution state no version: what it is cannot be told"
    assert read(NAME, broken) == Inventory(unknowns=(Unknown(location=place, resolver="python/wheel", reason=reason),))
    assert reasons(read(NAME, odd)) == ["line 4 of its metadata: a requirement is not understood"]


@pytest.mark.parametrize(
    ("path", "name", "version", "called"),
    [
        ("a-1.0-py3-none-any.whl", "a", "1.0", True),
        ("a-1.0-1build-py3-none-any.whl", "A", "1.0", True),
        ("a-2021.1.5-py3-none-any.whl", "a", "2021.01.05", True),
        ("a-1.0_x.1-py3-none-any.whl", "a", "1.0+x.1", True),
        ("a-1.0-py3-none-any.whl", "a", "1.1", False),
        ("a-1.0-py3-none-any.whl", "a", "odd version", False),
        ("a-3b-1.0.tar.gz", "a-3b", "1.0", True),
        ("a.b-1.0.zip", "a_b", "1", True),
        ("a-1.0.tar.gz", "b", "1.0", False),
    ],
)
def test_names_of_files(path: str, name: str, version: str, *, called: bool) -> None:
    """A file whose metadata are those of another distribution is read, and told of."""
    text = metadata(name, version).encode()
    if path.endswith(".whl"):
        data = archive({f"{name}-{version}.dist-info/METADATA": text})
    elif path.endswith(".zip"):
        data = archive({"top/PKG-INFO": text})
    else:
        data = tarball({"top/PKG-INFO": text})

    told = f"its metadata are those of {name.lower().replace('_', '-')} {version}, which the file is not called"
    assert reasons(read(path, data)) == ([] if called else [told])


def test_an_archive_of_the_own_project() -> None:
    """What was built from a project of the tree is of no registry; the project holds it."""
    manifest = '[project]\nname = "Some.Thing"\nversion = "1.0"\n'
    found = read(f"sub/{NAME}", wheel("some_thing", "1.0"), {"sub/pyproject.toml": manifest})

    assert [(r.source, r.target) for r in found.relationships] == [
        ("pkg:generic/some-thing@1.0?path=sub", "pkg:generic/some-thing@1.0?file_name=some_thing-1.0-py3-none-any.whl")
    ]
    assert [c.directory for c in found.components] == [f"sub/{NAME}", "sub"]


# -- source distributions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_source_distribution(format_: int) -> None:
    """What PKG-INFO states, and the digest of the file."""
    data = tarball(
        {f"some_thing-1.0/{'x' * 90}/y.py": "", "some_thing-1.0/PKG-INFO": metadata("some-thing", "1.0")},
        format_=format_,
    )
    found = component(read(GZIPPED, data), "some-thing")

    assert (found.purl, found.dependencies) == (
        "pkg:pypi/some-thing@1.0?file_name=some_thing-1.0.tar.gz",
        Completeness.COMPLETE,
    )
    assert [(d.url, d.source, d.size) for d in found.distributions] == [(GZIPPED, True, len(data))]


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        (metadata("a", "1"), Completeness.COMPLETE),
        (metadata("a", "1", "Dynamic: Requires-Dist"), Completeness.UNKNOWN),
        (metadata("a", "1", "Requires-Dist: b"), Completeness.INCOMPLETE),
        ("Metadata-Version: 1.1\nName: a\nVersion: 1\n", Completeness.UNKNOWN),
        ("Name: a\nVersion: 1\n", Completeness.UNKNOWN),
    ],
)
def test_how_much_a_source_distribution_states(text: str, completeness: Completeness) -> None:
    """Older metadata, and fields that a build fills in, leave open what it asks for."""
    assert component(read("a-1.tar.gz", tarball({"a-1/PKG-INFO": text})), "a").dependencies is completeness


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("data.tar.gz", tarball({"a-1/PKG-INFO": metadata("a", "1")})),
        ("a-1.tar.gz", b""),
        ("a-1.tar.gz", b"no gzip"),
        ("a-1.tar.gz", gzip.compress(b"no tar")),
        ("a-1.tar.gz", gzip.compress(b"x" * 2000)),
        ("a-1.tar.gz", tarball({})),
        ("a-1.tar.gz", tarball({"a-1/x": "y" * 5000, "PKG-INFO": "", "a-1/x/PKG-INFO": "", "../PKG-INFO": ""})),
        ("a-1.tar.gz", tarball({"a-1/PKG-INFO": "Section: of something else\n"})),
        ("a-1.tar.gz", tarball({"a-1/PKG-INFO": metadata("a", "1")})[:-80]),
        ("a-1.zip", b"PK"),
        ("a-1.zip", archive({"x": b""})),
    ],
)
def test_other_archives_are_passed_over(path: str, data: bytes) -> None:
    """What is no source distribution of Python is nothing, whole or not."""
    assert read(path, data) == Inventory()


def test_metadata_of_a_source_distribution_that_name_nothing() -> None:
    """A name without a version is told."""
    found = read("a-1.tar.gz", tarball({"a-1/PKG-INFO": "Name: a\n"}))

    assert reasons(found) == ["the metadata of a distribution state no version: what it is cannot be told"]


# -- hostile archives ------------------------------------------------------------------------------------------


def refused(path: str, data: bytes) -> str:
    """Why an archive is refused."""
    with pytest.raises(MalformedError) as caught:
        read(path, data)
    return str(caught.value)


def test_a_file_that_unpacks_to_too_much() -> None:
    """Bombs are cut off, in either kind of archive."""
    zeros = b"\0" * (17 * 1024 * 1024)
    name = "some_thing-1.0.dist-info/METADATA"

    assert refused(NAME, archive({name: zeros})) == f"{name} is larger than 16,777,216 bytes"
    assert refused(NAME, archive({name: zeros}, zipfile.ZIP_STORED)) == f"{name} is larger than 16,777,216 bytes"
    assert refused(GZIPPED, tarball({"a/PKG-INFO": zeros})) == "a/PKG-INFO is larger than 16,777,216 bytes"


def test_an_archive_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before the file is skipped within bounds."""
    monkeypatch.setattr(_archive, "_MOST_UNPACKED", 1_000_000)
    monkeypatch.setattr(_archive, "_MOST_MEMBERS", 5)

    bytes_ = "more than 1,000,000 bytes in the archive: the rest was not read"
    files = "more than 5 files in the archive: the rest was not read"
    assert refused(GZIPPED, tarball({"a/x": b"\0" * 3_000_000, "a/PKG-INFO": metadata("a", "1")})) == bytes_
    assert refused(GZIPPED, tarball({f"a/{n}": "" for n in range(9)})) == files


def test_a_list_of_files_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of a zip archive is read within bounds."""
    monkeypatch.setattr(_archive, "_MOST_LISTED", 1000)
    data = archive({f"some_thing/{n}": b"" for n in range(50)})

    reason = "no zip archive: its list of files is larger than any that is in use"
    assert refused(NAME, data) == reason


def test_one_name_twice() -> None:
    """Of two files of one name nobody can tell which an installer takes."""
    out = io.BytesIO(wheel("some_thing", "1.0"))
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("some_thing-1.0.dist-info/METADATA", metadata("other", "2"))

    name = "some_thing-1.0.dist-info/METADATA"
    assert refused(NAME, out.getvalue()) == f"{name} is in the archive more than once"


def test_packed_otherwise() -> None:
    """What wheels are not packed with is refused, as is what is encrypted or broken."""
    name = "some_thing-1.0.dist-info/METADATA"
    packed = archive({name: b"Name: a"}, zipfile.ZIP_BZIP2)
    whole = archive({name: b"Name: some-thing\nVersion: 1.0\n"}, zipfile.ZIP_STORED)
    encrypted = whole.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")
    broken = whole.replace(b"Name: some", b"Name: SOME", 1)

    refusal = f"{name} is packed or encrypted in a way that wheels are not"
    assert [refused(NAME, packed), refused(NAME, encrypted)] == [refusal, refusal]
    assert refused(NAME, broken) == f"{name} cannot be unpacked: Bad CRC-32 for file {name!r}"


def header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    """A header of a tar file."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("size", [b"zz", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"77777777777"])
def test_sizes_that_are_none(size: bytes) -> None:
    """A tar file with sizes that are no numbers, or beyond the file, has nothing more."""
    assert read(GZIPPED, gzip.compress(header(b"a/x", size) + header(b"a/PKG-INFO", b"0"))) == Inventory()


def test_a_size_in_binary() -> None:
    """Large sizes are written in binary."""
    text = metadata("some-thing", "1.0").encode()
    size = b"\x80" + struct.pack(">IQ", 0, len(text))[1:]
    data = gzip.compress(header(b"a/PKG-INFO", size) + text.ljust(1024, b"\0"))

    assert component(read(GZIPPED, data), "some-thing").version == "1.0"


def test_links_are_no_files() -> None:
    """A link called PKG-INFO leads nowhere here."""
    assert read(GZIPPED, gzip.compress(header(b"a/PKG-INFO", b"", b"2"))) == Inventory()


WHOLE = {
    NAME: wheel("some_thing", "1.0", files={"sboms/a.json": "{}"}),
    GZIPPED: tarball({"some_thing-1.0/PKG-INFO": metadata("some-thing", "1.0")}),
    "some_thing-1.0.zip": archive({"some_thing-1.0/PKG-INFO": metadata("some-thing", "1.0").encode()}),
}


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from([*WHOLE]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.one_of(st.binary(max_size=4), st.none())), max_size=6),
)
def test_damaged_archives(path: str, damage: list[tuple[float, bytes | None]]) -> None:
    """Whatever stands in an archive, it is read or refused."""
    data = WHOLE[path]
    for place, replacement in damage:
        at = int(place * len(data))
        data = data[:at] if replacement is None else data[:at] + replacement + data[at + len(replacement) :]
    try:
        found = read(path, data)
    except BomvetError:
        return
    purls = {c.purl for c in found.components}
    assert {end for r in found.relationships for end in (r.source, r.target)} <= purls


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=1600))
def test_any_bytes_as_a_tar_file(data: bytes) -> None:
    """Nothing raises."""
    assert _archive.first_in_tar(gzip.compress(data, 0), lambda _: False) is None
