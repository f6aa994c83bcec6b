# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# step: runs one long command with its output in a log and says which step it is, how far it is, how long it has taken
# and how long it took last time. On a terminal that can, one line is redrawn; elsewhere there is a line at least every 10 s.
# A signal that was ignored when we were started (nohup, a job in the background) stays ignored: bash traps no such one.

step_pid=
step_partial=
exec {tick_fd}<> <(:)

# A line can be redrawn on a terminal that understands it. TERM is unset where nobody does.
redraws() { [ -t 2 ] && [ -n "${TERM:-}" ] && [ "$TERM" != dumb ]; }

# Bash overwrites COLUMNS when a command ends: what the caller said is what it is now.
asked_columns=${COLUMNS:-}
find_width() {
  width=$asked_columns
  [[ $width =~ ^[1-9][0-9]*$ ]] || width=$(stty size <&2 2>/dev/null | cut -d ' ' -f 2)
  [[ $width =~ ^[1-9][0-9]*$ ]] || width=80
}

clock_text() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# how_far LOG ELAPSED LAST: the newest [n/m], "n/m Test" or ", n %" of the log, with the name of the log's own step if it has
# steps; else the share of the last duration.
how_far() {
  local end newest n m inner=
  end=$(tail -c 4000 "$1" 2>/dev/null | tr '\r' '\n')
  newest=$(grep -aoE '\[ *[0-9]+/[0-9]+\]|^ *[0-9]+/[0-9]+ Test|, [0-9]{1,3} %|step [0-9]+/[0-9]+ [a-z]+' <<<"$end" |
    tail -n 2)
  [[ $newest =~ step\ [0-9/]+\ ([a-z]+) ]] && inner="${BASH_REMATCH[1]} "
  newest=${newest##*$'\n'}
  if [[ $newest =~ ^step ]]; then
    printf '%s' "${inner% }"
  elif [[ $newest =~ ([0-9]+)/([0-9]+) ]]; then
    n=${BASH_REMATCH[1]} m=${BASH_REMATCH[2]}
    [ "$m" -gt 0 ] && printf '%s[%d/%d] %d%%' "$inner" "$n" "$m" $((100 * n / m))
  elif [[ $newest =~ ([0-9]+)\ % ]]; then
    printf '%s%d%%' "$inner" "${BASH_REMATCH[1]}"
  elif [ "$3" -gt 0 ]; then
    local share=$((100 * $2 / $3))
    printf 'about %d%%' $((share > 99 ? 99 : share))
  fi
}

show_progress() {  # TITLE LOG ELAPSED LAST
  local far='' line last_text=
  [ "$3" -eq 0 ] || far=$(how_far "$2" "$3" "$4")
  [ "$4" -lt 0 ] || last_text=" (last time $(clock_text "$4"))"
  line="$1${far:+  $far}  $(clock_text "$3")$last_text"
  if redraws; then
    printf '\r\033[K%s' "${line:0:$((width - 1))}" >&2
    step_partial=yes
  else
    say "$line"
  fi
}

end_partial_line() {
  [ -z "$step_partial" ] || printf '\r\033[K' >&2
  step_partial=
}

# stop_step: ends the running command with everything it started, by its process group, and waits for it.
stop_step() {
  [ -n "$step_pid" ] || return 0
  local pid=$step_pid i
  step_pid=
  kill -TERM -- "-$pid" 2>/dev/null
  for ((i = 0; i < 70; i++)); do
    kill -0 -- "-$pid" 2>/dev/null || break
    read -rt 0.1 -u "$tick_fd"
  done
  kill -KILL -- "-$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
}

on_signal() {  # NAME CODE
  trap '' INT TERM HUP
  end_partial_line
  stop_step
  say "stopped by SIG$1; nothing of it is left running"
  type -t clean_up >/dev/null && clean_up
  exit "$2"
}
trap 'on_signal INT 130' INT
trap 'on_signal TERM 143' TERM
trap 'on_signal HUP 129' HUP

# step KEY TITLE COMMAND...: returns the command's status; `step_log` is its log. Failures are shown by show_failure.
step() {
  local key=$1 title=$2 started=$SECONDS elapsed last=-1 status shown=0 period=10
  shift 2
  step_log=$work/logs/$key.log
  [ -r "$work/durations/$key" ] && read -r last <"$work/durations/$key"
  [[ $last =~ ^[0-9]+$ ]] || last=-1
  : >"$step_log" || die "$exit_host" "cannot write $step_log"
  redraws && period=0
  find_width
  show_progress "$title" "$step_log" 0 "$last"
  # A session of its own: Ctrl-C reaches only us, and we stop the whole group. The death signal covers kill -9 of us.
  setsid setpriv --pdeathsig TERM "$tree/tools/lib/supervise" "$@" </dev/null >"$step_log" 2>&1 &
  step_pid=$!
  while kill -0 "$step_pid" 2>/dev/null; do
    read -rt 0.2 -u "$tick_fd"
    elapsed=$((SECONDS - started))
    if [ $((elapsed - shown)) -ge $period ] && kill -0 "$step_pid" 2>/dev/null; then
      show_progress "$title" "$step_log" "$elapsed" "$last"
      shown=$elapsed
    fi
  done
  wait "$step_pid"
  status=$?
  step_pid=
  elapsed=$((SECONDS - started))
  end_partial_line
  if [ $status -eq 0 ]; then
    say "$title: done in $(clock_text $elapsed)"
    # A step that found nothing to do says nothing about how long it takes.
    [ "$elapsed" -lt 2 ] || printf "%d\n" "$elapsed" | write_file "$work/durations/$key"
  else
    say "$title: failed after $(clock_text $elapsed) (status $status)"
  fi
  return $status
}

# show_failure: the end of the failed step's log, and where the rest is.
show_failure() {
  printf -- '--- the last lines of %s\n' "$step_log" >&2
  tail -n "${1:-25}" "$step_log" >&2
  printf -- '---\n' >&2
}
