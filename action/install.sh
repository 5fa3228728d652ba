#!/usr/bin/env bash
# Installs bomvet into an environment of its own: that beside this script, or the release that IN_VERSION names.
set -euo pipefail

stop() {
  echo "::error title=bomvet::$1"
  exit 2
}

version=${IN_VERSION:-}
case $version in
  "" | [0-9]*) ;;
  *) stop "version must be a release such as 1.2.3" ;;
esac
case $version in
  *[!0-9A-Za-z.+-]*) stop "version must be a release such as 1.2.3" ;;
esac

python=""
for name in python3 python3.13 python3.12 python3.11 python; do
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    python=$name
    break
  fi
done
[ -n "$python" ] || stop "bomvet needs Python 3.11 or newer: run actions/setup-python before"

home=$(mktemp -d "${RUNNER_TEMP:?}/bomvet.XXXXXX")
"$python" -m venv "$home/venv"
what=${version:+bomvet==$version}
"$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check "${what:-$GITHUB_ACTION_PATH}"
{
  echo "bin=$home/venv/bin/bomvet"
  echo "python=$home/venv/bin/python"
} >>"$GITHUB_OUTPUT"
"$home/venv/bin/bomvet" --version
