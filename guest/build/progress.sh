# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Which step, how far, how long it took last time. The last build's figures are in $cache/.last-build (.last-build-arm64): one
# line "STEP SECONDS LINES" a step.

step_names=(source config kernel initramfs)
step_child=
step_notes=
build_started=

progress_begin() {
  build_started=$SECONDS
  say "kernel ${source_version}, flavour $flavour, into $image"
}

last_figure() {
  awk -v step="$1" -v column="$2" '$1 == step { print $column }' "$cache/.last-build$image_label" 2>/dev/null || true
}

# show STEP LINES LAST_LINES ELAPSED LAST_SECONDS
show() {
  local number=0 name text
  for name in "${step_names[@]}"; do
    number=$((number + 1))
    [ "$name" != "$1" ] || break
  done
  text="step $number/${#step_names[@]} $1, $4 s"
  if [ -n "$3" ] && [ "$3" -gt 0 ]; then
    text+=", $(($2 < $3 ? $2 * 100 / $3 : 99)) %"
  elif [ "$2" -gt 0 ]; then
    text+=", $2 lines"
  fi
  [ -z "$5" ] || text+=" (last time $5 s)"
  if [ -t 2 ]; then
    printf '\r\033[Kguest: %s' "$text" >&2
  else
    say "$text"
  fi
}

# A killed script can stop nothing itself: so the step looks whether it is still there. PID: the script's.
run_while_alive() {
  local script=$1 watcher status=0
  shift
  (
    [ -z "${lock-}" ] || exec {lock}<&-
    while kill -0 "$script" 2>/dev/null; do sleep 1; done
    kill -TERM 0
  ) &
  watcher=$!
  "$@" || status=$?
  kill "$watcher" 2>/dev/null || true
  return $status
}

# run_step STEP COMMAND...: in its own process group, output to the log, progress meanwhile.
run_step() {
  local name=$1 start=$SECONDS next=0 lines=0 before last_lines last_seconds status=0
  shift
  last_seconds=$(last_figure "$name" 2)
  last_lines=$(last_figure "$name" 3)
  before=$(wc -l <"$work/log")
  set -m
  run_while_alive $$ "$@" >>"$work/log" 2>&1 &
  step_child=$!
  set +m
  while kill -0 "$step_child" 2>/dev/null; do
    lines=$(($(wc -l <"$work/log") - before))
    if [ -t 2 ] || [ $((SECONDS - start)) -ge $next ]; then
      show "$name" "$lines" "$last_lines" $((SECONDS - start)) "$last_seconds"
      next=$((SECONDS - start + 10))
    fi
    # A builtin that a signal interrupts at once, where sleep would make the trap wait.
    read -rt 0.3 <> <(:) || true
  done
  wait "$step_child" || status=$?
  step_child=
  lines=$(($(wc -l <"$work/log") - before))
  [ ! -t 2 ] || printf '\n' >&2
  step_notes+="$name $((SECONDS - start)) $lines"$'\n'
  return $status
}

stop_build() {
  [ -n "$step_child" ] || return 0
  kill -TERM -- "-$step_child" 2>/dev/null || true
  wait "$step_child" 2>/dev/null || true
  step_child=
}

progress_end() {
  printf '%s' "$step_notes" >"$cache/.last-build.new" && mv "$cache/.last-build.new" "$cache/.last-build$image_label"
  say "done in $((SECONDS - build_started)) s"
}
