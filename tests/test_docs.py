"""The documentation says what the program does, and all of it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from bomvet import __version__, errors
from bomvet.cli import run as app
from bomvet.cli.list_ import SETTINGS
from bomvet.cli.scan import EXIT_CODES
from bomvet.errors import BomvetError, PolicyFileError
from bomvet.plugin import Check, Report, Resolver, discover
from bomvet.policy.document import read_policy
from docs import generate

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("*.md"))
FOLDERS = ("benchmarks", "docs", "sample_projects", "src", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
COMMANDS = [words for words in generate.commands() if words]

_FENCE = re.compile(r"^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
#: Hosts that a page may name; others are examples, which end in `.example`.
#: Of standards and of services that bomvet asks by default; none is a registry of packages.
_HOSTS = {
    "api.first.org", "api.osv.dev", "cyclonedx.org", "docs.oasis-open.org", "docs.sigstore.dev",
    "epss.empiricalsecurity.com", "github.com", "keepachangelog.com", "openvex.dev",
    "osv-vulnerabilities.storage.googleapis.com", "ossf.github.io", "semver.org", "slsa.dev",
    "token.actions.githubusercontent.com", "www.cisa.gov", "www.first.org",
}  # fmt: skip
_HOST = re.compile(r"https?://(?:[^/\s@]*@)?([A-Za-z0-9.-]+)")


def read(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text("utf-8")


def prose(text: str) -> str:
    """`text` without fenced code, in which neither headings nor links are meant."""
    return _FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of `page`, as MkDocs forms them."""
    found = set()
    for heading in _HEADING.findall(prose(page.read_text("utf-8"))):
        plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        found.add(re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower()))
    return found


def named(page: Path) -> str:
    """How a page is called in the list of tests."""
    return str(page.relative_to(ROOT))


def first_cells(page: str) -> set[str]:
    """The first column of all tables of `page`, without its code marks."""
    return set(re.findall(r"^\| `?([^`|]+?)`? \|", prose(read(page)), re.MULTILINE))


# -- generated parts -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stale() -> set[str]:
    """The pages whose generated parts are not what they should be."""
    return {named(page) for page in generate.differences()}


@pytest.mark.parametrize("page", generate.pages(), ids=named)
def test_generated_parts_are_up_to_date(page: Path, stale: set[str]) -> None:
    """What `docs/generate.py` would write is what stands there (run it where this fails)."""
    assert named(page) not in stale


def test_a_mark_without_its_partner_is_an_error() -> None:
    """A begin mark without an end mark would silently keep old text."""
    with pytest.raises(ValueError, match=r"x\.md: some begin mark has no end mark"):
        generate.filled("<!-- begin:help -->\nold\n", "x.md")


def test_an_unknown_part_is_an_error() -> None:
    """A mark with a name that nothing generates is told."""
    with pytest.raises(ValueError, match="no generated part is called 'nonsense'"):
        generate.filled("<!-- begin:nonsense -->\n<!-- end:nonsense -->", "x.md")


def test_check_tells_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` exits 1 and leaves a stale page as it is; without it the page is rewritten."""
    page = tmp_path / "README.md"
    page.write_text("<!-- begin:help-db-status -->\nold\n<!-- end:help-db-status -->\n", "utf-8")
    monkeypatch.setattr(generate, "pages", lambda: [page])
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "help_text", " ".join)
    monkeypatch.setattr(generate, "data_differences", dict)

    codes = [generate.main(["--check"])]
    unchanged = page.read_text("utf-8")
    codes += [generate.main([]), generate.main(["--check"]), generate.main(["--all"])]

    assert (codes, "old" in unchanged) == ([1, 0, 0, 2], True)
    assert page.read_text("utf-8") == (
        "<!-- begin:help-db-status -->\n```text\ndb status\n```\n<!-- end:help-db-status -->\n"
    )
    assert capsys.readouterr().err == (
        "README.md is not up to date\nREADME.md rewritten\nusage: docs/generate.py [--check]\n"
    )


def test_generated_files_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index of resolvers and the schema of results are up to date; where they are not, they are written."""
    assert generate.data_differences() == {}

    stale = tmp_path / "schema.json"
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "differences", dict)
    monkeypatch.setattr(generate, "data_differences", lambda: {stale: "new"})
    codes = [generate.main(["--check"]), stale.exists(), generate.main([]), stale.read_text("utf-8")]

    assert codes == [1, False, 0, "new"]
    assert capsys.readouterr().err == "schema.json is not up to date\nschema.json rewritten\n"


@pytest.mark.parametrize("words", [(), ("scan",)], ids=["bomvet", "scan"])
def test_readme_shows_the_help_as_it_is(words: tuple[str, ...]) -> None:
    """The help in README.md is what a user of a plain terminal sees."""
    shown = subprocess.run(
        [sys.executable, "-m", "bomvet", *words, "--help"],
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert f"```text\n{shown.rstrip()}\n```" in read("README.md")


# -- the reference is complete ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_documented(words: tuple[str, ...]) -> None:
    """A command has a help text and a section of its own."""
    assert getattr(generate.commands()[words], "help", "")
    assert f"## bomvet {' '.join(words)}\n" in read("docs/reference/commands.md")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_is_documented(words: tuple[str, ...]) -> None:
    """Every option and argument has a help text, and stands in the section of its command with all its names."""
    section = read("docs/reference/commands.md").partition(f"## bomvet {' '.join(words)}\n")[2].partition("\n## ")[0]
    for parameter in generate.commands()[words].params:
        assert parameter.help, parameter.name
        for name in (*parameter.opts, *parameter.secondary_opts):
            spelt = name if name.startswith("-") else (parameter.metavar or name.upper())
            assert re.search(rf"(?<![\w-]){re.escape(spelt)}(?![\w-])", section), name


def test_every_option_has_its_variable() -> None:
    """Each option of each command can be set as `BOMVET_<OPTION>`."""
    odd = {
        (*words, parameter.name): parameter.envvar
        for words in COMMANDS
        for parameter in generate.commands()[words].params
        if parameter.param_type_name == "option"
        and parameter.envvar != "BOMVET_" + max(parameter.opts, key=len)[2:].replace("-", "_").upper()
    }

    assert odd == {}


def test_every_variable_is_documented() -> None:
    """Every `BOMVET_...` that the sources name stands in the reference, and the other way round."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    named_there = set(re.findall(r"\bBOMVET_[A-Z_]*[A-Z]\b", sources))
    documented = {cell for cell in first_cells("docs/reference/environment.md") if cell.startswith("BOMVET_")}

    assert documented == named_there


def test_every_property_is_documented() -> None:
    """Every `bomvet:...` that is written into an SBOM stands in the table of properties."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    written = set(re.findall(r"[\"'](bomvet:[a-z:-]+[a-z])[\"']", sources))

    assert sorted(written - set(re.findall(r"`(bomvet:[a-z:-]+[a-z])`", read("docs/reference/sbom-fields.md")))) == []


def test_every_resolver_says_what_it_reads() -> None:
    """The table of formats states of each what is kept of it, and what is known to be lacking."""
    found = discover("bomvet.resolvers", Resolver)

    assert [r.id for r in found if not (r.reads and r.limits)] == []


def test_every_format_is_documented() -> None:
    """A report is in the table of formats and has a section of its own."""
    text = read("docs/reference/formats.md")

    assert [r.id for r in discover("bomvet.reports", Report) if f"\n## {r.id}\n" not in text] == []
    assert {r.id for r in discover("bomvet.reports", Report)} <= first_cells("docs/reference/formats.md")


@pytest.mark.parametrize("check", discover("bomvet.checks", Check), ids=lambda check: check.id)
def test_every_rule_has_its_page(check: Check) -> None:
    """The page has the rule's title, the table of facts and every section, each with something in it."""
    text = read(f"docs/rules/{check.id}.md")
    sections = re.findall(r"^## ([^\n]+)\n+(?!#)\S", text, re.MULTILINE)

    assert text.startswith(f"# {check.id}\n\n{check.rule.title}.\n")
    assert first_cells(f"docs/rules/{check.id}.md") >= {"id", "severity", "needs", "works offline", "waivable"}
    assert f"| id | `{check.id}` |" in text
    assert sections == ["Why", "How it is decided", "Remediation", "Before and after"]


def test_every_exit_code_is_documented() -> None:
    """Every code that verdicts, errors and the last resort give stands in the reference and in README.md."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BomvetError)]
    last_resorts = {app.INTERNAL_ERROR, app.INTERRUPTED, app.TERMINATED}
    codes = {*EXIT_CODES.values(), *(kind.exit_code for kind in kinds), *last_resorts}
    tables = [first_cells(page) for page in ("docs/reference/exit-codes.md", "README.md")]

    assert [{int(cell) for cell in cells if cell.isdecimal()} for cells in tables] == [codes, codes]


def settings(table: str, document: str) -> set[str]:
    """The keys that the policy file knows in `table`, as its own message about a wrong one lists them."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy(document, "bomvet.toml")
    listed = re.search(r"no-such-key; known are (.+)", str(caught.value))
    assert listed
    return {table + key for key in listed[1].split(", ")}


def test_every_setting_is_documented() -> None:
    """The reference lists the keys of the policy file, and no others."""
    top = settings("", "no-such-key = 1")
    known = {
        *(top - {"db", "osv", "exploitation", "ignores", "provenance"}),
        *settings("provenance.", "[provenance]\nno-such-key = 1"),
        *settings("exploitation.", "[exploitation]\nno-such-key = 1"),
        *settings("osv.", "[osv]\nno-such-key = 1"),
        *settings("db.", "[db]\nno-such-key = 1"),
        *settings("rules.", "[[rules]]\nno-such-key = 1"),
        *settings("ignores.", "[ignores]\nno-such-key = 1"),
        *settings("waivers.", "[[waivers]]\nno-such-key = 1"),
    }

    assert first_cells("docs/reference/settings.md") - {"key", "---"} == known


def test_the_defaults_of_settings_are_those_of_the_list() -> None:
    """What the reference gives as default is what `bomvet list settings` shows."""
    rows = re.findall(r"^\| `([\w.-]+)` \| `([^|]+)` \|", read("docs/reference/settings.md"), re.MULTILINE)

    inner = ("rules.", "waivers.", "ignores.")
    assert dict(rows) == {key: default or '""' for key, default, _ in SETTINGS if not key.startswith(inner)}


def test_the_example_of_settings_is_valid() -> None:
    """The policy that the reference shows can be read."""
    (example,) = re.findall(r"```toml\n(.*?)```", read("docs/reference/settings.md"), re.DOTALL)

    assert len(read_policy(example, "bomvet.toml").waivers) == 1


# -- commands that are shown ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "gravest"),
    [
        ((0, 0), 0),
        ((0, 3, 0), 3),
        ((1, 3), 1),
        ((3, 1), 1),
        ((3, 0, 1, 0), 1),
        ((2, 1, 3), 2),
        ((1, 2), 2),
        ((70, 3, 1), 70),
        ((1, 3, 70), 70),
    ],
)
def test_the_nightly_loop_ends_with_the_gravest_code(codes: tuple[int, ...], gravest: int, tmp_path: Path) -> None:
    """A scan that did not run goes before a refusal, and that before an open question, in whatever order."""
    blocks = re.findall(r"```sh\n(.*?)```", read("docs/how-to/nightly.md"), re.DOTALL)
    loop = next(block for block in blocks if block.startswith("today="))
    for number, code in enumerate(codes):
        project = tmp_path / "projects" / str(number)
        project.mkdir(parents=True)
        (project / "code").write_text(str(code), "utf-8")
    script = f'bomvet() {{ return "$(cat "$2code")"; }}\n{loop}'

    assert subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, check=False).returncode == gravest


# -- form ------------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_without_a_gap() -> None:
    """0001, 0002 and so on."""
    assert [page.name[:4] for page in ADRS] == [f"{number:04}" for number in range(1, len(ADRS) + 1)]


@pytest.mark.parametrize("page", ADRS, ids=named)
def test_a_decision_follows_the_form(page: Path) -> None:
    """Number and title, status with a date, the three sections, and no more than a page."""
    text = page.read_text("utf-8")

    assert re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", page.name)
    assert re.match(rf"# {page.name[:4]} \S[^\n]*\n\nStatus: (accepted|replaced by \d{{4}}), \d{{4}}-\d\d-\d\d\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.split()) <= 300


def test_the_changelog_keeps_its_form() -> None:
    """Unreleased first, then versions with dates, newest first, down to known kinds of change."""
    text = read("CHANGELOG.md")
    first, *released = re.findall(r"^## (.+)$", text, re.MULTILINE)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Known limits"}

    assert (text.startswith("# Changelog\n"), first) == (True, "[Unreleased]")
    assert [line for line in released if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", line)] == []
    dates = [line.rpartition(" ")[2] for line in released]
    assert dates == sorted(dates, reverse=True)
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


def test_the_changelog_names_the_current_version() -> None:
    """The newest entry is the version of the package."""
    assert re.findall(r"^## \[(\d[^\]]*)\]", read("CHANGELOG.md"), re.MULTILINE)[0] == __version__


def test_the_examples_for_contributors_are_python() -> None:
    """Every example is a file of its own that parses, a source and its test for each kind of plug-in."""
    examples = re.findall(r"`((?:src|tests)/[\w/]+\.py)`:\n\n```python\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL)

    assert [path.split("/")[0] for path, _ in examples] == ["src", "tests"] * 4
    assert all(ast.get_docstring(ast.parse(code)) for _, code in examples)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository, and an anchor that it has."""
    broken = []
    for link in _LINK.findall(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_registry_or_a_place_on_a_machine(page: Path) -> None:
    """Examples use hosts that do not exist, and paths that are nobody's."""
    text = page.read_text("utf-8")

    assert [host for host in _HOST.findall(text) if host not in _HOSTS and not host.endswith(".example")] == []
    assert re.findall(r"(?<![\w.$}/])/(?:home|root|Users|work|mnt|opt|tmp|srv)/\S*", text) == []


def test_the_navigation_lists_every_page() -> None:
    """Each page below docs/ stands in mkdocs.yml once."""
    listed = re.findall(r"([\w./-]+\.md)$", read("mkdocs.yml").partition("\nnav:")[2], re.MULTILINE)

    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
