"""How one record judges one version, in words."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories.matching import Entry, evaluate
from bomvet.advisories.records import read_record
from bomvet.advisories.tracing import MAX_STRETCHES, Trace, traces
from bomvet.versions.pep440 import PEP440
from bomvet.versions.ranges import containing, limits, stretches


def affected(*events: dict[str, str], versions: tuple[str, ...] = ()) -> dict[str, Any]:
    """An affected element about one package, with one range of those events."""
    return {
        "package": {"ecosystem": "PyPI", "name": "example"},
        "ranges": [{"type": "ECOSYSTEM", "events": [*events]}] if events else [],
        "versions": [*versions],
    }


def entries(*elements: dict[str, Any], id_: str = "PYSEC-1", withdrawn: str = "") -> list[Entry]:
    """The entries of one record."""
    document = {"id": id_, "affected": [*elements]} | ({"withdrawn": withdrawn} if withdrawn else {})
    return [entry for _, _, entry in read_record(document).entries]


def traced(found: list[Entry], version: str) -> Trace:
    """The only trace of a Python version."""
    (trace,) = traces(found, version, PEP440)
    return trace


TWO = affected({"introduced": "1.0"}, {"fixed": "1.4"}, {"introduced": "2.0"}, {"last_affected": "2.3"})


def test_every_stretch_says_why_not() -> None:
    """Before it, at its fix, after its fix, after its last version: each end is told by name."""
    assert traced(entries(TWO), "0.9").steps == (
        "in [1.0, 1.4): no, 0.9 comes before 1.0",
        "in [2.0, 2.3]: no, 0.9 comes before 2.0",
    )
    assert traced(entries(TWO), "1.4.0").steps[0] == "in [1.0, 1.4): no, 1.4.0 is the fixed 1.4"
    assert traced(entries(TWO), "2.4") == Trace(
        id="PYSEC-1",
        affects=False,
        withdrawn=False,
        steps=(
            "in [1.0, 1.4): no, 2.4 comes after the fixed 1.4",
            "in [2.0, 2.3]: no, 2.4 comes after 2.3, the last one affected",
        ),
    )


def test_the_stretch_that_holds_it() -> None:
    """What matched is told the same way."""
    found = traced(entries(TWO), "2.3")

    assert found.affects is True
    assert found.steps[1] == "in [2.0, 2.3]: yes"


def test_lists_of_versions() -> None:
    """Whether the version is listed, in any spelling; one list speaks for itself."""
    one, several = affected(versions=("1.0",)), affected(versions=("1.0", "1.1"))

    assert traced(entries(one), "1.0.0").steps == ("1.0.0 is among the one version that the record lists",)
    assert traced(entries(several), "1.2").steps == ("1.2 is not among the 2 versions that the record lists",)
    assert traced(entries(several, several), "1.2").steps == ("1.2 is not among the 2 versions that the record lists",)


def test_a_record_without_anything() -> None:
    """A range of commits says nothing of versions, and that is told."""
    assert traced(entries(affected()), "1").steps == ("the record lists no version and has no range of versions",)


def test_withdrawn() -> None:
    """A withdrawn record is told with all that it would have said."""
    found = traced(entries(affected({"introduced": "0"}), withdrawn="2026-01-01T00:00:00Z"), "1")

    assert (found.affects, found.withdrawn) == (False, True)
    assert found.steps == ("in [0, ...): yes", "the record was withdrawn, so it counts no more")


def test_what_is_no_version() -> None:
    """No answer is no no."""
    found = traced(entries(TWO), "latest")

    assert found.affects is None
    assert found.steps == ("latest is no version that can be put in order, so no range can be asked",)


def test_unreadable_events() -> None:
    """A doubt is told where it counts."""
    found = traced(entries(affected({"introduced": "what"}, {"fixed": "2"})), "1")

    assert found.steps == ("in [what, 2): yes, though an event of the range could not be read",)


def test_limits() -> None:
    """A limit shuts out what lies beyond it, whatever the stretches say."""
    limited = affected({"introduced": "0"}, {"limit": "2.0"})

    assert traced(entries(limited), "1").steps == ("in [0, ...): yes",)
    beyond = traced(entries(limited), "2.1")
    assert beyond.affects is False
    assert beyond.steps == ("in [0, ...): yes", "2.1 lies beyond the limit of the range, 2.0")


def test_many_stretches_are_cut_around_the_one_that_counts() -> None:
    """Nobody reads hundreds; the one that holds the version stays."""
    events = [event for n in range(1, 31) for event in ({"introduced": f"{n}.0"}, {"fixed": f"{n}.5"})]
    found = traced(entries(affected(*events)), "3.1").steps

    assert len(found) == MAX_STRETCHES + 1
    assert found[0] == "in [3.0, 3.5): yes"
    assert found[-1] == "and 22 ranges more, which do not hold it"
    assert traced(entries(affected(*events)), "99").steps[0] == "in [1.0, 1.5): no, 99 comes after the fixed 1.5"


def test_records_stand_apart() -> None:
    """One trace a record, by id, whatever the sequence of entries."""
    found = traces([*entries(TWO, id_="B"), *entries(TWO, id_="A")], "1.1", PEP440)

    assert [(trace.id, trace.affects) for trace in found] == [("A", True), ("B", True)]


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("introduced", "fixed", "last_affected", "limit")), st.sampled_from(("0", "1", "2", "3", "4"))
    ).map(list),
    max_size=6,
)


@settings(max_examples=300)
@given(_EVENTS, st.sampled_from(("0", "1", "1.5", "2", "2.5", "3", "4", "5")))
def test_stretches_say_what_the_evaluation_says(events: list[list[str]], version: str) -> None:
    """A version lies in a stretch, within the limits, exactly where the evaluation finds it affected."""
    key = PEP440.key(version)
    assert key is not None
    bounds = limits(events, PEP440)
    within = not bounds or any(bound is None or key < bound for _, bound in bounds)
    held = any(": yes" in step for step in _steps(events, version))

    assert (held and within) == (containing(events, key, PEP440) is not None)
    assert len(stretches(events, PEP440)) <= len(events)


def _steps(events: list[list[str]], version: str) -> tuple[str, ...]:
    entry: Entry = {"id": "X", "versions": "", "ranges": [events], "hint": "", "severity": [], "withdrawn": False}
    found = traced([entry], version)
    assert found.affects == bool(evaluate([entry], version, PEP440).hits)
    return found.steps
