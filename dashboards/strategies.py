# SPDX-License-Identifier: Apache-2.0
"""Remap strategies against each other, on one kind of host: what each costs, and what went wrong with it."""
from panels import (RED, bars, colours_by_verdict, course, dashboard, heat, quantiles, query, steps, table, variable)

SELECTOR = 'host=~"$host",flavour=~"$flavour",scenario=~"$scenario",strategy=~"$strategy"'
TRIALS = "remapstorm_trials_total"
# What the harness imposed is no cost of a strategy: lengths in which something was injected are left out.
OWN = ',injected="no"'
OWN_WORDS = " Only what had nothing injected in it."
MEAN = ("sum by ({labels}) (rate({metric}_sum{{S{more}}}[$__range])) / "
        "sum by ({labels}) (rate({metric}_count{{S{more}}}[$__range]))")


def mean(metric, labels, more=""):
    return MEAN.format(metric=metric, labels=labels, more=more + OWN)


def quantile_now(q, metric, more=""):
    return f"histogram_quantile({q}, sum by (le, strategy) (rate({metric}_bucket{{S{more}{OWN}}}[$__range])))"


def make():
    variables = [
        variable("host", "Host", "Kind of KVM host: one at a time, because timings do not compare across kinds",
                 f"label_values({TRIALS}, host)", multi=False),
        variable("flavour", "Flavour", "Flavour of the guest kernel: one at a time",
                 f'label_values({TRIALS}{{host=~"$host"}}, flavour)', multi=False),
        variable("scenario", "Scenario", "The same scenarios for all strategies make a fair comparison",
                 f'label_values({TRIALS}{{host=~"$host"}}, scenario)'),
        variable("strategy", "Strategy", "Remap strategies of the guest kernel",
                 f'label_values({TRIALS}{{host=~"$host"}}, strategy)'),
        variable("windows", "With windows", "Strategies that make an entry invalid: inplace does not",
                 'label_values(remapstorm_window_seconds_count{host=~"$host",strategy=~"$strategy"}, strategy)'),
    ]
    summary = [
        table("Strategies", "A line for each strategy. Trials and deadlocks are counts since the processes began, exact whatever the "
              "time shown; scenarios are made to provoke deadlocks: compare strategies, not with zero. Lengths are guest time, over "
              "the time shown." + OWN_WORDS,
              [f"sum by (strategy) (last_over_time({TRIALS}{{S}}[$__range]))",
               f'sum by (strategy) (last_over_time({TRIALS}{{S,verdict="deadlock"}}[$__range])) or '
               f"sum by (strategy) (0 * last_over_time({TRIALS}{{S}}[$__range]))",
               mean("remapstorm_remap_seconds", "strategy", ',phase="total"'),
               quantile_now(0.99, "remapstorm_window_seconds"),
               "sum by (strategy) (increase(remapstorm_vmemmap_faults_total{S}[$__range])) / "
               "sum by (strategy) (increase(remapstorm_windows_opened_total{S}[$__range]))",
               'max by (strategy) (remapstorm_vcpu_longest_stall_seconds{S,injected="no"})'],
              [("strategy", "Strategy", None, ("its runs", "/d/remapstorm-run?${datasource:queryparam}"
                                               "&var-strategy=${__data.fields.Strategy}&${__url_time_range}")),
               ("Value #A", "Trials", "none", None), ("Value #B", "Deadlocks", "none", None),
               ("Value #C", "Mean remap", "s", None), ("Value #D", "Window p99", "s", None),
               ("Value #E", "Faults per entry changed", "none", None), ("Value #F", "Longest stall", "s", None)], height=6),
        bars("Mean remap", "Mean length of a whole remap, guest time." + OWN_WORDS, "s",
             mean("remapstorm_remap_seconds", "strategy, direction", ',phase="total"'), "{{strategy}}, {{direction}}"),
        bars("Remap by phase", "Mean time in each phase of a remap, guest time; they add up to the whole." + OWN_WORDS, "s",
             mean("remapstorm_remap_seconds", "strategy, phase", ',phase!="total"'), "{{strategy}}: {{phase}}"),
        bars("Deadlocks", "Trials since the processes began that proved a deadlock. Scenarios are made to provoke them: compare "
             "strategies, not with zero.", "none",
             f'sum by (strategy) (last_over_time({TRIALS}{{S,verdict="deadlock"}}[$__range])) or '
             f"sum by (strategy) (0 * last_over_time({TRIALS}{{S}}[$__range]))", "{{strategy}}",
             thresholds=steps(("green", None), (RED, 1))),
    ]
    windows = [
        heat("Windows of $windows", "How long entries were invalid, from clear to set, guest time: how many windows of each length closed in each step." +
             OWN_WORDS, "remapstorm_window_seconds", width=8, selector='{S,strategy=~"$windows",injected="no"}', repeat="windows", repeatDirection="h", maxPerRow=3),
    ]
    over_time = [
        course("Window length", "How long entries were invalid, from clear to set, guest time." + OWN_WORDS, "s",
               quantiles("remapstorm_window_seconds", "strategy", '{S,injected="no"}')),
        course("Remap length", "The whole of a remap, guest time." + OWN_WORDS, "s",
               quantiles("remapstorm_remap_seconds", "strategy", '{S,phase="total",injected="no"}')),
        course("Lock hold", "How long the locks of the remap were held, guest time." + OWN_WORDS, "s",
               quantiles("remapstorm_lock_hold_seconds", "strategy", '{S,injected="no"}'), width=8),
        course("Lock wait", "How long the locks of the remap were waited for, guest time." + OWN_WORDS, "s",
               quantiles("remapstorm_lock_wait_seconds", "strategy", '{S,injected="no"}'), width=8),
        course("Faults on the vmemmap", "Faults on an entry under change, by strategy and what the vCPU was doing.", "cps",
               query("sum by (strategy, context) (rate(remapstorm_vmemmap_faults_total{S}[$__rate_interval]))",
                     "{{strategy}}, {{context}}"), width=8, stack=True),
        course("Stalls", "How long vCPUs waited for locks, in a fault from its first probe on, guest time." + OWN_WORDS, "s",
               quantiles("remapstorm_vcpu_stall_seconds", "strategy", '{S,injected="no"}', shown=(0.99,))),
        course("Verdicts of $strategy", "Trials that ended, by strategy and verdict.", "cps",
               query(f"sum by (strategy, verdict) (rate({TRIALS}{{S}}[$__rate_interval])) > 0", "{{strategy}}: {{verdict}}"),
               stack=True, overrides=colours_by_verdict()),
    ]
    return dashboard("remapstorm-strategies", "remapstorm: strategies", "Remap strategies of the guest kernel compared on one "
                     "kind of host.", variables,
                     [(None, summary), ("Windows", windows), ("Over time", over_time)], SELECTOR, since="now-3h")
