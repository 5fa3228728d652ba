"""Uploads a SARIF file of bomvet to the code scanning of GitHub; the standard library alone, and no other action.

GitHub takes suppressed results for open alerts, and of all fingerprints reads `primaryLocationLineHash` alone, which
its own action computes of the text around the line.  So the copy that is uploaded has neither the former, nor lacks
the latter.  Source: https://docs.github.com/en/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data.
"""
# ruff: noqa: INP001 - a script of the action, no package

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEY = "bomvet/v1"
#: What GitHub takes of a file, compressed; it answers more with an error that does not say so.
_MAX_BYTES = 10_000_000


def for_github(document: dict[str, Any]) -> dict[str, Any]:
    """`document` as GitHub should see it."""
    runs = []
    for run in document["runs"]:
        results = [
            {**item, "partialFingerprints": {**prints, "primaryLocationLineHash": f"{prints[KEY]}:1"}}
            for item in run["results"]
            if not item.get("suppressions")
            for prints in (item["partialFingerprints"],)
        ]
        runs.append({**run, "results": results})
    return {**document, "runs": runs}


def request(document: dict[str, Any], environment: Mapping[str, str]) -> urllib.request.Request:
    """The upload of `document` by the variables of a job; raises `ValueError` with what is wrong."""
    missing = [
        name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF") if not environment.get(name)
    ]
    if missing:
        raise ValueError(f"{', '.join(missing)} not set")
    # Without a time, the same findings are the same bytes.
    data = gzip.compress(json.dumps(for_github(document)).encode(), mtime=0)
    if len(data) > _MAX_BYTES:
        raise ValueError(f"the file has {len(data):,} bytes compressed, and GitHub takes {_MAX_BYTES:,}")
    body = {
        "commit_sha": environment["GITHUB_SHA"],
        "ref": environment["GITHUB_REF"],
        "sarif": base64.b64encode(data).decode(),
        "tool_name": "bomvet",
    }
    api = environment.get("GITHUB_API_URL") or "https://api.github.com"
    return urllib.request.Request(  # noqa: S310 - the URL is that of the runner
        f"{api}/repos/{environment['GITHUB_REPOSITORY']}/code-scanning/sarifs",
        data=json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        method="POST",
    )


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Upload the file that the only argument names; the exit status."""
    try:
        with open(arguments[0], "rb") as file:
            document = json.load(file)
        with urllib.request.urlopen(request(document, environment), timeout=60) as answer:  # noqa: S310 - see there
            answer.read(1_000_000)
    except urllib.error.HTTPError as error:
        hint = "; the job needs the permission security-events: write, and the repository code scanning"
        return _told(f"code scanning answered {error.code}{hint if error.code in (401, 403, 404) else ''}")
    except (OSError, ValueError, KeyError) as error:
        return _told(f"the findings were not uploaded: {error}")
    print("The findings are on their way to code scanning.")
    return 0


def _told(text: str) -> int:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::error title=bomvet::{escaped}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
