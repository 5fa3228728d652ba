"""Requirements as manifests write them, read one by one: PEP 508 texts, and the tables of Poetry, Pipenv and uv."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.purl import pypi_name
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

# All but the first are compiled when they are first used, since a lock mostly speaks for what is declared.
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![A-Za-z0-9._-])")
#: Name, extras, and a list of versions, possibly in parentheses: what needs no parser.
_SIMPLE = (
    r"\s*+(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*+(?:\[(?P<extras>[A-Za-z0-9._,\s-]*+)\])?\s*+"
    r"(?P<open>\()?\s*+(?P<constraint>(?:(?:===?|~=|!=|[<>]=?)\s*+v?[0-9][A-Za-z0-9.*+!_-]*+\s*+"
    r"(?:,\s*+(?=[=~!<>])|(?=\)?\s*+$)))*+)(?(open)\))\s*+"
)
_EXACT = r"===?\s*([A-Za-z0-9.!+_-]+)"
_VERSION = r"v?[0-9][A-Za-z0-9.!+_-]*"
_COMMIT = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_COMPARISON = r"(===?|~=|!=|[<>]=?)\s*([0-9][0-9A-Za-z.*+!-]*)"
_POETRY = r"(?P<sign>[~^]?)\s*(?P<version>[0-9][0-9A-Za-z.*+!-]*)"
_LONGEST_NUMBER = 18
#: Names of environment markers that Pipenv takes as keys of a requirement.
_MARKER_KEYS = (
    "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
    "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
    "implementation_version",
)  # fmt: skip


class Asked(NamedTuple):
    """One thing that a manifest asks for.

    `text` is how it is shown, `constraint` what is said of the version; `version` is set where that is exactly one.
    Of `url` (with `git+` and the like where it is a repository), `path` and `workspace` (a project of the tree) at most
    one is set; `registry` is a URL.
    """

    name: str
    text: str
    constraint: str = ""
    version: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str = ""
    path: str = ""
    registry: str = ""
    workspace: bool = False

    @property
    def is_vcs(self) -> bool:
        """Whether it comes from a repository."""
        return self.url.partition(":")[0].partition("+")[0].lower() in ("git", "hg", "svn", "bzr")

    @property
    def has_commit(self) -> bool:
        """Whether it names one state of a repository."""
        return bool(re.fullmatch(_COMMIT, self.url.partition("#")[0].rpartition("@")[2]))


def name_of(text: str) -> str:
    """The normalised name that a requirement begins with; empty where it begins with none."""
    match = _NAME.match(text)
    return pypi_name(match[1]) if match else ""


def from_text(text: str) -> Asked:
    """A requirement of PEP 508; raises `ValueError` where it is none."""
    simple = re.fullmatch(_SIMPLE, text)
    if not simple:
        return _parsed(text)
    constraint = " ".join(simple["constraint"].split())
    exact = re.fullmatch(_EXACT, constraint)
    return Asked(
        name=pypi_name(simple["name"]),
        text=text.strip(),
        constraint=constraint,
        version=exact[1] if exact else "",
        extras=_extras((simple["extras"] or "").split(",")),
    )


def _parsed(text: str) -> Asked:
    """Anything with a marker or URL, by the reference implementation."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - slow to import

    try:
        parsed = Requirement(text)
        marker = str(parsed.marker or "")
    except InvalidRequirement as error:
        raise ValueError(f"is no requirement ({shown(str(error).splitlines()[0])})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    constraint = str(parsed.specifier)
    exact = re.fullmatch(_EXACT, constraint)
    url, path = (parsed.url or ""), ""
    if url[:5].lower() == "file:":
        url, path = "", url[5:].removeprefix("//")
    return Asked(
        name=pypi_name(parsed.name),
        text=text.partition(";")[0].strip() if not parsed.url else f"{parsed.name} @ {parsed.url}",
        constraint=constraint,
        version=exact[1] if exact else "",
        extras=_extras(parsed.extras),
        marker=marker,
        url=url,
        path=path,
    )


def from_table(name: str, spec: object, registries: Mapping[str, str]) -> list[Asked]:
    """What stands behind a name in tables of Poetry and Pipenv: a constraint, a table, or a list of such.

    Raises `ValueError` where it is neither.
    """
    if isinstance(spec, list) and spec and not any(isinstance(item, list) for item in spec):
        return [asked for item in spec for asked in from_table(name, item, registries)]
    if isinstance(spec, str):
        spec = {"version": spec}
    if not isinstance(spec, dict):
        raise ValueError("is neither a version nor a table")  # noqa: TRY004 - as for everything that is no requirement
    if not name or name_of(name) != pypi_name(name):
        raise ValueError("is no name of a package")
    url, path = _source(spec)
    constraint = _text(spec, "version") if not (url or path) else ""
    constraint = "" if constraint.strip() == "*" else " ".join(constraint.split())
    return [
        Asked(
            name=pypi_name(name),
            text=f"{name} @ {url or path}" if url or path else f"{name} {constraint}".rstrip(),
            constraint=_comparisons(constraint),
            version=_exact(constraint),
            extras=_extras(spec.get("extras")),
            marker=_marker(spec),
            url=url,
            path=path,
            registry=registries.get(_text(spec, "source") or _text(spec, "index"), ""),
        )
    ]


def with_source(asked: Asked, spec: object, registries: Mapping[str, str]) -> Asked:
    """`asked` from where a table of `tool.uv.sources` says; raises `ValueError` where that says nothing."""
    if not isinstance(spec, dict):
        raise ValueError("has a source that is no table")  # noqa: TRY004 - see above
    url, path = _source(spec)
    registry = _text(spec, "index")
    if not (url or path or registry) and spec.get("workspace") is not True:
        raise ValueError("has a source that is not understood")
    markers = [marker for marker in (asked.marker, _text(spec, "marker")) if marker]
    marker = " and ".join(f"({m})" for m in markers) if len(markers) > 1 else "".join(markers)
    if registry:
        return asked._replace(marker=marker, registry=registries.get(registry, registry))
    return asked._replace(
        text=f"{asked.name} @ {url or path}" if url or path else asked.text,
        constraint="",
        version="",
        marker=marker,
        url=url,
        path=path,
        workspace=not (url or path),
    )


def _source(spec: dict[str, Any]) -> tuple[str, str]:
    """The URL or the path that a table states."""
    for kind in ("git", "hg", "svn", "bzr"):
        if repository := _text(spec, kind):
            revision = next((text for key in ("rev", "ref", "tag", "branch") if (text := _text(spec, key))), "")
            prefix = "" if repository.startswith(f"{kind}+") else f"{kind}+"
            return f"{prefix}{repository}@{revision}" if revision else f"{prefix}{repository}", ""
    place = _text(spec, "url") or _text(spec, "file") or _text(spec, "path")
    if "://" in place and not place.startswith("file:"):
        return place, ""
    return "", place.removeprefix("file:").removeprefix("//")


def _exact(constraint: str) -> str:
    """The one version that a constraint allows: `==1.2`, or `1.2` alone, which is as exact."""
    text = constraint.removeprefix("===").removeprefix("==").strip()
    return text.removeprefix("v") if re.fullmatch(_VERSION, text) else ""


def _comparisons(constraint: str) -> str:
    """A constraint of Poetry as PEP 440 writes it, where every part of it can be; else as it stands."""
    parts = [_comparison(part.strip()) for part in constraint.split(",")]
    return ",".join(parts) if all(parts) else constraint


def _comparison(part: str) -> str:
    """`^1.2` and `~1.2` as the range that they mean, `1.*` as `==1.*`, `1.2` as `==1.2`; empty for what is none."""
    match = re.fullmatch(_POETRY, part)
    if not match:
        return part.replace(" ", "") if re.fullmatch(_COMPARISON, part) else ""
    sign, version = match["sign"], match["version"]
    numbers = version.split(".")
    if not sign or not all(number.isdigit() for number in numbers):
        return "" if sign else f"=={version}"
    if sign == "~":
        kept = min(len(numbers), 2)
    else:
        # The first number that is not zero, else the last one that is stated.
        kept = next((at for at, number in enumerate(numbers, start=1) if number.strip("0")), len(numbers))
    bound = numbers[:kept]
    if len(bound[-1]) > _LONGEST_NUMBER:
        return ""
    bound[-1] = str(int(bound[-1]) + 1)
    return f">={version},<{'.'.join(bound)}"


def _marker(spec: dict[str, Any]) -> str:
    """All conditions that a table states, as one marker."""
    found = [text for text in (_text(spec, "markers"), _python(_text(spec, "python"))) if text]
    found += [f'sys_platform == "{text}"' for text in (_text(spec, "platform"),) if text]
    found += [f"{key} {text}" for key in _MARKER_KEYS if (text := _text(spec, key))]
    return found[0] if len(found) == 1 else " and ".join(f"({text})" for text in found)


def _python(constraint: str) -> str:
    """A constraint on Python as a marker; empty where it cannot be one, which then goes unsaid."""
    parts = [re.fullmatch(_COMPARISON, part.strip()) for part in _comparisons(constraint).split(",")]
    return " and ".join(f'python_version {p[1]} "{p[2]}"' for p in parts if p) if all(parts) else ""


def _extras(names: object) -> tuple[str, ...]:
    """Names of extras, normalised and sorted."""
    if not isinstance(names, (list, set)):
        return ()
    return tuple(sorted({pypi_name(name.strip()) for name in names if isinstance(name, str) and name.strip()}))


def _text(spec: dict[str, Any], key: str) -> str:
    value = spec.get(key)
    return value if isinstance(value, str) else ""


def archive_name(path: str) -> str:
    """The name of the archive that a path leads to; empty where it leads to a folder."""
    name = posixpath.basename(path.rstrip("/"))
    return name if re.search(r"\.(whl|zip|tar\.gz|tgz|tar\.bz2|tar\.xz)$", name, re.IGNORECASE) else ""
