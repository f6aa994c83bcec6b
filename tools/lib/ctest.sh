# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs ctest and adds up its numbers. A test that did not run counts as failed.

passed=0
failed=0
failures=()
ctest_host=()  # what runs ctest on another machine: lab/run KIND, or nothing

# count_junit FILE: adds the totals that ctest wrote; fails if there are none.
count_junit() {
  local head total=0 not_ok=0 key value
  head=$(tr '\n\t' '  ' <"$1" 2>/dev/null | grep -oE '<testsuite [^>]*>' | head -n 1)
  [ -n "$head" ] || return 1
  while IFS='=' read -r key value; do
    value=${value//\"/}
    case $key in
      tests) total=$value ;;
      failures | disabled | skipped) not_ok=$((not_ok + value)) ;;
    esac
  done < <(grep -oE '(tests|failures|disabled|skipped)="[0-9]+"' <<<"$head")
  [ "$total" -gt 0 ] || return 1
  passed=$((passed + total - not_ok))
  failed=$((failed + not_ok))
  [ "$not_ok" -eq 0 ]
}

# record_failure WHAT: something that is no ctest test, such as a build, failed.
record_failure() {
  failed=$((failed + 1))
  failures+=("$1")
}

# run_ctest PRESET KEY TITLE CTEST-ARGS...
run_ctest() {
  local preset=$1 key=$2 title=$3 junit
  shift 3
  junit=$work/$key.junit.xml
  rm -f "$junit"
  step "$key" "$title" ${ctest_host[@]+"${ctest_host[@]}"} ctest --test-dir "$tree/build/$preset" --output-on-failure --no-tests=error \
    --output-junit "$junit" "$@"
  if ! [ -s "$junit" ]; then
    show_failure
    record_failure "$title: ctest gave no result ($step_log)"
  elif ! count_junit "$junit"; then
    show_ctest_failures
    failures+=("$title ($step_log)")
  fi
  rm -f "$junit"
}

# The output of each failed test, and ctest's closing list.
show_ctest_failures() {
  printf -- '--- from %s\n' "$step_log" >&2
  awk '/\*\*\*(Failed|Timeout|Exception|Not Run|Skipped)|Subprocess aborted/ { show = 60 }
       /^ *[0-9]+\/[0-9]+ Test .* Passed / { show = 0 }
       /^[0-9]+% tests passed/ { show = 200 }
       show-- > 0' "$step_log" >&2
  printf -- '---\n' >&2
}
