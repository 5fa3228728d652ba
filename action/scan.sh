#!/usr/bin/env bash
# Scans, and writes the outputs of the action; what the inputs hold is only ever an argument.
# The exit code is the verdict, for the last step: here 0 says that there is one.
set -euo pipefail

output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}
stop() {
  echo "::error title=bomvet::$1"
  output verdict error
  output code 2
  exit 0
}

[ -z "${IN_IMAGE:-}" ] || stop "image: this version of bomvet reads no container images"
[ -z "${IN_SBOM:-}" ] || stop "sbom: this version of bomvet scans no SBOMs, only what they are made of: set path"
policy=${IN_POLICY:-}
if [ -n "${IN_CONFIG:-}" ]; then
  [ -z "$policy" ] || [ "$policy" = "$IN_CONFIG" ] || stop "policy and config name the same file: set one of them"
  policy=$IN_CONFIG
fi
for name in IN_SUMMARY IN_OFFLINE; do
  case ${!name:-false} in
    true | false) ;;
    *) stop "$(tr '[:upper:]' '[:lower:]' <<<"${name#IN_}") must be true or false" ;;
  esac
done

bomvet=${BOMVET_BIN:?}
results=$(mktemp -d "${RUNNER_TEMP:?}/bomvet-results.XXXXXX")
common=()
[ -z "$policy" ] || common+=("--config=$policy")
[ "${IN_OFFLINE:-false}" = false ] || common+=(--offline)

scan=(${common[@]+"${common[@]}"})
[ -z "${IN_FAIL_ON:-}" ] || scan+=("--fail-on=$IN_FAIL_ON")
[ -z "${IN_BASELINE:-}" ] || scan+=("--baseline=$IN_BASELINE")
[ -z "${IN_OUTPUT_FILE:-}" ] || scan+=("--output=$IN_OUTPUT_FILE")
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  line=${line%"${line##*[![:space:]]}"}
  [ -z "$line" ] || scan+=("--vex=$line")
done <<<"${IN_VEX:-}"
read -r -d '' -a formats <<<"${IN_FORMAT:-table}" || true
file=${IN_OUTPUT_FILE:-}
for format in "${formats[@]:-table}"; do
  scan+=("--format=$format")
  case $format in
    *=*) continue ;;
    table | github) ;;
    # Other formats keep every name as it is, also one that the log would take for a command.
    *) [ -n "$file" ] || stop "format: what is not table or github goes to a file: FORMAT=FILE, or output-file" ;;
  esac
  file=""
done
for format in sarif json markdown github; do
  scan+=("--format=$format=$results/bomvet.$format")
done
if [ -n "${IN_DB_CACHE:-}" ]; then
  scan+=("--db=$IN_DB_CACHE")
  # Where that fails the scan says what it lacks.
  if [ "${IN_OFFLINE:-false}" = false ] && ! "$bomvet" db status "--db=$IN_DB_CACHE" --max-age=1d >/dev/null 2>&1; then
    mkdir -p -- "$(dirname -- "$IN_DB_CACHE")"
    "$bomvet" db update "--db=$IN_DB_CACHE" || true
  fi
fi

target=dir:${IN_PATH:-.}
code=0
"$bomvet" scan "${scan[@]}" "$target" || code=$?
case $code in
  0) verdict=passed ;;
  1) verdict=failed ;;
  3) verdict=incomplete ;;
  *) verdict=error ;;
esac
output verdict "$verdict"
output code "$code"

if [ "$verdict" = error ] || [ ! -s "$results/bomvet.json" ]; then
  echo "::error title=bomvet::there is no result, exit code $code: see the log"
  exit 0
fi
cat "$results/bomvet.github"
[ "${IN_SUMMARY:-true}" = false ] || cat "$results/bomvet.markdown" >>"${GITHUB_STEP_SUMMARY:?}"
# That of the scan has vulnerabilities, which are no part of an SBOM.
"$bomvet" sbom ${common[@]+"${common[@]}"} "--output=$results/bomvet.cdx.json" "$target" >/dev/null 2>&1 || true
[ ! -s "$results/bomvet.cdx.json" ] || output sbom "$results/bomvet.cdx.json"
output sarif "$results/bomvet.sarif"
output json "$results/bomvet.json"
