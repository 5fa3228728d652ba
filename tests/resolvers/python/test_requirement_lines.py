"""Requirements files as statements: pip's rules for text, lines, options and requirements."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import Hash
from bomvet.model.text import shown
from bomvet.resolvers.python._requirement_lines import (
    Include,
    Problem,
    Requirement,
    Statements,
    decoded,
    file_version,
    read_statements,
)

A, B, C = "a" * 64, "b" * 64, "c" * 128


def sha256(value: str) -> Hash:
    """A digest."""
    return Hash(algorithm="sha256", value=value)


def read(text: str) -> Statements:
    """The statements of a file of `text`."""
    return read_statements(text.encode())


def one(text: str) -> Requirement:
    """The only requirement of `text`, which holds nothing else."""
    statements = read(text)
    assert (len(statements.requirements), statements.includes, statements.problems) == (1, [], [])
    return statements.requirements[0]


def problems(text: str) -> list[tuple[int, str]]:
    """Line and reason of each problem."""
    return [(p.line, p.reason) for p in read(text).problems]


# -- text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "a==1 # é".encode(),
        b"\xef\xbb\xbfa==1 # \xc3\xa9",
        b"\xff\xfe" + "a==1 # é".encode("utf-16-le"),
        b"\xfe\xff" + "a==1 # é".encode("utf-16-be"),
        b"\xff\xfe\0\0" + "a==1 # é".encode("utf-32-le"),
        b"\0\0\xfe\xff" + "a==1 # é".encode("utf-32-be"),
        "a==1 # é".encode("latin-1"),
    ],
)
def test_encodings(data: bytes) -> None:
    """A byte order mark says how the text is encoded; without one it is UTF-8, and Latin-1 where it is not that."""
    assert decoded(data) == "a==1 # é"


@pytest.mark.parametrize(
    ("first", "encoding"),
    [("# -*- coding: latin-1 -*-", "latin-1"), ("#coding=cp1252", "cp1252"), ("# x\n# vim: fileencoding=utf-16-le :", "")],
)  # fmt: skip
def test_coding_comments(first: str, encoding: str) -> None:
    """A coding comment in the first two lines names the encoding (PEP 263)."""
    data = f"{first}\na==1 # €é".encode(encoding or "utf-8", "replace")
    expected = data.decode(encoding or "utf-16-le", "replace")

    assert decoded(data) == expected


def test_a_coding_comment_further_down_is_none() -> None:
    """Only the first two lines count, and only lines that start with the sign."""
    assert decoded("\n\n# coding: ascii\né".encode())[-1] == "é"
    assert decoded(" # coding: ascii\né".encode())[-1] == "é"


@pytest.mark.parametrize(
    "encoding",
    ["no-such", "rot13", "hex", "base64", "zlib", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined",
     "a" * 500],
)  # fmt: skip
def test_no_text_encodings(encoding: str) -> None:
    """A coding comment that names no encoding of text makes the file unreadable, and the message stays short."""
    with pytest.raises(MalformedError) as caught:
        read(f"# coding: {encoding}\na==1")

    assert str(caught.value) == f"the coding comment names {encoding[:40]!r}, which is no text encoding"
    assert caught.value.line == 1


def test_halves_of_characters_are_replaced() -> None:
    """Text that no report could be encoded with does not come in through UTF-7."""
    assert decoded(b"# coding: utf-7\n+2AA-") == "# coding: utf-7\n?"


def test_undecodable_text_is_replaced() -> None:
    """Bytes that a stated encoding does not know are replaced, so that the rest is read."""
    assert decoded(b"# coding: ascii\na==1 # \xff") == "# coding: ascii\na==1 # �"


# -- lines -----------------------------------------------------------------------------------------------------

LINES = [
    ("a==1", [(1, "a==1")], "one line"),
    ("\n\n  a==1  \n", [(3, "a==1")], "blanks around do not matter"),
    ("a==1\r\nb==1\r", [(1, "a==1"), (2, "b==1")], "any line end"),
    ("# a\n  # b\na==1", [(3, "a==1")], "comment lines"),
    ("a==1 # x", [(1, "a==1")], "a comment after a requirement"),
    ("a==1\t# x # y", [(1, "a==1")], "after a tab"),
    ("a @ https://h.packages.example/a.zip#x", [(1, "a @ https://h.packages.example/a.zip#x")], "no blank, no comment"),
    ("a\\\n==1", [(1, "a==1")], "a line that goes on"),
    ("\n\na \\\n  == \\\n  1\nb==1", [(3, "a   ==   1"), (6, "b==1")], "over several lines, counted from the first"),
    (
        "a==1 \\\n# x \\\nb==1",
        [(1, "a==1"), (3, "b==1")],
        "a comment ends a line that goes on, and goes on itself never",
    ),
    ("a==1 \\\n  # x\nb==1", [(1, "a==1"), (3, "b==1")], "also where it is indented"),
    ("a==1 # x \\\nb==1", [(1, "a==1")], "a comment after code goes on, as it does for pip"),
    ("a==1 \\\n\nb==1", [(1, "a==1"), (3, "b==1")], "an empty line ends a line that goes on"),
    ("a==1 \\", [(1, "a==1")], "the end of the file does, too"),
    ("", [], "nothing"),
]


@pytest.mark.parametrize(("text", "expected", "_why"), LINES, ids=[why for *_, why in LINES])
def test_logical_lines(text: str, expected: list[tuple[int, str]], _why: str) -> None:
    """Lines are joined, stripped of comments and numbered as pip does."""
    assert [(r.line, r.text) for r in read(text).requirements] == expected


# -- pins ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Foo.Bar_x==1.0", Requirement(line=1, text="", name="Foo.Bar_x", version="1.0")),
        ("a == 1!2.0rc1.post2.dev3+local.7", Requirement(line=1, text="", name="a", version="1!2.0rc1.post2.dev3+local.7")),
        ("a===1.0", Requirement(line=1, text="", name="a", version="1.0")),
        ("a === 1-x", Requirement(line=1, text="", name="a", version="1-x")),
        ("a[y, x]==1", Requirement(line=1, text="", name="a", version="1", extras=("x", "y"))),
        ("a[]==1", Requirement(line=1, text="", name="a", version="1")),
        ("a [x] ==1 ; os_name == 'nt'", Requirement(line=1, text="", name="a", version="1", extras=("x",), marker="os_name == 'nt'")),
        ("a==1;os_name=='nt'", Requirement(line=1, text="", name="a", version="1", marker="os_name=='nt'")),
        ("a (==1)", Requirement(line=1, text="", name="a", version="1")),
        ("a==1,>=0.5", Requirement(line=1, text="", name="a", version="1")),
        ("a==1,==1", Requirement(line=1, text="", name="a", version="1")),
        ("a==1.*", Requirement(line=1, text="", name="a")),
        ("a==1,==2", Requirement(line=1, text="", name="a")),
        ("a", Requirement(line=1, text="", name="a")),
        ("a>=1,<2 ; python_version<'3'", Requirement(line=1, text="", name="a", marker='python_version < "3"')),
        ("a~=1.0", Requirement(line=1, text="", name="a")),
        ("a[x]", Requirement(line=1, text="", name="a", extras=("x",))),
    ],
)  # fmt: skip
def test_names_and_versions(text: str, expected: Requirement) -> None:
    """Only an exact version pins; extras and markers are kept."""
    expected.text = text

    assert one(text) == expected


@pytest.mark.parametrize(
    "text",
    ["-e git+git@h.packages.example:o/r.git#egg=x", "?", "a==", "a=1", "a b", "==1", "a==1 b==2", "a[!]==1", "a>=1;", "a==1; nonsense", "-", "a @", '"a==1"',
     "a ; " + "(" * 5000 + "os_name=='x'" + ")" * 5000],
)  # fmt: skip
def test_what_is_no_requirement(text: str) -> None:
    """What pip would refuse is a problem of its line, and no requirement unless it is a pin with an odd marker."""
    statements = read(f"\n{text}\nb==1")

    assert [r.name for r in statements.requirements if r.name != "a" or not r.marker] == ["b"]
    assert [p.line for p in statements.problems] == ([] if "nonsense" in text else [2])


def test_a_version_with_more_digits_than_python_reads() -> None:
    """Numbers beyond the limits of Python's int are a matter of text."""
    assert one(f"a=={'1' * 5000}").version == "1" * 5000
    assert file_version(f"a-{'1' * 5000}.tar.gz") == ("", "")
    assert file_version(f"a-{'1' * 5000}-py3-none-any.whl") == ("", "")


# -- hashes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"a==1 --hash=sha256:{A} --hash=sha256:{B}",
        f"a==1 --hash sha256:{B} --hash sha256:{A}",
        f"a==1 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}",
        f"a==1 \\\n\t--hash=sha256:{A} \\\n\t--hash=sha256:{B}",
        f"a==1\t--hash=sha256:{A}\t--hash=sha256:{B}",
        f"a==1 --hash=sha256:{A.upper()} --hash=sha256:{B} --hash=sha256:{A}  # why",
        f"a==1 --hash='sha256:{A}' \"--hash=sha256:{B}\"",
        f"a==1 --hash=sha256:{A} \\\n    # between\n",
    ],
)
def test_hashes(text: str) -> None:
    """Digests are kept in every spelling that pip or uv reads, each once."""
    found = one(text).hashes

    assert found in ((sha256(A), sha256(B)), (sha256(A),))
    assert len(found) == len({word for word in (A, B) if word in text.lower()})


def test_poetrys_export() -> None:
    """Poetry writes markers before the digests."""
    text = f'a==1 ; python_version >= "3.8" and python_version < "4.0" \\\n    --hash=sha256:{A}'

    assert one(text) == Requirement(
        line=1,
        text='a==1 ; python_version >= "3.8" and python_version < "4.0"',
        name="a",
        version="1",
        marker='python_version >= "3.8" and python_version < "4.0"',
        hashes=(sha256(A),),
    )


@pytest.mark.parametrize("value", ["sha256", "sha256:", "sha256:xyz", "blake2b:aa", f"sha256={A}"])
def test_a_malformed_hash_loses_nothing_else(value: str) -> None:
    """A digest that is none is a problem; the requirement and its other digests stay."""
    statements = read(f"a==1 --hash={value} --hash=sha256:{A}")

    assert [(r.name, r.hashes) for r in statements.requirements] == [("a", (sha256(A),))]
    (problem,) = statements.problems
    assert problem.reason.startswith(f"a==1: {shown(value)!r} cannot be used: ")


def test_a_hash_without_value() -> None:
    """An option at the end of the line lacks its value."""
    assert problems("a==1 --hash") == [(1, "a==1 --hash: --hash lacks its value")]


# -- options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["-r x/y.txt", "-rx/y.txt", "-r=x/y.txt", "--requirement x/y.txt", "--requirement=x/y.txt", "--requirements x/y.txt",
     '-r "x/y.txt"', "-r 'x/y.txt' # z", "--requirem x/y.txt", "-r \\\n  x/y.txt", "--pre -r x/y.txt"],
)  # fmt: skip
def test_includes(text: str) -> None:
    """An include is read in every spelling."""
    assert read(text) == Statements(includes=[Include(line=1, path="x/y.txt", constraint=False)])


@pytest.mark.parametrize("text", ["-c x", "-cx", "--constraint x", "--constraint=x", "--constraints=x", "--const x"])
def test_constraints(text: str) -> None:
    """A constraints file is an include of another kind."""
    assert read(text) == Statements(includes=[Include(line=1, path="x", constraint=True)])


@pytest.mark.parametrize(
    "text", ["-i U", "-iU", "--index-url U", "--index-url=U", "--pypi-url U", "--ind U", "-i X\n-i U"]
)
def test_indexes(text: str) -> None:
    """The last index counts."""
    assert read(text) == Statements(index="U")


def test_extra_indexes() -> None:
    """Extra indexes add up."""
    assert read("--extra-index-url U\n--extra V").extra_indexes == ["U", "V"]


@pytest.mark.parametrize(
    "text",
    ["--no-index", "--pre", "--prefer-binary", "--require-hashes", "--no-require-hashes", "-f U", "-fU", "--find-links=U",
     "--no-binary :all:", "--only-binary=a", "--trusted-host h", "--use-feature x", "--find U", "--no-bin a",
     "-i=U --trusted-host h", "a==1 --config-settings k=v", "a==1 -C k=v", '--config-settings="--x=y z" --pre'],
)  # fmt: skip
def test_options_that_name_no_package(text: str) -> None:
    """Options of pip that say nothing of what is installed are understood and left alone."""
    statements = read(text)

    assert (statements.problems, statements.includes) == ([], [])
    assert [r.name for r in statements.requirements] == (["a"] if text.startswith("a") else [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("--bogus", "--bogus: pip knows no option '--bogus'"),
        ("-x", "-x: pip knows no option '-x'"),
        ("--re x", "--re x: pip knows no option '--re'"),
        ("-r", "-r: -r lacks its value"),
        ("--requirement=x y", "--requirement=x y: pip ignores 'y' after an option"),
        ("-c y -r x", "-c y -r x: pip ignores 'y' after the first that the line names"),
        ("-r 'x", "-r 'x: No closing quotation"),
        ("--pre -- a", "--pre -- a: pip ignores '-- a' after an option"),
        ("-i https://me:pw@h.packages.example/ --bogus", "-i https://h.packages.example/ --bogus: pip knows no option '--bogus'"),
    ],
)  # fmt: skip
def test_options_that_are_wrong(text: str, reason: str) -> None:
    """What pip does not know, or passes over, is a problem of its line, told without credentials."""
    assert reason in [r for _, r in problems(text)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a==1 --bogus", "a==1 --bogus: pip knows no option '--bogus'"),
        ("a==1 -r x", "a==1 -r x: pip ignores 'x' after the first that the line names"),
        ("a==1 -c x", "a==1 -c x: pip ignores 'x' after the first that the line names"),
        ("a==1 -e b", "a==1 -e b: pip ignores 'b' after the first that the line names"),
        ("a==1 --pre b", "a==1 --pre b: pip ignores 'b' after an option"),
        ("a==1 --hash 'x", "a==1 --hash 'x: No closing quotation"),
    ],
)
def test_wrong_options_leave_the_requirement(text: str, reason: str) -> None:
    """A requirement stays one, whatever is wrong with the options after it."""
    statements = read(text)

    assert [(r.name, r.version) for r in statements.requirements] == [("a", "1")]
    assert statements.includes == []
    assert statements.problems == [Problem(line=1, reason=reason)]


# -- URLs, paths and editables ---------------------------------------------------------------------------------

URL = "https://h.packages.example/d"


@pytest.mark.parametrize(
    ("text", "name", "version", "url"),
    [
        (f"{URL}/a_b-1.0-py3-none-any.whl", "a-b", "1.0", f"{URL}/a_b-1.0-py3-none-any.whl"),
        (f"{URL}/a-b-1.0.tar.gz", "a-b", "1.0", f"{URL}/a-b-1.0.tar.gz"),
        (f"{URL}/a-1.0.zip?x=y", "a", "1.0", f"{URL}/a-1.0.zip?x=y"),
        (f"{URL}/a%2Dx-1.zip", "a-x", "1", f"{URL}/a%2Dx-1.zip"),
        (f"{URL}/main.zip", "", "", f"{URL}/main.zip"),
        (f"{URL}/v1.2.tar.gz", "", "", f"{URL}/v1.2.tar.gz"),
        (f"{URL}/a-main.zip", "", "", f"{URL}/a-main.zip"),
        (f"{URL}/a-1.tar.bz2", "", "", f"{URL}/a-1.tar.bz2"),
        (f"{URL}/a-1.whl", "", "", f"{URL}/a-1.whl"),
        (f"{URL}", "", "", f"{URL}"),
        (f"{URL}/main.zip#egg=Foo_x", "Foo_x", "", f"{URL}/main.zip"),
        (f"{URL}/foo_x-2.zip#egg=Foo.x", "Foo.x", "2", f"{URL}/foo_x-2.zip"),
        (f"{URL}/other-2.zip#egg=foo", "foo", "", f"{URL}/other-2.zip"),
        (f"{URL}/main.zip#subdirectory=x&egg=foo", "foo", "", f"{URL}/main.zip"),
        (f"git+{URL}.git@0123#egg=foo&subdirectory=x", "foo", "", f"git+{URL}.git@0123"),
        (f"HTTPS{URL[5:]}/a-1.zip", "a", "1", f"HTTPS{URL[5:]}/a-1.zip"),
        (f"-e git+{URL}.git#egg=foo", "foo", "", f"git+{URL}.git"),
        (f"--editable=git+{URL}.git#egg=foo", "foo", "", f"git+{URL}.git"),
        (f"a @ {URL}/a-3.tar.gz", "a", "3", f"{URL}/a-3.tar.gz"),
        (f"a@{URL}/a-3.tar.gz", "a", "3", f"{URL}/a-3.tar.gz"),
        (f"A_a@ {URL}/a_a-3-py3-none-any.whl", "A_a", "3", f"{URL}/a_a-3-py3-none-any.whl"),
        (f"a @ {URL}/b-3.tar.gz", "a", "", f"{URL}/b-3.tar.gz"),
        (f"a @ git+{URL}@0123", "a", "", f"git+{URL}@0123"),
        (f"-e a@git+{URL}@0123", "a", "", f"git+{URL}@0123"),
        ("a @ file:///x/a-3.zip", "a", "3", "file:///x/a-3.zip"),
        ("a @ https://${TOKEN}@h.packages.example/a.zip", "a", "", "https://${TOKEN}@h.packages.example/a.zip"),
    ],
)
def test_urls(text: str, name: str, version: str, url: str) -> None:
    """A URL is named by `#egg=` or by its file, whose version counts if the names agree."""
    found = one(text)

    assert (found.name, found.version, found.url, found.path) == (name, version, url, "")


def test_digests_in_urls() -> None:
    """A digest in the fragment belongs to the file, beside those of options."""
    found = one(f"{URL}/a-1.zip#sha512={C.upper()}&egg=a --hash=sha256:{A}")

    assert found.hashes == (sha256(A), Hash(algorithm="sha512", value=C))


@pytest.mark.parametrize(
    ("text", "extras", "marker"),
    [
        (f"{URL}/a-1.zip ; os_name=='x'", (), "os_name=='x'"),
        (f"{URL}/a-1.zip; os_name=='x'", (), "os_name=='x'"),
        (f"git+{URL}#egg=a[y,x] ; os_name=='x'", ("x", "y"), "os_name=='x'"),
        (f"a[x] @ {URL}/a-1.zip ; os_name=='x'", ("x",), 'os_name == "x"'),
        (f"-e git+{URL}#egg=a ; os_name=='x'", (), ""),
    ],
)
def test_extras_and_markers_of_urls(text: str, extras: tuple[str, ...], marker: str) -> None:
    """Extras and markers of URLs are kept, but for markers after `-e`, which pip ignores."""
    found = one(text)

    assert (found.name, found.extras, found.marker) == ("a", extras, marker)


@pytest.mark.parametrize(
    ("text", "path", "marker"),
    [
        (".", ".", ""),
        ("./a", "./a", ""),
        ("../a[x]", "../a", ""),
        (".[dev]", ".", ""),
        ("a/b", "a/b", ""),
        ("./a ; os_name=='x'", "./a", "os_name=='x'"),
        ("/abs/a-1.zip", "/abs/a-1.zip", ""),
        ("a-1.tar.gz", "a-1.tar.gz", ""),
        ("-e .", ".", ""),
        ("-e .[x]", ".", ""),
        ("-e mypkg", "mypkg", ""),
        ("-e mypkg==1", "mypkg==1", ""),
        ("--editable ./a", "./a", ""),
        ("-e 'a b'", "a b", ""),
    ],
)
def test_paths(text: str, path: str, marker: str) -> None:
    """What holds a separator, starts with a dot, ends like an archive or is editable is a place of the tree."""
    found = one(text)

    assert (found.path, found.marker, found.name, found.url) == (path, marker, "", "")


@pytest.mark.parametrize("text", [f"{URL}/a.zip b", f"git+{URL} b ; x"])
def test_a_url_with_more(text: str) -> None:
    """More than a URL and a marker is nothing that pip understands."""
    assert problems(text) == [(1, f"{text}: holds more than a URL and a marker")]


def test_environment_variables_stay() -> None:
    """Variables are not expanded: they hold secrets, and are not part of the project."""
    statements = read("-r ${HOME}/x.txt\n--index-url https://${TOKEN}@h.packages.example/")

    assert (statements.includes[0].path, statements.index) == ("${HOME}/x.txt", "https://${TOKEN}@h.packages.example/")


# -- what asked for it -----------------------------------------------------------------------------------------

VIA = [
    ("a==1  # via b", ["b"], "on the line"),
    ("a==1  # via b, c , -r x.in", ["b", "c", "-r x.in"], "several on the line"),
    ("a==1\n    # via b", ["b"], "below"),
    ("a==1\n    # via\n    #   b\n    #   -r x.in\n    #   -c y.txt", ["b", "-r x.in", "-c y.txt"], "a list below"),
    (f"a==1 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n    # via\n    #   b\n    #   c", ["b", "c"], "after digests"),
    ("a==1\n    # via app (pyproject.toml)", ["app (pyproject.toml)"], "as uv names the project"),
    ("a==1\n    # via\n    #   b\n    # from https://index.packages.example/simple", ["b"], "uv's index is no list entry"),
    ("a==1\n    # via b\n    #   c", ["b"], "one name below is no list"),
    ("a==1\n    # why\n    # via b", ["b"], "other comments first"),
    ("a==1  # why\n    # via b", ["b"], "also on the line"),
    ("a==1\n    # via\n    #   b\n    # why\n    #   c", ["b"], "other comments end a list"),
    ("a==1\n\n    # via b", [], "an empty line ends a requirement"),
    ("a==1\n--pre\n    # via b", [], "an option does, too"),
    ("a==1\n    # viable", [], "another word"),
    ("a==1 # via", [], "nothing"),
    ("a==1 # via ,", [], "no names"),
    ("a==1 \\\n    # via b", ["b"], "a comment within a line that goes on"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "_why"), VIA, ids=[why for *_, why in VIA])
def test_via(text: str, expected: list[str], _why: str) -> None:
    """The comments of pip-compile and uv say who asked for a package."""
    assert read(text).requirements[0].via == expected


def test_annotated() -> None:
    """A file is annotated where every requirement says who asked for it."""
    texts = ("a==1 # via b\nb==1 # via -r x", "a==1 # via b\nb==1", "# via b", "")

    assert [read(text).annotated for text in texts] == [True, False, False, False]


def test_packages_left_out() -> None:
    """pip-compile says that it left out packages which it takes for unsafe, uv that it was told to."""
    text = "a==1\n    # via b\n\n# The following packages are considered to be unsafe in a requirements file:\n# pip\n"
    by_uv = "a==1\n\n# The following packages were excluded from the output:\n# pip\n"

    assert [read(one).leaves_out for one in (text, by_uv, "a==1")] == [True, True, False]


# -- whatever comes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a" + " " * 200_000 + "b", "a==1" + " " * 200_000 + "x #", "a" * 200_000 + "!", "a[" + "x," * 100_000, "a==" + "1." * 100_000 + "*",
     " #" * 100_000, "a==1;" + " " * 200_000, "a @ https://" + "h/" * 100_000, "-" * 200_000, "a==1 " + "-" * 200_000, "://" * 70_000,
     "a==1 \\\n" * 30_000, "# via\n#   b\n" * 30_000, "#egg=" * 50_000, "git+https://x#" + "egg=" * 50_000],
)  # fmt: skip
def test_long_lines_take_no_time(text: str) -> None:
    """The time is linear in the length of a line, whatever it holds."""
    start = time.process_time()
    read(text)

    assert time.process_time() - start < 2


@given(data=st.binary(max_size=300))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_bytes(data: bytes) -> None:
    """No file makes the reader fail in another way than with an error of its own, and what is read can be written."""
    try:
        statements = read_statements(data)
    except BomvetError:
        return
    assert repr(statements).encode()


SAMPLE = f"""\
# coding: utf-8
-i https://u:p@index.packages.example/simple
-r base.txt
a[x]==1.0 ; python_version >= "3" \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via
    #   -r x.in
    #   b
-e git+https://h.packages.example/r.git@0123#egg=c
d @ https://h.packages.example/d-1.zip#sha256={A}
./e
""".encode()


@given(start=st.integers(0, len(SAMPLE)), length=st.integers(0, 80), data=st.binary(max_size=30))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_damaged_files(start: int, length: int, data: bytes) -> None:
    """A file with a piece replaced by anything is read or refused."""
    try:
        statements = read_statements(SAMPLE[:start] + data + SAMPLE[start + length :])
    except BomvetError:
        return
    assert all(r.name or r.url or r.path for r in statements.requirements)


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"([1-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+[a-z0-9]{1,4})?",
    fullmatch=True,
)
HASHES = st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=3, unique=True)
EXTRAS = st.lists(NAMES, max_size=2, unique=True)
BLANKS = st.sampled_from(["", " ", "  "])
MARKERS = st.sampled_from(["", "python_version >= '3.8'", 'os_name == "nt" and python_version < "4"'])
SEPARATORS = st.sampled_from([" ", " \\\n    ", "  \\\n\t"])


PINS = st.tuples(NAMES, VERSIONS, HASHES, EXTRAS, MARKERS)


@given(pin=PINS, blank=BLANKS, separator=SEPARATORS, equals=st.sampled_from(["=", " "]))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_pin(pin: tuple[str, str, list[str], list[str], str], blank: str, separator: str, equals: str) -> None:
    """Every pin comes back with its name, version, extras, marker and digests."""
    name, version, hashes, extras, marker = pin
    head = name + (f"[{','.join(extras)}]" if extras else "") + f"{blank}=={blank}{version}"
    head += f"{blank or ' '}; {marker}" if marker else ""
    text = separator.join([head, *(f"--hash{equals}sha256:{value}" for value in hashes)])
    (found,) = read(f"\n{text}\n").requirements

    assert (found.line, found.name, found.version, found.marker) == (2, name, version, marker)
    assert found.extras == tuple(sorted(extras))
    assert found.hashes == tuple(sha256(value) for value in sorted(hashes))


def test_too_many_requirements_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beyond the bound is told, not dropped in silence."""
    monkeypatch.setattr("bomvet.resolvers.python._requirement_lines.MAX_REQUIREMENTS", 2)
    statements = read("a==1\nb==1\n# c\nd==1\n")

    assert [r.name for r in statements.requirements] == ["a", "b"]
    assert [(p.line, p.reason) for p in statements.problems] == [(3, "more than 2 requirements: the rest was not read")]
