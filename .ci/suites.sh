# Functions that .ci/run and .ci/nightly share: run a suite, count its result, and print the totals at the end.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true
logs=$(mktemp -d)
passed=0
failed=0
declare -A beside=() begun=()
# The shell has what runs beside ignore Ctrl-C.
trap 'kill "${beside[@]}" 2>/dev/null; exit 130' INT TERM

# suite NAME COMMAND...: counts what mocha or pytest says of itself; a command without counts is one test.
suite() {
  local name=$1 log="$logs/${1// /-}.log" code ok bad
  shift
  echo "::: $name: $*"
  local start=$SECONDS before=$(processor)
  "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  ok=$(counted "$log" '^ *[0-9]+ passing|[0-9]+ passed')
  bad=$(counted "$log" '^ *[0-9]+ failing|[0-9]+ failed')
  if [ $((ok + bad)) -eq 0 ]; then
    if [ "$code" -eq 0 ]; then ok=1; else bad=1; fi
  fi
  [ "$code" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  passed=$((passed + ok))
  failed=$((failed + bad))
  echo "::: $name: $ok passed, $bad failed, $((SECONDS - start)) s, $(minutes) min gone, $(busy "$before")" | tee -a "$logs/summary"
  [ "$bad" -eq 0 ] || causes "$log" >>"$logs/summary"
}

# begin NAME COMMAND...: starts a suite that runs beside the ones that follow, until `join NAME` waits for it and counts it.
begin() {
  local name=$1
  shift
  begun[$name]=$SECONDS
  "$@" >"$logs/${name// /-}.beside" 2>&1 &
  beside[$name]=$!
}

join() {
  local code=0
  # `by` may have left it out.
  [ -n "${beside[$1]:-}" ] || return 0
  wait "${beside[$1]}" || code=$?
  echo "::: $1: began $((SECONDS - begun[$1])) s ago" | tee -a "$logs/summary"
  suite "$1" says "$logs/${1// /-}.beside" "$code"
}

# by MINUTES COMMAND NAME...: runs `cluster NAME`, `begin NAME ...` or `suite NAME ...` where no more than so many minutes
# have gone; the nightly has it too.
by() {
  local most=$1
  shift
  if [ "$(minutes)" -le "$most" ]; then
    "$@"
  else
    echo "::: $2: left to the nightly, $(minutes) min gone" | tee -a "$logs/summary"
  fi
}

# Minutes since the beginning.
minutes() {
  echo $((SECONDS / 60))
}

# Ticks of the processors since the machine started: those that were worked in, and all.
processor() {
  awk '/^cpu /{ for (i = 2; i <= 9; i++) all += $i; print all - $5 - $6, all }' /proc/stat
}

# busy BEFORE: how busy the processors have been since `processor` said BEFORE.
busy() {
  echo "$1 $(processor)" | awk '{ all = $4 - $2; printf "%d %% busy", all ? 100 * ($3 - $1) / all : 0 }'
}

# says LOG CODE: what a suite that has ended said, and its exit code.
says() {
  cat "$1"
  return "$2"
}

# counted LOG PATTERN: the sum of the numbers in what matches.
counted() {
  grep -aoE "$2" "$1" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'
}

# causes LOG: what a suite says of its first failures, for the reader of the summary.
causes() {
  { grep -aE -m1 -A60 '^ *[0-9]+ failing|short test summary' "$1" || tail -40 "$1"; } | cut -c1-400
}

# cluster SUITE: a file of test:cluster.
cluster() {
  suite "$1" npx mocha --config test/cluster/.mocharc.yaml "test/cluster/$1.test.ts"
}

# programs NAME...: installs those that the machine lacks.
programs() {
  local program
  for program in "$@"; do
    # Debian keeps PostgreSQL's programs off the path.
    { command -v "$program" || compgen -G "/usr/lib/$program/*/bin/*"; } >/dev/null ||
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$program"; } >/dev/null
  done
}

# The last line, and its exit code.
finish() {
  cat "$logs/summary"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
