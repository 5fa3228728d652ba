"""Scores of CVSS vectors, versions 2.0, 3.0, 3.1 and 4.0.

Written from the specifications of FIRST, whose constants are used as published:

- 2.0: https://www.first.org/cvss/v2/guide
- 3.0: https://www.first.org/cvss/v3.0/specification-document
- 3.1: https://www.first.org/cvss/v3.1/specification-document
- 4.0: https://www.first.org/cvss/v4.0/specification-document

CVSS is owned by FIRST.Org, Inc. and used by permission.
"""

from functools import cache
from typing import NamedTuple

__all__ = ["CvssError", "base_score", "version_of"]

# The longest valid vector (4.0 with all 32 metrics) has some 210 characters.
_MAX_LENGTH = 500

# Per version the mandatory and the optional metrics, each with the values it may take:
# 2.0 section 2.4, 3.x section 6, 4.0 section 7.
_GRAMMARS = {
    "2.0": (
        "AV:L,A,N AC:H,M,L Au:M,S,N C:N,P,C I:N,P,C A:N,P,C",
        (
            "E:U,POC,F,H,ND RL:OF,TF,W,U,ND RC:UC,UR,C,ND CDP:N,L,LM,MH,H,ND TD:N,L,M,H,ND "
            "CR:L,M,H,ND IR:L,M,H,ND AR:L,M,H,ND"
        ),
    ),
    "3.0": (
        "AV:N,A,L,P AC:L,H PR:N,L,H UI:N,R S:U,C C:H,L,N I:H,L,N A:H,L,N",
        (
            "E:X,H,F,P,U RL:X,U,W,T,O RC:X,C,R,U CR:X,H,M,L IR:X,H,M,L AR:X,H,M,L MAV:X,N,A,L,P MAC:X,L,H "
            "MPR:X,N,L,H MUI:X,N,R MS:X,U,C MC:X,N,L,H MI:X,N,L,H MA:X,N,L,H"
        ),
    ),
    "4.0": (
        "AV:N,A,L,P AC:L,H AT:N,P PR:N,L,H UI:N,P,A VC:H,L,N VI:H,L,N VA:H,L,N SC:H,L,N SI:H,L,N SA:H,L,N",
        (
            "E:X,A,P,U CR:X,H,M,L IR:X,H,M,L AR:X,H,M,L MAV:X,N,A,L,P MAC:X,L,H MAT:X,N,P MPR:X,N,L,H "
            "MUI:X,N,P,A MVC:X,N,L,H MVI:X,N,L,H MVA:X,N,L,H MSC:X,N,L,H MSI:X,N,L,H,S MSA:X,N,L,H,S "
            "S:X,N,P AU:X,N,Y R:X,A,U,I V:X,D,C RE:X,L,M,H U:X,Clear,Green,Amber,Red"
        ),
    ),
}
_GRAMMARS["3.1"] = _GRAMMARS["3.0"]

# 2.0 section 3.2.1.
_V2_ACCESS_VECTOR = {"L": 0.395, "A": 0.646, "N": 1.0}
_V2_ACCESS_COMPLEXITY = {"H": 0.35, "M": 0.61, "L": 0.71}
_V2_AUTHENTICATION = {"M": 0.45, "S": 0.56, "N": 0.704}
_V2_IMPACT = {"N": 0.0, "P": 0.275, "C": 0.66}

# 3.1 section 7.4; 3.0 has the same numbers.
_V3_ATTACK_VECTOR = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_V3_ATTACK_COMPLEXITY = {"L": 0.77, "H": 0.44}
_V3_PRIVILEGES_UNCHANGED = {"N": 0.85, "L": 0.62, "H": 0.27}
_V3_PRIVILEGES_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_V3_USER_INTERACTION = {"N": 0.85, "R": 0.62}
_V3_IMPACT = {"H": 0.56, "L": 0.22, "N": 0.0}

# 4.0 section 8.3: the scores of all macro-vectors, in tenths. A line starts with the digits of EQ1 to EQ3;
# its scores run over the digits of EQ4, EQ5 and EQ6, the last one fastest. EQ3=2 excludes EQ6=0.
_V4_SCORES = """\
000 100 99 98 95 95 92 100 96 93 87 91 81 93 90 89 80 81 68
001 98 95 95 92 90 84 93 92 89 81 81 65 88 80 78 70 69 48
002 92 82 72 79 69 50 69 55 27
010 99 97 95 92 92 85 95 91 90 83 84 71 92 81 82 71 72 53
011 95 93 92 85 85 73 92 82 80 72 70 59 84 70 71 52 50 30
012 86 75 52 71 52 29 63 29 17
100 98 95 94 87 91 81 94 89 86 74 77 64 87 75 74 63 63 49
101 94 89 88 77 76 67 86 76 74 58 59 50 72 57 57 52 52 25
102 83 70 54 65 58 26 53 21 13
110 95 90 88 76 76 70 90 77 75 62 61 53 77 66 68 59 52 30
111 89 78 76 67 62 58 74 59 57 57 47 23 61 52 57 29 24 16
112 71 59 30 58 26 15 23 13 6
200 93 87 86 72 75 58 86 74 74 61 56 34 70 54 52 40 40 22
201 85 75 74 55 62 51 72 57 55 41 46 19 53 36 34 19 19 8
202 64 51 20 47 21 11 24 9 4
210 88 75 73 53 60 50 73 55 59 40 41 20 54 43 45 22 20 11
211 75 55 58 45 40 21 61 51 48 18 20 9 46 18 17 7 8 2
212 53 24 14 24 12 5 10 3 1
"""

# 4.0 section 2: the values of each metric from the most to the least severe; a step is one place.
_V4_SEVERITY_ORDER = {
    "AV": "NALP", "PR": "NLH", "UI": "NPA",
    "AC": "LH", "AT": "NP",
    "VC": "HLN", "VI": "HLN", "VA": "HLN", "CR": "HML", "IR": "HML", "AR": "HML",
    "SC": "SHLN", "SI": "SHLN", "SA": "SHLN",
    "E": "APU",
}  # fmt: skip


class _Level(NamedTuple):
    """One severity level of a group: where its highest severity vectors lie, and how deep it is.

    `top` is the number of steps from the most severe values to a highest severity vector. A level may have
    several such vectors (4.0 tables 24 to 30), but all of them lie equally deep, so the distance of any
    member from the highest is a difference of two sums and the vectors themselves are not needed.
    """

    top: int
    depth: int


class _Group(NamedTuple):
    """Metrics whose severity is interpolated together: one equivalence class, or EQ3 and EQ6 jointly.

    `digits` are the positions of the group's levels in a macro-vector; `levels` is keyed by those digits.
    """

    metrics: tuple[str, ...]
    digits: tuple[int, ...]
    levels: dict[str, _Level]


_V4_GROUPS = (
    _Group(("AV", "PR", "UI"), (0,), {"0": _Level(0, 1), "1": _Level(1, 4), "2": _Level(3, 5)}),
    _Group(("AC", "AT"), (1,), {"0": _Level(0, 1), "1": _Level(1, 2)}),
    _Group(
        ("VC", "VI", "VA", "CR", "IR", "AR"),
        (2, 5),
        {"00": _Level(0, 7), "01": _Level(3, 6), "10": _Level(1, 8), "11": _Level(3, 8), "21": _Level(3, 10)},
    ),
    _Group(("SC", "SI", "SA"), (3,), {"0": _Level(1, 6), "1": _Level(3, 5), "2": _Level(6, 4)}),
    _Group(("E",), (4,), {"0": _Level(0, 1), "1": _Level(1, 1), "2": _Level(2, 1)}),
)

# The least common multiple of all depths: it keeps the interpolation in whole numbers, hence exact.
_V4_COMMON_DEPTH = 840


class CvssError(ValueError):
    """The text is not a valid CVSS vector of a known version."""


def base_score(vector: str) -> float:
    """Return the score of a vector, from 0.0 to 10.0, rounded as its specification says.

    `vector` is a CVSS vector of any version. For 2.0 (section 3.2.1) and 3.x (section 7.1; 3.0 section 8.1)
    temporal and environmental metrics are checked but do not count. For 4.0 (section 8) there is one score
    only, which takes threat and environmental metrics into account where they are given.
    Raises `CvssError` when the vector is malformed.
    """
    version, metrics = _parse(vector)
    if version == "4.0":
        return _score_v4(metrics)
    return _score_v2(metrics) if version == "2.0" else _score_v3(metrics)


def version_of(vector: str) -> str:
    """Return the version of a vector: "2.0", "3.0", "3.1" or "4.0".

    `vector` is checked in full, so that a vector with a version always has a score too; see 2.0 section 2.4,
    3.x section 6 and 4.0 section 7.
    Raises `CvssError` when the vector is malformed.
    """
    return _parse(vector)[0]


def _parse(vector: str) -> tuple[str, dict[str, str]]:
    """Return the version and the metrics of a vector.

    The order of metrics is free: 4.0 demands one, but published vectors break the rule, and their meaning is
    plain all the same.
    """
    if len(vector) > _MAX_LENGTH:
        raise CvssError(f"CVSS vector of {len(vector)} characters, more than {_MAX_LENGTH}")
    version, body = _split_version(vector)
    mandatory, values = _grammar(version)
    metrics: dict[str, str] = {}
    for field in body.split("/"):
        name, _, value = field.partition(":")
        if name not in values:
            raise CvssError(f"unknown metric {name!r} in CVSS {version} vector {vector!r}")
        if name in metrics:
            raise CvssError(f"metric {name!r} stands twice in CVSS {version} vector {vector!r}")
        if value not in values[name]:
            raise CvssError(f"unknown value {value!r} of metric {name!r} in CVSS {version} vector {vector!r}")
        metrics[name] = value
    if missing := [name for name in mandatory if name not in metrics]:
        raise CvssError(f"metrics {', '.join(missing)} are missing in CVSS {version} vector {vector!r}")
    return version, metrics


def _split_version(vector: str) -> tuple[str, str]:
    """Return the version and the part behind the prefix; a vector without prefix is one of version 2.0."""
    version, body = "2.0", vector
    if vector.startswith("CVSS:"):
        version, _, body = vector.removeprefix("CVSS:").partition("/")
    if version not in _GRAMMARS:
        raise CvssError(f"unknown CVSS version {version!r} in vector {vector!r}")
    # NVD has long published 2.0 vectors in parentheses.
    if version == "2.0" and body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    return version, body


@cache
def _grammar(version: str) -> tuple[tuple[str, ...], dict[str, frozenset[str]]]:
    """Return the mandatory metrics of a version, and the values of all its metrics."""
    mandatory, optional = (
        {name: frozenset(values.split(",")) for name, values in (item.split(":") for item in part.split())}
        for part in _GRAMMARS[version]
    )
    return tuple(mandatory), mandatory | optional


def _score_v2(metrics: dict[str, str]) -> float:
    """Return the base score by 2.0 section 3.2.1."""
    kept = 1.0
    for name in "CIA":
        kept *= 1 - _V2_IMPACT[metrics[name]]
    impact = 10.41 * (1 - kept)
    if impact == 0:
        return 0.0
    exploitability = (
        20 * _V2_ACCESS_VECTOR[metrics["AV"]] * _V2_ACCESS_COMPLEXITY[metrics["AC"]] * _V2_AUTHENTICATION[metrics["Au"]]
    )
    score = (0.6 * impact + 0.4 * exploitability - 1.5) * 1.176
    return (_hundred_thousandths(score) + 5_000) // 10_000 / 10


def _score_v3(metrics: dict[str, str]) -> float:
    """Return the base score by 3.1 section 7.1, which equals 3.0 section 8.1."""
    changed = metrics["S"] == "C"
    impact = _impact_v3(metrics, changed=changed)
    if impact <= 0:
        return 0.0
    privileges = _V3_PRIVILEGES_CHANGED if changed else _V3_PRIVILEGES_UNCHANGED
    exploitability = (
        8.22
        * _V3_ATTACK_VECTOR[metrics["AV"]]
        * _V3_ATTACK_COMPLEXITY[metrics["AC"]]
        * privileges[metrics["PR"]]
        * _V3_USER_INTERACTION[metrics["UI"]]
    )
    score = (1.08 if changed else 1) * (impact + exploitability)
    # Roundup of 3.1 Appendix A. 3.0 left the error of floating point open; this is what it meant.
    return -(-_hundred_thousandths(min(score, 10)) // 10_000) / 10


def _impact_v3(metrics: dict[str, str], *, changed: bool) -> float:
    """Return the impact sub-score by 3.1 section 7.1."""
    kept = 1.0
    for name in "CIA":
        kept *= 1 - _V3_IMPACT[metrics[name]]
    lost = 1 - kept
    return 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if changed else 6.42 * lost


def _hundred_thousandths(score: float) -> int:
    """Return a score as a whole number, which sheds the error of floating point (3.1 Appendix A)."""
    return round(score * 100_000)


def _score_v4(metrics: dict[str, str]) -> float:
    """Return the score by the algorithm of 4.0 section 8.2.

    It is the score of the macro-vector minus the mean, over all groups with a lower macro-vector, of the
    gap to that one in proportion to the vector's distance from the highest severity vector.
    """
    effective = _effective_v4(metrics)
    if all(effective[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    macro = _macro_vector(effective)
    score = _macro_scores()[macro]
    groups, drop = 0, 0
    for group in _V4_GROUPS:
        lower = _next_lower_score(macro, group)
        if lower is None:
            continue
        level = group.levels["".join(macro[digit] for digit in group.digits)]
        steps = sum(_V4_SEVERITY_ORDER[name].index(effective[name]) for name in group.metrics)
        groups += 1
        drop += (score - lower) * (steps - level.top) * (_V4_COMMON_DEPTH // level.depth)
    # The lowest macro-vector of all has no lower neighbour, and nothing to subtract.
    unit = _V4_COMMON_DEPTH * max(groups, 1)
    return (2 * (score * unit - drop) + unit) // (2 * unit) / 10


def _effective_v4(metrics: dict[str, str]) -> dict[str, str]:
    """Return the metrics with modified values in force and defaults filled in (4.0 sections 3 and 4)."""
    effective = {"E": "A", "CR": "H", "IR": "H", "AR": "H"}
    given = {name: value for name, value in metrics.items() if value != "X"}
    effective |= given
    # Only modified metrics have names which start with M: the metric's own name follows.
    return effective | {name[1:]: value for name, value in given.items() if name.startswith("M")}


def _macro_vector(metrics: dict[str, str]) -> str:
    """Return the six digits of the macro-vector, EQ1 to EQ6 (4.0 tables 24 to 29)."""
    exploitable = [metrics[name] == "N" for name in ("AV", "PR", "UI")]
    confidentiality, integrity, availability = (metrics[name] == "H" for name in ("VC", "VI", "VA"))
    subsequent = [metrics[name] for name in ("SC", "SI", "SA")]
    eq1 = 0 if all(exploitable) else 1 if any(exploitable) and metrics["AV"] != "P" else 2
    eq2 = 0 if metrics["AC"] == "L" and metrics["AT"] == "N" else 1
    eq3 = 0 if confidentiality and integrity else 1 if confidentiality or integrity or availability else 2
    eq4 = 0 if "S" in subsequent else 1 if "H" in subsequent else 2
    eq5 = _V4_SEVERITY_ORDER["E"].index(metrics["E"])
    needed = (
        (confidentiality and metrics["CR"] == "H")
        or (integrity and metrics["IR"] == "H")
        or (availability and metrics["AR"] == "H")
    )
    return f"{eq1}{eq2}{eq3}{eq4}{eq5}{0 if needed else 1}"


def _next_lower_score(macro: str, group: _Group) -> int | None:
    """Return the score of the macro-vector one level lower in a group, or None if there is none.

    EQ3 and EQ6 can both be lowered where they are 00; the higher of the two scores counts then.
    """
    scores = _macro_scores()
    lower = (f"{macro[:digit]}{int(macro[digit]) + 1}{macro[digit + 1 :]}" for digit in group.digits)
    return max((scores[key] for key in lower if key in scores), default=None)


@cache
def _macro_scores() -> dict[str, int]:
    """Return the score of every macro-vector in tenths, by its six digits (4.0 section 8.3)."""
    scores: dict[str, int] = {}
    for line in _V4_SCORES.splitlines():
        head, *tenths = line.split()
        eq6_levels = "1" if head.endswith("2") else "01"
        tails = (f"{eq4}{eq5}{eq6}" for eq4 in "012" for eq5 in "012" for eq6 in eq6_levels)
        scores |= {head + tail: int(score) for tail, score in zip(tails, tenths, strict=True)}
    return scores
