"""`setup.py`: `SETUP_PY`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.inventory import Completeness, Inventory, Scope
from bomvet.resolvers.python._setup_py import MAX_BYTES
from bomvet.resolvers.python.setup_py import SETUP_PY
from tests.harness import component, run_resolver
from tests.resolvers.mutations import survives

if TYPE_CHECKING:
    from bomvet.model.inventory import Component

TEXT = '''\
"""The shop."""
from setuptools import find_packages, setup

VERSION = "1" + ".0"
WEB = ["flask>=2", "jinja2"]
ALL = (*WEB, "redis==5.0")
EXTRAS: dict = {"pay": ["stripe"], "dev:python_version<'3.9'": "tox\\n# no\\nnox", ":sys_platform=='win32'": ["pywin32"]}
KEYWORDS = {"packages": find_packages(), "description": "A shop"}

setup(
    name="shop",
    version=VERSION,
    install_requires=ALL + ["x; os_name=='nt'"],
    extras_require=EXTRAS,
    **KEYWORDS,
)
'''


def found_in(text: str | bytes, **beside: str) -> Inventory:
    """What a setup.py says."""
    return run_resolver(SETUP_PY, {"setup.py": text, **beside}, "setup.py")


def asked(found: Inventory) -> list[Component]:
    """What it asks for."""
    return [c for c in found.components if not c.first_party]


def dynamic(found: Inventory) -> list[tuple[int, str]]:
    """What is open but for versions."""
    return [(u.location.line, u.reason) for u in found.unknowns if not u.reason.startswith("not locked: ")]


def test_what_is_literal() -> None:
    """Literals, sums and lists of them, and names that are bound once to such."""
    found = found_in(TEXT)
    edges = {r.target: (r.roles, r.markers, r.evidence[0].line) for r in found.relationships}

    assert component(found, "shop").purl == "pkg:generic/shop@1.0"
    assert component(found, "shop").description == "A shop"
    assert component(found, "shop").dependencies is Completeness.COMPLETE
    assert edges == {
        "pkg:pypi/flask": ((), (), 5),
        "pkg:pypi/jinja2": ((), (), 5),
        "pkg:pypi/redis@5.0": ((), (), 6),
        "pkg:pypi/x": ((), ('os_name == "nt"',), 13),
        "pkg:pypi/pywin32": ((), ('sys_platform == "win32"',), 7),
        "pkg:pypi/stripe": (("extra:pay",), (), 7),
        "pkg:pypi/tox": (("extra:dev",), ('python_version < "3.9"',), 7),
        "pkg:pypi/nox": (("extra:dev",), ('python_version < "3.9"',), 7),
    }
    assert {c.name: c.scope for c in asked(found) if c.scope is not Scope.REQUIRED} == dict.fromkeys(
        ("stripe", "tox", "nox"), Scope.OPTIONAL
    )
    assert dynamic(found) == []


OPEN = "install_requires is dynamic: only running it would tell what it asks for"


@pytest.mark.parametrize(
    ("code", "names", "problems"),
    [
        ("setup(install_requires=read('r.txt'))", [], [(1, OPEN)]),
        ("setup(install_requires=['a', *more()])", ["a"], [(1, OPEN)]),
        ("setup(install_requires=['a', b, 3, ['c'], {'d': 'e'}])", ["a"], [(1, OPEN)]),
        ("R = ['a']\nR.append('b')\nsetup(install_requires=R)", [], [(3, OPEN)]),
        ("R = ['a']\nR += ['b']\nsetup(install_requires=R)", [], [(3, OPEN)]),
        ("R = ['a']\nR[0] = 'b'\nsetup(install_requires=R)", [], [(3, OPEN)]),
        ("if x:\n    R = ['a']\nsetup(install_requires=R)", [], [(3, OPEN)]),
        ("R = ['a']\ndel R\nsetup(install_requires=R)", [], [(3, OPEN)]),
        ("R = ['a', *R]\nsetup(install_requires=R)", ["a"], []),
        ("R: list\nsetup(install_requires=R)", [], [(2, OPEN)]),
        ("setup(install_requires=None, extras_require=None)", [], []),
        ("setup(install_requires='a\\nb')", ["a", "b"], []),
        ("setup(install_requires='a' + ['b'])", [], [(1, OPEN)]),
        ("setup(install_requires={'a': 'b'})", [], []),
        ("setup(name='a' + b, install_requires={} + {})", [], [(1, OPEN)]),
        ("setup(install_requires=['a'] * 3)", [], [(1, OPEN)]),
        ("setup(install_requires=[])", [], []),
        ("setup(extras_require=['a'])", [], [(1, OPEN.replace("install_requires", "extras_require"))]),
        ("setup(extras_require={f(): ['a'], 'x': ['b']})", ["b"], [(1, OPEN.replace("install_requires", "extras_require"))]),
        ("setup(extras_require={**{'x': ['a']}, **{}})", ["a"], []),
        ("K = dict(install_requires=['a'])\nsetup(**K)", ["a"], []),
        ("setup(**k())", [], [(1, "it calls setup() with arguments that only running it would tell (dynamic)")]),
        ("setup(name='a')\nsetup(name='b')", [], [(2, "it calls setup() more than once")]),
        ("import setuptools\nsetuptools.setup(name=name(), install_requires={'a'})", ["a"], []),
    ],
)  # fmt: skip
def test_what_only_running_it_would_tell(code: str, names: list[str], problems: list[tuple[int, str]]) -> None:
    """Everything else is an open question with its line; what stands beside it in literals is kept."""
    found = found_in(code)

    assert [c.name for c in asked(found)] == names
    assert sorted(set(dynamic(found))) == problems
    (project,) = [c for c in found.components if c.first_party]
    assert project.dependencies is (Completeness.INCOMPLETE if problems else Completeness.COMPLETE)


@pytest.mark.parametrize(
    "beside",
    [{"uv.lock": ""}, {"requirements.txt": "a==1\n"}, {"pyproject.toml": "[project]\nname = 'x'\n"}],
)
def test_what_is_locked_or_stated_elsewhere_is_no_question(beside: dict[str, str]) -> None:
    """A lock, a requirements file, and a pyproject.toml that states the dependencies, speak instead."""
    found = found_in("setup(name='x', install_requires=read())", **beside)

    assert (found.unknowns, [c.name for c in found.components]) == ((), ["x"])


@pytest.mark.parametrize("code", ["", "print('setup')", "def setup(): pass", "x = 1\n"])
def test_a_file_that_calls_no_setup_is_none(code: str) -> None:
    """A file of that name may be anything."""
    assert found_in(code) == Inventory()


def test_the_other_file_of_setuptools() -> None:
    """What one of the two leaves open makes the project incomplete in both."""
    found = found_in("setup(install_requires=['a'])", **{"setup.cfg": "[options]\nx = 1\n"})

    assert component(found, "project").dependencies is Completeness.COMPLETE


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        ("x = 1\nprint 'a'", 2, "no Python of this version: "),
        ("setup(" + "(" * 300, 1, "no Python of this version: "),
        ("x = " + "-" * 200_000 + "1", 0, "nested too deeply"),
        ("setup\0", 0, "no Python of this version: "),
        ("#" * MAX_BYTES + "setup", 0, f"larger than {MAX_BYTES:,} bytes: not read"),
    ],
)
def test_what_cannot_be_parsed(code: str, line: int, reason: str) -> None:
    """Where it asks for something, that is told; there is no project then, since nothing describes one."""
    found = found_in(f"{code}\n# setup install_requires")

    assert found.components == ()
    ((at, told),) = dynamic(found)
    assert told.startswith(reason)
    assert at == line or "null bytes" in told
    if not reason.startswith("larger"):
        assert found_in(f"{code}\n# setup") == Inventory()


def test_warnings_of_the_parser_are_not_ours() -> None:
    """An escape in a string that Python would warn of changes nothing."""
    assert dynamic(found_in("setup(name='a\\d')")) == []


@pytest.mark.parametrize(
    "code",
    [
        "\n".join(["A0 = ['a', 'b']", *(f"A{n + 1} = A{n} + A{n}" for n in range(18)), "setup(install_requires=A18)"]),
        "\n".join([f"A0 = {'a' * 100_000!r}", *(f"A{n + 1} = A{n} + A{n}" for n in range(2)), "setup(install_requires=[A2])"]),
        "\n".join([*(f"A{n} = A{n + 1}" for n in range(60)), "A60 = []", "setup(install_requires=A0)"]),
        f"setup(install_requires={'+'.join(['[]'] * 300)})",
        f"setup(install_requires={'[' * 60}{']' * 60})",
        f"setup(extras_require={{{', '.join(f'{n!r}: []' for n in map(str, range(11_000)))}}})",
        "setup(install_requires=[" + "'a'," * 11_000 + "])",
    ],
)  # fmt: skip
def test_hostile_values_are_bounded(code: str) -> None:
    """What would grow without end, or is nested without end, is told and costs little."""
    started = time.process_time()
    found = found_in(code)

    assert time.process_time() - started < 2
    assert len(dynamic(found)) > 0


LINES = [*TEXT.splitlines(), ")", "setup(", "install_requires=[x", "WEB = 3", "EXTRAS = None", "])", "'", "ALL = ALL"]


@given(st.lists(st.sampled_from(LINES)))
def test_damaged_files(lines: list[str]) -> None:
    """Lines in any order are read or told."""
    assert survives(SETUP_PY, {"setup.py": "\n".join(lines)}, "setup.py") is not None


@given(st.text("setup(name='[]{}:,*+=\n ", max_size=60) | st.binary(max_size=60))
def test_any_text(text: str | bytes) -> None:
    """Whatever the text, there is an answer."""
    data = text.encode() if isinstance(text, str) else text
    assert survives(SETUP_PY, {"setup.py": b"setup(name='a')\n" + data}, "setup.py") is not None


def test_nothing_is_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The file is text: what it would do does not happen."""
    mark = tmp_path_factory.mktemp("mark") / "ran"
    found_in(f"open({str(mark)!r}, 'w').close()\nimport sys\nsys.ran = True\nsetup(name='a')")

    assert not mark.exists()
    assert not hasattr(sys, "ran")


@pytest.mark.parametrize(
    "code",
    [
        "r = ['a']\nq = r\nq.append('evil')\n",
        "r = ['a']\nadd(r)\n",
        "r = ['a']\nadd(to=r)\n",
        "r = [['a']]\nfor q in r:\n    q.append('evil')\n",
    ],
)
def test_a_list_that_something_else_may_change(code: str) -> None:
    """What has another name, or was given to a function, is no longer known."""
    found = run_resolver(
        SETUP_PY, {"setup.py": f"from setuptools import setup\n{code}setup(install_requires=r)\n"}, "setup.py"
    )

    assert [u.reason for u in found.unknowns] == [
        "install_requires is dynamic: only running it would tell what it asks for"
    ]


def test_a_table_whose_part_is_changed() -> None:
    """A change deep in a value is one of the value."""
    code = "k = {'install_requires': []}\nk['install_requires'].append('evil')\nsetup(name='x', **k)\n"
    found = run_resolver(SETUP_PY, {"setup.py": f"from setuptools import setup\n{code}"}, "setup.py")

    assert [u.reason for u in found.unknowns] == [
        "it calls setup() with arguments that only running it would tell (dynamic)"
    ]


def test_texts_and_harmless_uses() -> None:
    """Texts cannot be changed, and some functions change nothing."""
    code = "n = 'x'\nfind(n)\nr = ['a']\nprint(len(r), ' '.join(r))\nsetup(name=n, install_requires=r)\n"
    found = run_resolver(SETUP_PY, {"setup.py": f"from setuptools import setup\n{code}"}, "setup.py")

    assert [c.name for c in found.components] == ["x", "a"]
    assert [u.reason for u in found.unknowns] == ["not locked: a"]


@pytest.mark.parametrize(
    "code",
    [
        "from setuptools import setup as s\ns(install_requires=['evil'])\n",
        "import setuptools\ngetattr(setuptools, 'setup')(install_requires=['evil'])\n",
    ],
)
def test_setup_by_another_name(code: str) -> None:
    """A file that imports setuptools is there to call it: where no call is to be seen, that is told."""
    found = run_resolver(SETUP_PY, {"setup.py": code}, "setup.py")

    assert [u.reason for u in found.unknowns] == ["it calls setup() by no name that could be told (dynamic)"]
