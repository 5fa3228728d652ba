"""Plain command lines of the two commands that pipelines run, read without typer, whose import costs more than they do.

Plain is what needs no explanation: the command first, options of the table below by their full names and with a
value of their own, at most one target, nothing in the environment.  All else, and each mistake, is typer's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LIST, _TEXT = object(), object()
#: Options that both commands have, by parameter: a list, a text, or the value that a flag gives.
_SHARED: dict[str, tuple[str, object]] = {
    "--format": ("formats", _LIST),
    "-f": ("formats", _LIST),
    "--output": ("output", _TEXT),
    "-o": ("output", _TEXT),
    "--exclude": ("exclude", _LIST),
    "--no-ignore": ("no_ignore", True),
    "--offline": ("offline", True),
    "--installed": ("installed", True),
    "--config": ("config", _TEXT),
    "--source-name": ("source_name", _TEXT),
    "--source-version": ("source_version", _TEXT),
    "--allow-incomplete": ("allow_incomplete", True),
    "--provenance": ("provenance", True),
    "--no-provenance": ("provenance", False),
    "--attestations": ("attestations", _LIST),
    "--trusted-root": ("trusted_root", _TEXT),
    "--npm-keys": ("npm_keys", _TEXT),
    "--no-allow-incomplete": ("allow_incomplete", False),
}
PLAIN: dict[str, dict[str, tuple[str, object]]] = {
    "sbom": _SHARED,
    "scan": {
        **_SHARED,
        "--ignore-file": ("ignore_files", _LIST),
        "--db": ("db", _TEXT),
        "--vex": ("vex", _LIST),
        "--vex-product": ("vex_product", _LIST),
        "--baseline": ("baseline", _TEXT),
        "--cache-dir": ("cache_dir", _TEXT),
        "--drift": ("drift", True),
        "--exit-zero": ("exit_zero", True),
        "--ask-registries": ("ask_registries", True),
        "--no-ask-registries": ("ask_registries", False),
        "--identities": ("identities", _TEXT),
        "--require-components": ("require_components", True),
        "--no-require-components": ("require_components", False),
    },
}


def direct(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What the command line calls, if it is plain."""
    name, *rest = arguments or ("",)
    if name not in PLAIN or any(key.startswith("BOMVET_") and key != "BOMVET_DEBUG" for key in os.environ):
        return None
    values = parsed(PLAIN[name], rest)
    if values is None:
        return None
    if name == "sbom":
        from bomvet.cli.sbom import sbom  # noqa: PLC0415 - one of them is run

        return lambda: sbom(**values)
    from bomvet.cli.scan import scan  # noqa: PLC0415 - one of them is run

    return lambda: scan(**values)


def parsed(options: dict[str, tuple[str, object]], words: Sequence[str]) -> dict[str, Any] | None:
    """The parameters that `words` state; None where they are not plain."""
    found: dict[str, Any] = {}
    todo = list(reversed(words))
    while todo:
        word = todo.pop()
        if not word.startswith("-"):
            if not word or "target" in found:
                return None
            found["target"] = word
            continue
        option, equals, value = word.partition("=")
        parameter, takes = options.get(option, ("", None))
        if takes is _LIST or takes is _TEXT:
            if not equals:
                value = todo.pop() if todo and option.startswith(("--", word)) else ""
            if not value or (value.startswith("-") and value != "-") or (equals and not option.startswith("--")):
                return None
            if takes is _LIST:
                found.setdefault(parameter, []).append(value)
            else:
                found[parameter] = value
        elif parameter and not equals:
            found[parameter] = takes
        else:
            return None
    return found
