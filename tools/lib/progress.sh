# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# step: runs one long command with its output in a log and says which step it is, how far it is, how long it has taken
# and how long it took last time. On a terminal that can, one line is redrawn; elsewhere there is a line at least every
# 10 s.

step_pid=
step_partial=

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

# how_far LOG ELAPSED LAST: the newest [n/m] (ninja), n/m Test (ctest) or n % of the log, after the name of the log's
# own step if it has steps; else the share of the last duration.
how_far() {
  local end name= LC_ALL=C
  end=$(tail -c 4000 "$1" 2>/dev/null | tr '\r\0' '\n\n')
  if [[ $end =~ .*step\ [0-9]+/[0-9]+\ ([a-z]+)(.*) ]]; then
    name="${BASH_REMATCH[1]} "
    end=${BASH_REMATCH[2]}
  fi
  if [[ $end =~ .*[^0-9]([0-9]+)/([1-9][0-9]*)(\]|\ Test) ]]; then
    printf '%s[%d/%d] %d%%' "$name" "${BASH_REMATCH[@]:1:2}" $((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
  elif [[ $end =~ .*,\ ([0-9]{1,3})\ % ]]; then
    printf '%s%d%%' "$name" "${BASH_REMATCH[1]}"
  elif [ -n "$name" ]; then
    printf '%s' "${name% }"
  elif [ "$3" -gt 0 ]; then
    printf 'about %d%%' $(($2 < $3 ? 100 * $2 / $3 : 99))
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

# tools/lib/supervise ends all that the step started.
on_signal() {  # NAME CODE
  trap '' INT TERM HUP
  end_partial_line
  [ -z "$step_pid" ] || { kill -TERM "$step_pid" && wait "$step_pid"; } 2>/dev/null
  say "stopped by SIG$1; nothing of it is left running"
  exit "$2"
}
# One that was ignored when we were started (nohup, a job in the background) stays ignored: bash traps no such one.
trap 'on_signal INT 130' INT
trap 'on_signal TERM 143' TERM
trap 'on_signal HUP 129' HUP

# step KEY TITLE COMMAND...: returns the command's status; `step_log` is its log. Failures are shown by show_failure.
step() {
  local title=$2 duration=$work/durations/$1 started=$SECONDS elapsed last status shown=0 period=10
  step_log=$work/logs/$1.log
  last=$(cat "$duration" 2>/dev/null)
  [[ $last =~ ^[0-9]+$ ]] || last=-1
  : >"$step_log" || die "$exit_host" "cannot write $step_log"
  redraws && period=0
  find_width
  show_progress "$title" "$step_log" 0 "$last"
  # A session of its own: Ctrl-C reaches only us, and we stop the whole group. The death signal covers kill -9 of us.
  setsid setpriv --pdeathsig TERM "$tree/tools/lib/supervise" "${@:3}" </dev/null >"$step_log" 2>&1 &
  step_pid=$!
  while kill -0 "$step_pid" 2>/dev/null; do
    elapsed=$((SECONDS - started))
    if [ $((elapsed - shown)) -ge $period ]; then
      show_progress "$title" "$step_log" "$elapsed" "$last"
      shown=$elapsed
    fi
    sleep 0.2
  done
  wait "$step_pid"
  status=$?
  step_pid=
  elapsed=$((SECONDS - started))
  end_partial_line
  if [ $status -eq 0 ]; then
    say "$title: done in $(clock_text $elapsed)"
    # A step that found nothing to do says nothing about how long it takes.
    [ "$elapsed" -lt 2 ] || echo "$elapsed" >"$duration"
  else
    say "$title: failed after $(clock_text $elapsed) (status $status)"
  fi
  return $status
}

# show_failure [LINES]: the end of the failed step's log, and where the rest is.
show_failure() {
  printf -- '--- the last lines of %s\n' "$step_log" >&2
  tail -n "${1:-25}" "$step_log" >&2
  printf -- '---\n' >&2
}

# step_died CODE MESSAGE [HINT]: die, for a step that must not fail.
step_died() {
  show_failure
  die "$1" "$2" "log: $step_log${3:+; $3}"
}
