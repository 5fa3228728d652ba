"""CVSS scores, compared with those of the `cvss` package, which serves as the oracle."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import cvss
import pytest
from cvss import constants2, constants3, constants4
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories.cvss import CvssError, base_score, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"

PREFIXES = {"2.0": "", "3.0": "CVSS:3.0/", "3.1": "CVSS:3.1/", "4.0": "CVSS:4.0/"}
ORACLES = {"2.0": cvss.CVSS2, "3.0": cvss.CVSS3, "3.1": cvss.CVSS3, "4.0": cvss.CVSS4}
CONSTANTS: dict[str, Any] = {"2.0": constants2, "3.0": constants3, "3.1": constants3, "4.0": constants4}
VERSIONS = pytest.mark.parametrize("version", list(PREFIXES))


def values_of(version: str) -> dict[str, list[str]]:
    """Return the values of all metrics of a version, mandatory metrics first, as the oracle knows them."""
    return {metric: list(values) for metric, values in CONSTANTS[version].METRICS_VALUE_NAMES.items()}


def mandatory_of(version: str) -> list[str]:
    """Return the names of the mandatory metrics of a version."""
    return list(CONSTANTS[version].METRICS_MANDATORY)


def vector_of(version: str, metrics: Mapping[str, str]) -> str:
    """Return a vector with exactly these metrics."""
    return PREFIXES[version] + "/".join(f"{metric}:{value}" for metric, value in metrics.items())


def oracle_score(version: str, vector: str) -> float:
    """Return the base score by the oracle, which has decimals for some versions."""
    return float(ORACLES[version](vector).base_score)


def disagreements(version: str, vectors: Iterable[str]) -> list[tuple[str, float, float]]:
    """Return the vectors whose score is not the oracle's, with both scores."""
    scores = ((vector, base_score(vector), oracle_score(version, vector)) for vector in vectors)
    return [(vector, ours, theirs) for vector, ours, theirs in scores if ours != theirs]


@st.composite
def valid_vectors(draw: st.DrawFn, version: str) -> str:
    """Draw a valid vector: all mandatory metrics, some optional ones, in any order."""
    values = values_of(version)
    mandatory = mandatory_of(version)
    chosen = [metric for metric in values if metric in mandatory or draw(st.booleans())]
    metrics = {metric: draw(st.sampled_from(values[metric])) for metric in draw(st.permutations(chosen))}
    return vector_of(version, metrics)


@st.composite
def dubious_vectors(draw: st.DrawFn, version: str) -> str:
    """Draw a valid vector with one field dropped, doubled, replaced or added."""
    fields = draw(valid_vectors(version)).removeprefix(PREFIXES[version]).split("/")
    place = draw(st.integers(0, len(fields) - 1))
    stray = draw(st.sampled_from(["", ":", "AV", "AV:", ":N", "AV:X", "ZZ:N", "AV:N:N", "E:H", "S:U", "av:n"]))
    fields[place : place + 1] = draw(
        st.sampled_from([[], [fields[place]] * 2, [stray], [fields[place], stray]]),
    )
    return PREFIXES[version] + "/".join(fields)


@VERSIONS
def test_score_equals_the_oracle_for_random_vectors(version: str) -> None:
    """Any valid vector, whatever its optional metrics and their order, has the oracle's score."""

    @settings(max_examples=300, deadline=None)
    @given(valid_vectors(version))
    def check(vector: str) -> None:
        assert base_score(vector) == oracle_score(version, vector)
        assert version_of(vector) == version

    check()


@VERSIONS
def test_acceptance_equals_the_oracle_for_damaged_vectors(version: str) -> None:
    """A vector with a damaged field is refused exactly when the oracle refuses it."""

    @settings(max_examples=200, deadline=None)
    @given(dubious_vectors(version))
    def check(vector: str) -> None:
        try:
            expected: float | None = oracle_score(version, vector)
        except cvss.CVSSError:
            expected = None
        assert score_or_none(vector) == expected

    check()


def score_or_none(vector: str) -> float | None:
    """Return our score, or None for a malformed vector."""
    try:
        return base_score(vector)
    except CvssError:
        return None


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
def test_score_equals_the_oracle_for_every_base_vector(version: str) -> None:
    """All 729 base vectors of 2.0 and all 2,592 of 3.x have the oracle's score: no rounding is off."""
    values = values_of(version)
    names = mandatory_of(version)
    combinations = product(*(values[name] for name in names))
    vectors = [vector_of(version, dict(zip(names, chosen, strict=True))) for chosen in combinations]
    assert len(vectors) == (729 if version == "2.0" else 2592)
    assert disagreements(version, vectors) == []


# One highest severity vector per level of each equivalence class (4.0 tables 24 to 30).
EQ1 = {"0": "AV:N/PR:N/UI:N", "1": "AV:A/PR:N/UI:N", "2": "AV:P/PR:N/UI:N"}
EQ2 = {"0": "AC:L/AT:N", "1": "AC:H/AT:N"}
EQ3_EQ6 = {
    "00": "VC:H/VI:H/VA:H/CR:H/IR:H/AR:H",
    "01": "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M",
    "10": "VC:L/VI:H/VA:H/CR:H/IR:H/AR:H",
    "11": "VC:L/VI:H/VA:L/CR:H/IR:M/AR:H",
    "21": "VC:L/VI:L/VA:L/CR:H/IR:H/AR:H",
}
EQ4 = {"0": "SC:H/SI:H/SA:H/MSI:S/MSA:S", "1": "SC:H/SI:H/SA:H", "2": "SC:L/SI:L/SA:L"}
EQ5 = {"0": "E:A", "1": "E:P", "2": "E:U"}


def test_every_macro_vector_has_the_published_score() -> None:
    """The highest severity vector of each of the 270 macro-vectors of 4.0 scores what the table says."""
    ours = {
        f"{eq1}{eq2}{eq36[0]}{eq4}{eq5}{eq36[1]}": base_score(
            f"CVSS:4.0/{EQ1[eq1]}/{EQ2[eq2]}/{EQ3_EQ6[eq36]}/{EQ4[eq4]}/{EQ5[eq5]}",
        )
        for eq1, eq2, eq36, eq4, eq5 in product(EQ1, EQ2, EQ3_EQ6, EQ4, EQ5)
    }
    assert len(ours) == 270
    assert ours == dict(constants4.CVSS_LOOKUP_GLOBAL)


@pytest.mark.parametrize(
    "names",
    [
        ("AV", "PR", "UI"),
        ("AC", "AT"),
        ("VC", "VI", "VA", "CR", "IR", "AR"),
        ("SC", "MSI", "MSA"),
        ("E",),
    ],
    ids="-".join,
)
def test_every_member_of_a_group_is_interpolated_like_the_oracle(names: tuple[str, ...]) -> None:
    """Every combination of the metrics of one equivalence class of 4.0 has the oracle's score."""
    values = values_of("4.0")
    others = dict(field.split(":") for field in V4.split("/")[1:]) | {"AT": "P", "PR": "L", "SC": "L"}
    combinations = product(*(values[name] for name in names))
    vectors = [vector_of("4.0", others | dict(zip(names, chosen, strict=True))) for chosen in combinations]
    assert disagreements("4.0", vectors) == []


@pytest.mark.parametrize(
    ("vector", "version", "score"),
    [
        (V2, "2.0", 7.5),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", "2.0", 7.8),  # CVE-2002-0392, 2.0 section 3.3.1
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "3.0", 6.1),  # CVE-2013-1937
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "3.1", 10.0),  # CVE-2021-44228
        (V3, "3.1", 9.8),
        (V4, "4.0", 9.3),
        (V4 + "/E:U", "4.0", 8.1),
    ],
)
def test_known_scores(vector: str, version: str, score: float) -> None:
    """Published examples get the published score, independently of the oracle."""
    assert (version_of(vector), base_score(vector)) == (version, score)


@pytest.mark.parametrize(
    "vector",
    [
        "AV:N/AC:L/Au:N/C:N/I:N/A:N",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
    ],
)
def test_no_impact_scores_zero(vector: str) -> None:
    """A vector without any impact scores 0.0 however easy the attack, and never minus zero."""
    assert str(base_score(vector)) == "0.0"


@pytest.mark.parametrize("vector", [f"({V2})", f"CVSS:2.0/{V2}", f"CVSS:2.0/({V2})"])
def test_version_2_may_have_parentheses_or_a_prefix(vector: str) -> None:
    """A 2.0 vector is understood in the forms in which feeds publish it."""
    assert (version_of(vector), base_score(vector)) == ("2.0", 7.5)


def test_temporal_and_environmental_metrics_do_not_change_a_base_score() -> None:
    """For 2.0 and 3.x the optional metrics are accepted but do not count."""
    assert base_score(V2 + "/E:U/RL:OF/RC:UC/CDP:H/TD:N/CR:L/IR:L/AR:L") == base_score(V2)
    assert base_score(V3 + "/E:U/RL:O/RC:U/CR:L/MAV:P/MC:N/MI:N/MA:N") == base_score(V3)


def test_supplemental_metrics_do_not_change_a_score() -> None:
    """Supplemental metrics of 4.0 are accepted but do not count."""
    assert base_score(V4 + "/S:P/AU:Y/R:I/V:C/RE:H/U:Red") == base_score(V4)


MALFORMED = {
    "": "unknown metric ''",
    "high": "unknown metric 'high'",
    "CVSS:": "unknown CVSS version ''",
    "CVSS:3.1": "unknown metric ''",
    "CVSS:3.1/": "unknown metric ''",
    V3.replace("3.1", "3.2"): "unknown CVSS version '3.2'",
    V3.removeprefix("CVSS:3.1/"): "unknown metric 'PR' in CVSS 2.0 vector",
    V3.lower(): "unknown metric 'cvss'",
    f"({V3})": "unknown metric 'CVSS'",
    f"({V2}": r"unknown metric '\(AV'",
    V3 + "/": "unknown metric ''",
    V3 + "/AT:N": "unknown metric 'AT' in CVSS 3.1 vector",
    V3 + "/AV:N": "metric 'AV' stands twice",
    V4 + "/E:A/E:X": "metric 'E' stands twice",
    V3.replace("AV:N", "AV:X"): "unknown value 'X' of metric 'AV'",
    V3.replace("AV:N", "AV"): "unknown value '' of metric 'AV'",
    V3.replace("AV:N", "AV:N:N"): "unknown value 'N:N' of metric 'AV'",
    V4.replace("SI:N", "SI:S"): "unknown value 'S' of metric 'SI'",
    V3.replace("/AV:N", "").replace("/A:H", ""): "metrics AV, A are missing",
    V2.replace("/Au:N", ""): "metrics Au are missing",
    V3 + " ": "unknown value 'H ' of metric 'A'",
}


@pytest.mark.parametrize(("vector", "message"), MALFORMED.items(), ids=repr)
@pytest.mark.parametrize("function", [base_score, version_of])
def test_malformed_vectors_are_refused(function: Any, vector: str, message: str) -> None:
    """A malformed vector has neither score nor version, and the error names the culprit and the vector."""
    with pytest.raises(CvssError, match=message) as caught:
        function(vector)
    assert repr(vector) in str(caught.value)


def test_long_text_is_refused_without_being_quoted() -> None:
    """Text of more than 500 characters is not parsed, and the message stays short."""
    with pytest.raises(CvssError, match="of 501 characters") as caught:
        base_score("A" * 501)
    assert len(str(caught.value)) < 80


def test_the_longest_valid_vector_is_accepted() -> None:
    """A 4.0 vector with every metric at its longest value is below the limit of length."""
    values = values_of("4.0")
    vector = vector_of("4.0", {name: max(values[name], key=len) for name in values})
    assert base_score(vector) == oracle_score("4.0", vector)


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.text("CVSS:/0234.ANLHPRUIXu()", max_size=60)
    | st.builds(str.__add__, st.sampled_from([*PREFIXES.values(), V2, V3, V4]), st.text()),
)
def test_any_text_is_scored_or_refused(text: str) -> None:
    """Arbitrary text gives a score between 0 and 10 or a `CvssError`, never another exception."""
    score = score_or_none(text)
    assert score is None or 0 <= score <= 10
