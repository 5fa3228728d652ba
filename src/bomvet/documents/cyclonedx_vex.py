"""The analyses of vulnerabilities in a CycloneDX document (JSON, 1.4 to 1.7), beside the SBOM or within it.

Source: the CycloneDX JSON schemas.  Whom an analysis is for: the component that the document describes; where it
describes none, whatever component is referred to.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from bomvet.documents._vex import Json, Problems, VexDocument, items, moment, names, prose, table, text, texts
from bomvet.errors import MalformedError
from bomvet.model.finding import Statement
from bomvet.model.purl import parts, percent_decoded, percent_encoded, project_purl
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}
#: By the words of OpenVEX, which has no own ones for what depends on the surroundings.
REASONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
_RESPONSES = {
    "can_not_fix": "cannot be fixed",
    "will_not_fix": "will not be fixed",
    "update": "update",
    "rollback": "go back to an earlier version",
    "workaround_available": "there is a workaround",
}
_LINK = "urn:cdx:"


def read_cyclonedx_vex(document: Json, source: str) -> VexDocument:
    """What the analyses in `document`, of the file `source`, state; raises `MalformedError` where there are none."""
    vulnerabilities = [table(item) for item in items(document.get("vulnerabilities"))]
    if not any(table(item.get("analysis")).get("state") for item in vulnerabilities):
        raise MalformedError("no VEX document: no vulnerability in it has an analysis with a state")
    reader = _Reader(document, source)
    found = [
        statement
        for number, item in enumerate(vulnerabilities, start=1)
        if item.get("analysis")
        for statement in reader.statements(item, f"vulnerability {number}")
    ]
    return VexDocument(format="CycloneDX", source=source, statements=tuple(found), problems=reader.problems.all())


class _Reader:
    """One document while it is read."""

    def __init__(self, document: Json, source: str) -> None:
        self.problems = Problems()
        metadata = table(document.get("metadata"))
        self._source, self._author = source, _author(metadata)
        self._time = moment(metadata.get("timestamp"), "metadata.timestamp", self.problems)
        self._serial = text(document.get("serialNumber")).removeprefix("urn:uuid:")
        root = table(metadata.get("component"))
        name = text(root.get("name"))
        self._root = text(root.get("purl")) or (project_purl(name, text(root.get("version")), "") if name else "")
        self._purls = _purls(document, root)
        if self._root and text(root.get("bom-ref")):
            self._purls[text(root.get("bom-ref"))] = self._root

    def statements(self, item: Json, place: str) -> Iterator[Statement]:
        """One for each component that is referred to, in those versions that are meant."""
        analysis = table(item.get("analysis"))
        status, ids = STATES.get(text(analysis.get("state")), ""), names(_names(item), place, self.problems)
        if not status:
            self.problems.tell(place, f"{shown(text(analysis.get('state')))!r} is no state of an analysis")
            return
        if not ids:
            self.problems.tell(place, "it has no id")
            return
        stated = analysis.get("lastUpdated") or analysis.get("firstIssued")
        time = moment(stated, place, self.problems) or self._time
        meant = [purl for purl in self._affected(item, status, place) if purl]
        for purl in dict.fromkeys(meant):
            whole = not self._root or parts(purl)[:3] == parts(self._root)[:3]
            yield Statement(
                ids=ids,
                status=status,
                products=(purl if whole else self._root,),
                components=() if whole else (purl,),
                justification=self._justification(analysis, place),
                impact=_impact(analysis),
                action=_action(item, analysis),
                author=self._author,
                time=time,
                source=self._source,
            )

    def _affected(self, item: Json, status: str, place: str) -> Iterator[str]:
        if not items(item.get("affects")):
            self.problems.tell(place, "it refers to no component (affects)")
        for affected in map(table, items(item.get("affects"))):
            purl, versions = self._purl(text(affected.get("ref")), place), affected.get("versions")
            if versions is None or versions == []:
                yield purl
            elif not isinstance(versions, list):
                self.problems.tell(place, "its versions are no list")
            elif purl:
                yield from (self._of_version(purl, table(one), status, place) for one in versions)

    def _purl(self, ref: str, place: str) -> str:
        """The purl of what `ref` leads to: a component of the document, or of another by a BOM-Link."""
        if ref in self._purls:
            return self._purls[ref]
        link, _, fragment = ref.partition("#") if ref.startswith(_LINK) else ("", "", ref)
        inner = percent_decoded(fragment) if link else fragment
        if link and link.removeprefix(_LINK).partition("/")[0] == self._serial and inner in self._purls:
            return self._purls[inner]
        for candidate in (fragment, inner):
            if candidate.startswith("pkg:"):
                return candidate
        self.problems.tell(place, f"{shown(ref)!r} leads to no component with a purl")
        return ""

    def _of_version(self, purl: str, one: Json, status: str, place: str) -> str:
        """`purl` in the version or range of `one`; empty where that says the contrary of the analysis."""
        version, range_, stated = text(one.get("version")), text(one.get("range")), text(one.get("status"))
        # By default a version is `affected`, also in analyses that say it is not: that is what analyses are for.
        agreeing = ("", "unaffected") if status in ("not_affected", "fixed") else ("", "affected", "unknown")
        if stated not in agreeing:
            self.problems.tell(
                place, f"the version {shown(version or range_)!r} is {stated!r}, the analysis {status!r}"
            )
            return ""
        if not version and not range_:
            self.problems.tell(place, "an entry of its versions has neither version nor range")
            return ""
        return in_versions(purl, version=version, vers=range_)

    def _justification(self, analysis: Json, place: str) -> str:
        word = text(analysis.get("justification"))
        if word and word not in REASONS:
            self.problems.tell(place, f"{shown(word)!r} is no justification of CycloneDX")
        return REASONS.get(word, "")


def in_versions(purl: str, *, version: str = "", vers: str = "") -> str:
    """`purl` in another version, or in a range, for which the purl specification has the qualifier `vers`."""
    rest, _, query = purl.partition("#")[0].partition("?")
    head, at, tail = rest.rpartition("@")
    rest = head if at and "/" not in tail else rest  # the only @ may be that of an npm scope
    pairs = [pair for pair in query.split("&") if pair and not pair.startswith("vers=")]
    if vers and not version:
        pairs.append(f"vers={percent_encoded(vers, ':')}")
    rest = f"{rest}@{percent_encoded(version, ':')}" if version else rest
    return "?".join(filter(None, (rest, "&".join(sorted(pairs)))))


def _purls(document: Json, root: Json) -> dict[str, str]:
    """Purls of all components, however deep, by their own names in the document."""
    found: dict[str, str] = {}
    todo = deque([document.get("components"), root.get("components")])
    while todo:
        for component in map(table, items(todo.popleft())):
            ref, purl = text(component.get("bom-ref")), text(component.get("purl"))
            if ref and purl.startswith("pkg:"):
                found.setdefault(ref, purl)
            if component.get("components"):
                todo.append(component["components"])
    return found


def _author(metadata: Json) -> str:
    people = [*items(metadata.get("authors")), metadata.get("manufacturer"), metadata.get("supplier")]
    return next((name for name in (text(table(one).get("name")) for one in people) if name), "")


def _names(item: Json) -> Iterator[str]:
    """Its own, and those of what the document has for equivalent."""
    yield text(item.get("id"))
    yield from (text(table(reference).get("id")) for reference in items(item.get("references")))


def _impact(analysis: Json) -> str:
    detail = prose(analysis.get("detail"))
    return detail or ("stated to be a false positive" if analysis.get("state") == "false_positive" else "")


def _action(item: Json, analysis: Json) -> str:
    if analysis.get("state") != "exploitable":
        return ""
    responses = [_RESPONSES[word] for word in texts(analysis.get("response")) if word in _RESPONSES]
    stated = [prose(value) for value in (item.get("recommendation"), item.get("workaround"), analysis.get("detail"))]
    return "; ".join([*responses, *(part for part in stated if part)])
