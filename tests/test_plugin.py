"""How extensions are found: in the package itself, in other distributions, and by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bomvet import plugin
from bomvet.errors import UsageError
from bomvet.model.facts import Facts
from bomvet.model.finding import Rule
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import (
    INDEX,
    Check,
    Enriched,
    Enricher,
    Report,
    Resolver,
    discover,
    load,
    module_names,
    ordered,
    reader_index,
    readers,
)
from tests.harness import MemoryTree

Package = Callable[..., str]

REPORT = """
from bomvet.plugin import Report

{name} = Report(id={id!r}, title="t", media_type="text/plain", extension=".txt", render=lambda result, options: b"")
"""


def report(id_: str, name: str = "REPORT") -> str:
    """The source of a module that defines one report."""
    return REPORT.format(id=id_, name=name)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Makes a package of given modules on the path, and takes it away again."""
    folder = tmp_path / "lib"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    names: list[str] = []

    def make(name: str = "parcel", /, **modules: str) -> str:
        names.append(name)
        for module, text in {"__init__": "", **modules}.items():
            path = folder / name / (module.replace("__dot__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return name

    yield make
    for module in [m for m in sys.modules if m.partition(".")[0] in names]:
        del sys.modules[module]


# ── discover ────────────────────────────────────────────────────────────────────────────────────


def test_modules_are_found_by_walking(package: Package) -> None:
    """Every module of the package and its folders counts, helpers and packages do not; plug-ins come by id."""
    name = package(
        one=report("z"),
        two=report("b") + report("a", "OTHER"),
        _helper="",
        sub__dot____init__="",
        sub__dot__three=report("c"),
        sub__dot___helper="",
    )

    assert module_names(name) == ["parcel.one", "parcel.sub.three", "parcel.two"]
    assert [r.id for r in discover(name, Report)] == ["a", "b", "c", "z"]


def test_a_module_without_plug_in_is_a_defect(package: Package) -> None:
    """A module that defines none would be missing in silence, so it is told by name, with the way out."""
    with pytest.raises(TypeError, match=r"^parcel\.empty must define a Report; helpers live in modules named _x\.py$"):
        discover(package(empty=""), Report)


def test_a_plug_in_of_another_kind_does_not_count(package: Package) -> None:
    """Only constants of the wanted kind make a module one of that kind."""
    with pytest.raises(TypeError, match=r"^parcel\.one must define a Check"):
        discover(package(one=report("a")), Check)


def test_two_plug_ins_with_one_id(package: Package) -> None:
    """Ids are unique; the message names both modules."""
    with pytest.raises(TypeError, match=r"^parcel\.two and parcel\.one both define 'a'$"):
        discover(package(one=report("a"), two=report("a")), Report)


def test_a_plug_in_may_be_imported_elsewhere(package: Package) -> None:
    """One and the same record in two modules is one plug-in."""
    name = package(one=report("a"), two="from parcel.one import REPORT")

    assert [r.id for r in discover(name, Report)] == ["a"]


# ── load ────────────────────────────────────────────────────────────────────────────────────────


def test_load_imports_one_module(package: Package) -> None:
    """A plug-in whose module has its name is loaded without any other."""
    name = package(spdx_json=report("spdx-json"), bad="raise AssertionError('not needed')")

    found = load(name, "spdx-json", Report)
    assert found is not None
    assert found.id == "spdx-json"


def test_load_looks_everywhere_else_too(package: Package) -> None:
    """A plug-in in a module of another name is found, also beside a module that only looks right."""
    name = package(a=report("x"), b=report("a"))

    found = load(name, "a", Report)
    assert found is not None
    assert found.id == "a"
    assert load(name, "unheard-of", Report) is None
    assert load(name, "../a", Report) is None


# ── entry points ────────────────────────────────────────────────────────────────────────────────


def distribution(folder: Path, name: str, entry_points: str | None) -> None:
    """A distribution as installers leave it behind."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    if entry_points is not None:
        (info / "entry_points.txt").write_text(entry_points, "utf-8")


def test_other_distributions_add_plug_ins(package: Package, tmp_path: Path) -> None:
    """The entry-point group names modules, or plug-ins themselves; kinds that are not asked for are left alone."""
    distribution(
        tmp_path / "lib",
        "foreign",
        "[console_scripts]\nx = y:z\n\n[bomvet.plugins]\na = foreign_a\nb = foreign_b:REPORT\n",
    )
    package("foreign_a", __init__=report("foreign-a"))
    package("foreign_b", __init__=report("foreign-b") + report("hidden", "OTHER"))
    own = package(one=report("own"))

    assert [r.id for r in discover(own, Report)] == ["foreign-a", "foreign-b", "own"]
    assert load(own, "foreign-b", Report) is not None
    assert discover(package("empty"), Check) == ()


def test_another_distribution_may_not_take_an_id(package: Package, tmp_path: Path) -> None:
    """A foreign plug-in cannot replace one of ours unseen."""
    distribution(tmp_path / "lib", "foreign", "[bomvet.plugins]\na = foreign_a\n")
    package("foreign_a", __init__=report("own"))

    with pytest.raises(TypeError, match=r"^foreign_a and parcel\.one both define 'own'$"):
        discover(package(one=report("own")), Report)


@pytest.mark.parametrize(
    ("module", "reason"),
    [("raise RuntimeError('boom')", "RuntimeError: boom"), ("import absent_1", "No module named 'absent_1'")],
)
def test_a_foreign_plug_in_that_does_not_load(package: Package, tmp_path: Path, module: str, reason: str) -> None:
    """What it would have found must not be missing in silence: an error says whose it is and what to do."""
    distribution(tmp_path / "lib", "foreign", "[bomvet.plugins]\na = foreign_a\n")
    package("foreign_a", __init__=module)

    with pytest.raises(UsageError) as caught:
        discover(package(one=report("own")), Report)
    assert str(caught.value).startswith("the plug-in foreign_a of foreign cannot be loaded: ")
    assert reason in str(caught.value)
    assert caught.value.hint == "upgrade or uninstall foreign"


def test_distributions_without_plug_ins_cost_nothing(package: Package, tmp_path: Path) -> None:
    """importlib.metadata is not even imported where no distribution names the group."""
    distribution(tmp_path / "lib", "plain", "[console_scripts]\nx = y:z\n")
    distribution(tmp_path / "lib", "bare", None)
    package(one=report("own"))
    script = (
        "import sys\n"
        f"sys.path[:0] = [{str(tmp_path / 'lib')!r}, {str(tmp_path / 'absent')!r}]\n"
        "before = 'importlib.metadata' in sys.modules\n"
        "from bomvet.plugin import Report, discover\n"
        "print([r.id for r in discover('parcel', Report)], before or 'importlib.metadata' not in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "['own'] True\n"


def test_the_working_folder_may_be_on_the_path(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry of the path is the working folder."""
    distribution(tmp_path / "lib", "foreign", "[bomvet.plugins]\na = foreign_a\n")
    monkeypatch.chdir(tmp_path / "lib")

    assert package("foreign_a") == "foreign_a"
    assert plugin._mentions_plugins("")


# ── order ───────────────────────────────────────────────────────────────────────────────────────


def enricher(id_: str, *after: str) -> Enricher:
    """An enricher that does nothing."""
    enriched = Enriched(facts=Facts(), status=PluginStatus(id=id_, status=Status.OK))
    return Enricher(id=id_, title="t", enrich=lambda *_: enriched, after=after)


def test_enrichers_come_after_those_they_name() -> None:
    """Order of id, but for what must come first; names of absent enrichers have no effect."""
    found = ordered([enricher("c"), enricher("a", "c", "absent"), enricher("b")])

    assert [e.id for e in found] == ["b", "c", "a"]


def test_the_order_does_not_depend_on_the_input() -> None:
    """Any permutation gives the same order."""
    members = [enricher("d", "a"), enricher("a"), enricher("c"), enricher("b", "d")]

    orders = {tuple(e.id for e in ordered(members[n:] + members[:n])) for n in range(4)}
    assert orders == {("a", "c", "d", "b")}


def test_enrichers_that_wait_for_each_other() -> None:
    """A cycle is a defect, and told with its members."""
    with pytest.raises(TypeError, match=r"^enrichers wait for each other: (a -> b -> a|b -> a -> b)$"):
        ordered([enricher("a", "b"), enricher("b", "a")])


def test_a_check_is_called_after_its_rule() -> None:
    """The id of a check is its rule's."""
    assert Check(rule=Rule(id="some-rule", title="t", help="h")).id == "some-rule"


# ── the index of resolvers ──────────────────────────────────────────────────────────────────────


def test_the_index_is_up_to_date() -> None:
    """What is known of the resolvers before they are loaded is what they say (`docs/generate.py` writes it)."""
    folder = Path(plugin.__file__).parent / "resolvers"

    assert (folder / INDEX).read_bytes() == reader_index()


def test_readers_are_the_resolvers() -> None:
    """Through the index the same resolvers are found, and they read the same."""
    found, loaded = readers(), discover("bomvet.resolvers", Resolver)
    tree = MemoryTree({"requirements.txt": "a==1"})
    by_id = {r.id: r for r in found}

    assert [(r.id, r.title, r.globs, r.folders, r.locks) for r in found] == [
        (r.id, r.title, r.globs, r.folders, r.locks) for r in loaded
    ]
    assert by_id["python/requirements"].parse(tree, "requirements.txt") == next(
        r for r in loaded if r.id == "python/requirements"
    ).parse(tree, "requirements.txt")


@pytest.mark.parametrize("content", [None, b'{"files": [], "resolvers": []}'])
def test_an_index_that_is_not_that_of_the_files(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that the index does not know is found all the same, since then all are loaded."""
    (tmp_path / "resolvers").mkdir()
    (tmp_path / "resolvers" / "new.py").touch()
    if content is not None:
        (tmp_path / "resolvers" / INDEX).write_bytes(content)
    monkeypatch.setattr(plugin, "__file__", str(tmp_path / "plugin.py"))

    assert readers() == discover("bomvet.resolvers", Resolver)
