"""`make demo`: bomvet on a sample project, offline, with a sample of advisories; checks that all went as documented.

Exit code 0 means that bomvet said what `webshop-api/expected/` says it must, and refused the project for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent
PROJECT = "sample_projects/webshop-api"
SBOM = "webshop-api.cdx.json"
#: The demo must be the same everywhere, whatever the user has set for real work.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("BOMVET_")}


def bomvet(*arguments: str, expect: int) -> None:
    """Show and run one command; ends the demo where its exit code is not `expect`."""
    print(f"\n$ bomvet {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "bomvet", *arguments]
    code = subprocess.run(command, cwd=SAMPLES.parent, env=ENVIRONMENT, check=False).returncode  # noqa: S603
    if code != expect:
        sys.exit(f"demo: exit code {code} where {expect} is documented")


def findings(result: Path) -> list[dict[str, object]]:
    """The findings of a JSON result in the form of `expected/findings.json`."""
    document = json.loads(result.read_text(encoding="utf-8"))
    scopes = {c["purl"]: (f"{c['name']}@{c['version']}", c["scope"]) for c in document["inventory"]["components"]}
    assessment = document["assessment"]
    expired = {waiver["id"] for waiver in assessment["expired"]}
    found = [(f, "expired" if expired & set(f["ids"]) else False) for f in document["findings"]]
    found += [(waived["finding"], True) for waived in assessment["waived"]]
    rows = [
        {
            "component": scopes[f["subject"]][0],
            "ids": f["ids"],
            "severity": f["severity"],
            "waived": waived,
            "scope": scopes[f["subject"]][1],
        }
        for f, waived in found
    ]
    return sorted(rows, key=lambda row: (str(row["component"]), str(row["ids"])))


def main() -> None:
    """Import, scan, write the SBOM, explain; then compare."""
    with tempfile.TemporaryDirectory() as folder:
        database, result = f"{folder}/advisories.db", f"{folder}/result.json"
        print("A small web shop and two dozen advisories; nothing is fetched, nothing of the project is run.")
        print("\n$ bomvet db import sample_projects/advisories")
        quiet = [sys.executable, "-m", "bomvet", "db", "import", "sample_projects/advisories", "--db", database]
        subprocess.run(quiet, cwd=SAMPLES.parent, env=ENVIRONMENT, check=True)  # noqa: S603
        ENVIRONMENT["BOMVET_DB"] = database
        bomvet("scan", PROJECT, "--offline", expect=1)
        bomvet("scan", PROJECT, "--offline", "-f", f"json={result}", expect=1)
        bomvet("sbom", PROJECT, "-o", SBOM, expect=0)
        bomvet("explain", "cryptography", PROJECT, expect=0)
        found = findings(Path(result))
    expected = json.loads((SAMPLES / "webshop-api/expected/findings.json").read_text(encoding="utf-8"))
    if found != expected:
        sys.exit("demo: the findings are not those of webshop-api/expected/findings.json")
    refused = sum(f["severity"] in ("high", "critical") for f in found)
    print(
        f"""
What happened: the policy of the sample (bomvet.toml: fail-on = "high") refuses {refused} of its
{len(found)} findings, so the exit code was 1 and a pipeline would have stopped here. One medium
finding is waived, one waiver has expired and no longer counts. {SBOM} says
what the project is made of; the same tree always gives the same bytes.
Demo passed: bomvet behaved as documented."""
    )


if __name__ == "__main__":
    main()
