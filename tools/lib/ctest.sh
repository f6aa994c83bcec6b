# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs ctest and adds up its numbers. A test that did not run counts as failed.

passed=0
failed=0
failures=()

# record_failure WHAT: something that is no ctest test, such as a build, failed.
record_failure() {
  failed=$((failed + 1))
  failures+=("$1")
}

# run_ctest KEY TITLE COMMAND...: COMMAND is ctest with its arguments, here or on another machine.
run_ctest() {
  local key=$1 title=$2 junit=$work/$1.junit.xml total=0 not_ok
  shift 2
  rm -f "$junit"
  step "$key" "$title" env -C "$tree" "$@" --output-junit "$junit"
  # The attributes of the one <testsuite>, which ctest writes one a line.
  read -r total not_ok < <(awk -F '"' '/^\ttests=/ { total = $2 }  /^\t(failures|disabled|skipped)=/ { not_ok += $2 }
    /^\t?>/ { print total, not_ok + 0; exit }' "$junit" 2>/dev/null)
  rm -f "$junit"
  if [ "${total:-0}" -eq 0 ]; then
    show_failure
    record_failure "$title: ctest gave no result ($step_log)"
    return
  fi
  passed=$((passed + total - not_ok))
  failed=$((failed + not_ok))
  if [ "$not_ok" -gt 0 ]; then
    show_ctest_failures
    failures+=("$title ($step_log)")
  fi
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
