# SPDX-License-Identifier: Apache-2.0
"""Everything that reports, at a glance: what was found, what stopped, what it costs."""
from panels import (GREEN, RED, YELLOW, bars, colours_by_verdict, course, dashboard, number, quantiles, query,
                    steps, table, variable)

SELECTOR = 'host=~"$host",flavour=~"$flavour",scenario=~"$scenario",strategy=~"$strategy"'
TRIALS = "remapstorm_trials_total"
TO_RUN = "/d/remapstorm-run?${datasource:queryparam}&var-scenario=${__data.fields.%s}&${__url_time_range}"


def make():
    variables = [
        variable("host", "Host", "Kind of KVM host; timings do not compare across kinds", f"label_values({TRIALS}, host)"),
        variable("flavour", "Flavour", "Flavour of the guest kernel", f"label_values({TRIALS}, flavour)"),
        variable("scenario", "Scenario", "Named scenarios, or explorations", f"label_values({TRIALS}, scenario)"),
        variable("strategy", "Strategy", "Remap strategy of the guest kernel", f"label_values({TRIALS}, strategy)"),
    ]
    at_a_glance = [
        number("Processes", "remapstorm processes that Prometheus reaches now.", "short",
               "count(remapstorm_start_time_seconds) or vector(0)", thresholds=steps((RED, None), (GREEN, 1))),
        number("Trials", "Trials that ended in the time shown.", "short",
               f"sum(increase({TRIALS}{{S}}[$__range]))", decimals=0),
        number("Not as expected", "Trials of the time shown whose verdict or evidence was not the expected one.", "short",
               f'sum(increase({TRIALS}{{S,expected="no"}}[$__range]))', decimals=0,
               thresholds=steps((GREEN, None), (RED, 0.5))),
        number("Deadlocks nobody expected", "Trials of the time shown that proved a deadlock where none was expected.",
               "short", f'sum(increase({TRIALS}{{S,expected="no",verdict="deadlock"}}[$__range]))', decimals=0,
               thresholds=steps((GREEN, None), (RED, 0.5))),
        number("Harness errors", "Trials of the time shown that failed for a reason of the harness or the host. They say "
               "nothing about the guest.", "short",
               "sum(increase(remapstorm_trial_errors_total{S}[$__range])) or vector(0)", decimals=0,
               thresholds=steps((GREEN, None), (YELLOW, 0.5))),
        number("Alerts", "Alerts of dashboards/rules that fire now; 0 also if Prometheus does not load them.", "short",
               'count(ALERTS{alertname=~"Remapstorm.*",alertstate="firing"}) or vector(0)',
               thresholds=steps((GREEN, None), (RED, 1))),
    ]
    verdicts = [
        course("Verdicts", "Trials that ended, by verdict.", "cps",
               query(f"sum by (verdict) (rate({TRIALS}{{S}}[$__rate_interval])) > 0", "{{verdict}}"), stack=True,
               overrides=colours_by_verdict()),
        bars("Findings by class", "Findings of the time shown: the verdict, and the class of the fingerprint. A deadlock of "
             "class self-hardirq is an interrupt that waits for the vCPU it interrupted.", "short",
             "sum by (verdict, class) (increase(remapstorm_findings_total{S}[$__range]))", "{{verdict}}: {{class}}",
             width=6, decimals=0),
        bars("Since the last trial", "How long ago a trial of each scenario ended last. What keeps growing has stopped.", "s",
             "time() - max by (scenario) (remapstorm_last_trial_timestamp_seconds{S})", "{{scenario}}", width=6,
             thresholds=steps((GREEN, None), (YELLOW, 600), (RED, 3600)), decimals=0),
    ]
    scenarios = [
        table("Scenarios", "A line for each scenario with each of its strategies, over the time shown. A click on a scenario "
              "shows its runs.",
              [f"sum by (scenario, strategy, flavour, host) (increase({TRIALS}{{S}}[$__range]))",
               f'sum by (scenario, strategy, flavour, host) (increase({TRIALS}{{S,expected="no"}}[$__range]))',
               f'sum by (scenario, strategy, flavour, host) (increase({TRIALS}{{S,verdict="deadlock"}}[$__range]))',
               "sum by (scenario, strategy, flavour, host) (increase(remapstorm_injections_total{S}[$__range]))",
               "max by (scenario, strategy, flavour, host) (remapstorm_vcpu_longest_stall_seconds{S})",
               "max by (scenario, strategy, flavour, host) (remapstorm_last_trial_timestamp_seconds{S}) * 1000"],
              [("scenario", "Scenario", None, ("its runs", TO_RUN % "Scenario")), ("strategy", "Strategy", None, None),
               ("flavour", "Flavour", None, None), ("host", "Host", None, None), ("Value #A", "Trials", "none", None),
               ("Value #B", "Not as expected", "none", None), ("Value #C", "Deadlocks", "none", None),
               ("Value #D", "Injections", "none", None), ("Value #E", "Longest stall", "s", None),
               ("Value #F", "Last trial", "dateTimeFromNow", None)]),
    ]
    work = [
        course("Injections", "Injections that were made, by what was injected.", "cps",
               query("sum by (kind) (rate(remapstorm_injections_total{S}[$__rate_interval]))", "{{kind}}"), width=8,
               stack=True),
        course("Guest start", "Time until a guest was at its ready doorbell, by booting or from a snapshot.", "s",
               quantiles("remapstorm_guest_boot_seconds", "start", shown=(0.5, 0.95)), width=8),
        course("Trial length", "From the ready doorbell to the end of a trial.", "s",
               quantiles("remapstorm_trial_seconds", shown=(0.5, 0.95)), width=8),
        course("Processor time", "Where trials spend processor time. Everything but guest is the harness's own; outside "
               "KVM_RUN it is elapsed time, an upper bound.", "percentunit",
               query("sum by (where) (rate(remapstorm_cpu_seconds_total{S}[$__rate_interval]))", "{{where}}"), width=8,
               stack=True),
        course("Kept waiting by the host", "Time in which vCPUs were ready to run and the host ran other work, of each second. "
               "Lengths measured on a busy host are those of the host.", "percentunit",
               query("sum by (instance) (rate(remapstorm_vcpu_host_wait_seconds_total{S}[$__rate_interval])) or "
                     "sum by (instance) (0 * rate(remapstorm_events_total{S}[$__rate_interval]))", "{{instance}}"), width=8),
        course("Harness errors", "Trials that failed for a reason of the harness or the host, by kind.", "cps",
               query("sum by (kind) (rate(remapstorm_trial_errors_total{S}[$__rate_interval]))", "{{kind}}"), width=8,
               stack=True),
    ]
    return dashboard("remapstorm-fleet", "remapstorm: fleet", "All remapstorm processes that Prometheus scrapes: what they "
                     "found, which scenarios report, what they cost.", variables,
                     [(None, at_a_glance), (None, verdicts), (None, scenarios), ("What is going on", work)], SELECTOR,
                     since="now-6h")
