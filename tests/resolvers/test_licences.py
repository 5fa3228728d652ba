"""Statements of licences: expressions, names that mean one licence, names that mean several, whole texts."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from bomvet.model.inventory import Licence
from bomvet.resolvers import _licences
from bomvet.resolvers._licences import _COMMON, _NAMES, declared, spdx

MIT_TEXT = """
    MIT License

    Copyright (c) 2024 Somebody

    Permission is hereby granted, free of charge, to any person obtaining a copy
    of this software and associated documentation files (the "Software"), to deal
"""


def stated(name: str, meant: str = "") -> tuple[Licence, ...]:
    """Words, and what they mean."""
    return (Licence(name=name), *((Licence(expression=meant, concluded=True),) if meant else ()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", "MIT"),
        (" mit ", "MIT"),
        (" ISC\n", "ISC"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT or apache-2.0)", "(MIT OR Apache-2.0)"),
        ("GPL-2.0-or-later with classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
        ("UNLICENSE", "Unlicense"),
        ("LicenseRef-Ours", "LicenseRef-Ours"),
    ],
)
def test_expressions_are_declared(text: str, expected: str) -> None:
    """What is an SPDX expression in any letter case is declared as such."""
    assert declared(text) == (Licence(expression=expected),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The Apache 2.0 License", "Apache-2.0"),
        ("Apache 2", "Apache-2.0"),
        ("Apache-2.0 license", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("MIT Licence", "MIT"),
        ("Expat", "MIT"),
        ("BSD 3-Clause License", "BSD-3-Clause"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
        ("New BSD", "BSD-3-Clause"),
        ("Simplified BSD License", "BSD-2-Clause"),
        ("ISC License (ISCL)", "ISC"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
        ("BSD 3-Clause OR Apache-2.0", "BSD-3-Clause OR Apache-2.0"),
        ("MIT License AND (Apache License 2.0 OR ISC)", "MIT AND (Apache-2.0 OR ISC)"),
    ],
)  # fmt: skip
def test_names_that_mean_one_licence(text: str, meant: str) -> None:
    """The words stay as they were declared; the expression that they mean is concluded."""
    assert declared(text) == stated(text, meant)


@pytest.mark.parametrize(
    "text",
    [
        "BSD",
        "BSD License",
        "Apache Software License",
        "GPL",
        "GPLv3",
        "LGPL 3",
        "LGPLv3",
        "PSF",
        "Artistic License",
        "Dual License",
        "MIT/Apache-2.0",
        "MIT License, Apache License, Version 2.0",
        "MIT or something",
        "Apache 2.0 or BSD",
        "MIT and (",
        "or",
        "Not for the likes of you",
        "https://licences.packages.example/ours",
        "GPL-2.0-or-later WITH no-such-exception",
    ],
)
def test_what_can_mean_several_stays_text(text: str) -> None:
    """No version and no operator is guessed."""
    assert declared(text) == stated(text)


@pytest.mark.parametrize("text", ["", " \n ", "UNKNOWN", "None", "n/a", "License"])
def test_placeholders_state_nothing(text: str) -> None:
    """What stands for an empty field is none."""
    assert declared(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MIT_TEXT, stated("MIT License", "MIT")),
        (
            "   Apache License\n   Version 2.0, January 2004\n\n1. Definitions.\n2. Grant",
            stated("Apache License Version 2.0, January 2004", "Apache-2.0"),
        ),
        ("Copyright (c) 2024 Somebody\n\nPermission is hereby\ngranted to any\nperson", stated("see licence text")),
        (f"{MIT_TEXT}\n\nThe parts below are under:\n\nApache License 2.0\n", stated("see licence text")),
        ("no line break " * 20, stated("see licence text")),
        ("BSD License\nCopyright\nRedistribution and use\nin source", stated("see licence text")),
    ],
)
def test_whole_texts(text: str, expected: tuple[Licence, ...]) -> None:
    """The text of a licence counts by its title, where that means one and no other stands in it."""
    assert declared(text) == expected


def test_what_is_quick_is_right() -> None:
    """Ids that are taken without the table, and those that names mean, are what the table has."""
    ids = sorted({*_COMMON, *_NAMES.values()})

    assert [canonicalize_license_expression(id_) for id_ in ids] == ids
    assert [name for name in _NAMES if _licences._key(name) != name] == []
    assert [spdx(text) for text in ("MIT AND", "MIT OR OR", "MIT  OR ISC", "OR")] == ["", "", "MIT OR ISC", ""]


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from([*_NAMES, "AND", "or", "(", ")", "with", ",", "\n"])).map(" ".join))
)
@example("(AND 0")
@example("()OR")
def test_any_text_is_a_statement(text: str) -> None:
    """Whatever stands there is kept or is blank; what is an expression is a canonical one."""
    for licence in declared(text):
        assert bool(licence.name) != bool(licence.expression)
        assert len(licence.name) <= 200
        assert not licence.expression or spdx(licence.expression) == licence.expression
        assert licence.expression or not licence.concluded


@pytest.mark.parametrize("text", ["(AND 0", "()OR", "(MIT OR", "AND AND"])
def test_what_only_looks_like_an_expression(text: str) -> None:
    """It is kept as somebody's words; no reader of a lock stumbles over it."""
    assert declared(text) == (Licence(name=text),)
