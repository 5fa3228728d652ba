"""Requirements files as pip's own parser reads them: the same lines, digests, includes and indexes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.resolvers.python._requirement_lines import read_statements
from bomvet.resolvers.python.requirements import parse_requirements
from bomvet.sources.directory import DirectoryTree

if TYPE_CHECKING:
    from bomvet.resolvers.python._requirement_lines import Statements

A, B = "a" * 64, "b" * 64

# Pieces of requirements files; those on which pip stops are left out, since there is nothing to compare with.
CODE = [
    "a==1", "b[x,y] == 2.0", "c>=1,<2", "d===1", "e==1.*", "F.f_f==1!2.0rc1", "g ; python_version < '3'", "h==1;os_name=='nt'",
    f"a==1 --hash=sha256:{A}", f"a==1 --hash sha256:{A} --hash=sha512:{B}{B}", f"b==2 ; os_name == 'x'  --hash=sha256:{B}",
    f"c==1 --hash='sha256:{A}'", "d @ https://h.packages.example/d-1.zip", f"https://h.packages.example/e-1.zip#sha256={A}",
    "-e git+https://h.packages.example/f@main#egg=f", "--editable=./g", "-e ./h ; python_version < '3'", "./i[x]", "j==1 --config-settings k=v",
    "-i https://i.packages.example/simple", "--index-url=https://i.packages.example", "--pypi-url X", "--ind Y",
    "--extra-index-url https://e.packages.example", "--pre", "--no-index", "--find-links ./w", "-f./w", "--no-binary :all:",
    "--only-binary=a,b", "--trusted-host h", "--require-hashes", "--prefer-binary", "--use-feature fast-deps", "--trust h",
    "k==1 --pre", "l==1 -i Z", "m==${VERSION}", "n @ https://${TOKEN}@h.packages.example/n.zip",
]  # fmt: skip
INCLUDES = [
    "-r 1.txt",
    "-r2.txt",
    "--requirement 1.txt",
    "--requirement=2.txt",
    "-c 1.txt",
    "--constraint=2.txt",
    "--constr 1.txt",
]
COMMENTS = ["", "", " # via x", "\t# -r 1.txt", "  #", "#x", " # \\"]
ENDS = ["\n", "\n", "\r\n", "\n\n", " \\\n", "\\\n", "\n    # via\n    #   y\n", "\n# z \\\n", "\v", "\u2028"]

PIECES = st.tuples(
    st.sampled_from(["", "", "  ", "\t"]),
    st.sampled_from(CODE + INCLUDES),
    st.sampled_from(COMMENTS),
    st.sampled_from(ENDS),
)
TEXTS = st.lists(PIECES.map("".join), max_size=6).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])


@pytest.fixture(scope="module")
def pip() -> Any:
    """Pip's module, of the environment that the tests run in."""
    return pytest.importorskip("pip._internal.req.req_file", reason="this environment has no pip to compare with")


def pip_lines(pip: Any, path: Path) -> list[dict[str, Any]]:
    """Every line of one file as pip takes it apart, in order."""
    _, content = pip.get_file_content(str(path), session=None)
    parse = pip.get_line_parser(None)
    found = []
    for number, line in pip.preprocess(content):
        arguments, options = parse(line)
        found.append({"line": number, "text": arguments, **vars(options)})
    return found


def pip_view(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What pip makes of the lines: requirements win over includes, and of several includes the first counts."""
    requirements = [line for line in lines if line["text"] or line["editables"]]
    others = [line for line in lines if not (line["text"] or line["editables"])]
    return {
        "requirements": [
            (
                r["line"],
                (r["text"] or r["editables"][0]).strip(),
                sorted({h for hs in (r["hashes"] or {}).values() for h in hs}),
            )
            for r in requirements
        ],
        "includes": [
            (o["line"], (o["requirements"] or o["constraints"])[0], not o["requirements"])
            for o in others
            if o["requirements"] or o["constraints"]
        ],
        "index": next((o["index_url"] for o in reversed(others) if o["index_url"]), ""),
        "extra": [url for o in others for url in o["extra_index_urls"]],
    }


def own_view(statements: Statements) -> dict[str, Any]:
    """The same of ours; digests in URLs are pip's business only when it downloads."""
    return {
        "requirements": [
            (r.line, r.text, sorted(h.value for h in r.hashes if not r.url)) for r in statements.requirements
        ],
        "includes": [(i.line, i.path, i.constraint) for i in statements.includes],
        "index": statements.index,
        "extra": statements.extra_indexes,
    }


@given(text=TEXTS, encoding=ENCODINGS)
@example(text="a==1 \\\n# x \\\nb==2\n", encoding="utf-8")
@example(text="# -*- coding: latin-1 -*-\na==1 # é\n", encoding="latin-1")
@settings(deadline=None, max_examples=300, derandomize=True)
def test_files_are_taken_apart_alike(pip: Any, text: str, encoding: str) -> None:
    """Lines, requirements, digests, includes and indexes are those that pip sees, with the same line numbers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "requirements.txt")
        path.write_bytes(text.encode(encoding))
        try:
            expected = pip_view(pip_lines(pip, path))
        except pip.OptionParsingError:
            return  # pip refuses the whole file

        statements = read_statements(path.read_bytes())
        unread = {p.line for p in statements.problems}
        ours = own_view(statements)
        expected["requirements"] = [r for r in expected["requirements"] if r[0] not in unread]
        ours["requirements"] = [r for r in ours["requirements"] if r[0] not in unread]
        assert ours == expected


@pytest.mark.parametrize("text", [code for code in CODE if "${VERSION}" not in code])
def test_every_piece_is_compared(pip: Any, tmp_path: Path, text: str) -> None:
    """Each piece by itself is understood by both, so that the comparison above compares something."""
    path = tmp_path / "requirements.txt"
    path.write_text(f"{text}\n", encoding="utf-8")
    statements = read_statements(path.read_bytes())

    assert own_view(statements) == pip_view(pip_lines(pip, path))
    assert statements.problems == ([] if " -i " not in text else statements.problems)


def test_nested_files_are_read_alike(pip: Any, tmp_path: Path) -> None:
    """Through includes within includes, pip sees the same requirements as we do."""
    files = {
        "requirements.txt": "a==1\n-r sub/1.txt\nb==2\n",
        "sub/1.txt": f"c==3 \\\n  --hash=sha256:{A}\n-r ../2.txt\n",
        "2.txt": "d==4\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    theirs = [
        (r.requirement.strip(), r.constraint)
        for r in pip.parse_requirements(str(tmp_path / "requirements.txt"), session=None)
    ]

    assert theirs == [("a==1", False), ("c==3", False), ("d==4", False), ("b==2", False)]
    assert included_texts(tmp_path) == sorted(text for text, _ in theirs)


def included_texts(folder: Path) -> list[str]:
    """`NAME==VERSION` of everything that the resolver finds from `requirements.txt`."""
    found = parse_requirements(DirectoryTree(str(folder)), "requirements.txt")
    return sorted(f"{c.name}=={c.version}" for c in found.components if not c.first_party)
