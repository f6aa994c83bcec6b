# SPDX-License-Identifier: Apache-2.0
"""One process and one scenario in detail: windows, faults, locks, stalls, injections, what the machine did meanwhile."""
from panels import (GREEN, RED, colours_by_verdict, course, dashboard, heat, number, quantiles, query, steps, table,
                    variable)

SELECTOR = 'instance=~"$instance",scenario=~"$scenario",strategy=~"$strategy",host=~"$host",flavour=~"$flavour"'
TRIALS = "remapstorm_trials_total"


def make():
    variables = [
        variable("instance", "Process", "Address of the endpoint, as Prometheus scrapes it",
                 f"label_values({TRIALS}, instance)", multi=False),
        variable("scenario", "Scenario", "Named scenarios, or explorations",
                 f'label_values({TRIALS}{{instance=~"$instance"}}, scenario)'),
        variable("strategy", "Strategy", "Remap strategy of the guest kernel",
                 f'label_values({TRIALS}{{instance=~"$instance",scenario=~"$scenario"}}, strategy)'),
        variable("host", "Host", "Kind of KVM host", f'label_values({TRIALS}{{instance=~"$instance"}}, host)'),
        variable("flavour", "Flavour", "Flavour of the guest kernel",
                 f'label_values({TRIALS}{{instance=~"$instance"}}, flavour)'),
    ]
    what = [
        number("Running for", "Since the process began.", "s",
               'time() - min(remapstorm_start_time_seconds{instance=~"$instance"})', decimals=0),
        number("Trials", "Trials that ended since the process began.", "short", f"sum({TRIALS}{{S}})", decimals=0),
        number("Not as expected", "Trials since the process began whose verdict or evidence was not the expected one.",
               "short", f'sum({TRIALS}{{S,expected="no"}})', thresholds=steps((GREEN, None), (RED, 1)), decimals=0),
        number("Entries changed", "Entries whose change began since the process began.", "short",
               "sum(remapstorm_windows_opened_total{S})", decimals=0),
        number("Faults in windows", "Faults on a vmemmap entry under change since the process began.", "short",
               "sum(remapstorm_vmemmap_faults_total{S})", decimals=0),
        number("Longest stall", "The longest time since the process began in which a vCPU waited for a lock, in a fault from "
               "its first probe on. Guest time.", "s", "max(remapstorm_vcpu_longest_stall_seconds{S})"),
        table("Where it runs", "Program, host and guest image of this process.",
              ['remapstorm_build_info{instance=~"$instance"} * on (instance, job) group_left (host, architecture, cpu) '
               "remapstorm_host_info",
               'remapstorm_guest_info{instance=~"$instance"}'],
              [("instance", "Process", None, None), ("version", "Version", None, None), ("build", "Build", None, None),
               ("host", "Host", None, None), ("architecture", "Architecture", None, None), ("cpu", "Processor", None, None),
               ("flavour", "Flavour", None, None), ("kernel", "Guest kernel", None, None),
               ("image", "Guest image", None, None)], height=5),
        course("Verdicts", "Trials that ended, by verdict.", "cps",
               query(f"sum by (verdict) (rate({TRIALS}{{S}}[$__rate_interval])) > 0", "{{verdict}}"), stack=True,
               overrides=colours_by_verdict()),
        course("Injections", "Injections that were made, by what was injected and where it was triggered.", "cps",
               query("sum by (kind, trigger) (rate(remapstorm_injections_total{S}[$__rate_interval]))",
                     "{{kind}} at {{trigger}}"), stack=True),
    ]
    windows = [
        heat("Window length", "How long entries were invalid, from clear to set, guest time: how many windows of each length closed in each step.",
             "remapstorm_window_seconds"),
        course("Remap by phase", "Mean time that a remap spends in each phase, guest time: waiting for locks, in "
               "windows (an entry is invalid, its flush included), flushing outside of them, in all else. Together they are the whole remap.", "s",
               query('sum by (phase) (rate(remapstorm_remap_seconds_sum{S,phase!="total"}[$__rate_interval])) / on () '
                     'group_left sum(rate(remapstorm_remap_seconds_count{S,phase="total"}[$__rate_interval]))',
                     "{{phase}}"), stack=True, height=9),
        course("Faults on the vmemmap", "Faults on an entry under change, by what the vCPU was doing.", "cps",
               query("sum by (context) (rate(remapstorm_vmemmap_faults_total{S}[$__rate_interval]))", "{{context}}"),
               width=8, stack=True),
        course("Length of a fault", "From fault.enter to fault.done, guest time.", "s",
               quantiles("remapstorm_vmemmap_fault_seconds", "context"), width=8),
        course("Locks", "How long the locks of the remap were waited for and held, guest time.", "s",
               [*quantiles("remapstorm_lock_wait_seconds", "context", shown=(0.99,)),
                *quantiles("remapstorm_lock_hold_seconds", "context", shown=(0.99,))], width=8),
    ]
    windows[-1]["queries"][0]["legend"] = "wait in {{context}}, p99"
    windows[-1]["queries"][1]["legend"] = "hold in {{context}}, p99"
    stalls = [
        heat("Stalls", "Time in which a vCPU could not go on because it waited for a lock, in a fault from its first probe on, "
             "guest time. Waits that never end are findings, not in here.", "remapstorm_vcpu_stall_seconds"),
        course("Longest stall of each vCPU", "Since the process began, guest time.", "s",
               query("max by (vcpu) (remapstorm_vcpu_longest_stall_seconds{S})", "vCPU {{vcpu}}"), height=9),
        course("Holds", "Length of holds, asked for and measured: the stall that the harness imposed. Holds until a condition "
               "have no length asked for.", "s",
               [query("histogram_quantile(0.99, sum by (le) (rate(remapstorm_hold_requested_seconds_bucket{S}"
                      "[$__rate_interval])))", "asked for, p99"),
                query("histogram_quantile(0.99, sum by (le) (rate(remapstorm_hold_served_seconds_bucket{S}"
                      "[$__rate_interval])))", "measured, p99")], width=8),
        course("Stage-2 delays", "Mean length of stage-2 delays, asked for and measured, and how far the two are apart.", "s",
               [query(f"sum(rate(remapstorm_stage2_delay_{what}_seconds_sum{{S}}[$__rate_interval])) / "
                      f"sum(rate(remapstorm_stage2_delay_{what}_seconds_count{{S}}[$__rate_interval]))", legend)
                for what, legend in (("requested", "asked for"), ("served", "measured"), ("error", "off by"))], width=8),
        heat("Delivery", "From an injection to the first probe of its handler, host time.",
             "remapstorm_injection_delivery_seconds", width=8, height=8),
    ]
    machine = [
        course("VM exits", "Returns from KVM_RUN, by reason.", "cps",
               query("sum by (reason) (rate(remapstorm_vm_exits_total{S}[$__rate_interval]))", "{{reason}}"), width=8,
               stack=True),
        course("Where vCPUs are", "Time of each vCPU's thread: in the guest, in the harness at a stop, or parked.", "percentunit",
               query("sum by (vcpu, where) (rate(remapstorm_vcpu_seconds_total{S}[$__rate_interval]))",
                     "vCPU {{vcpu}} {{where}}"), width=8, stack=True),
        course("Guests set back", "Guests that were set back to a snapshot, in place or in a new machine.", "cps",
               query("sum by (how) (rate(remapstorm_resets_total{S}[$__rate_interval]))", "{{how}}"), width=8, stack=True),
        course("Entries of the guests' logs", "What probes logged, by probe.", "cps",
               query("sum by (probe) (rate(remapstorm_probe_events_total{S}[$__rate_interval]))", "{{probe}}"), stack=True),
        course("Events", "Events of trials by type, and those that a recording left out at its size limit.", "cps",
               [query("sum by (type) (rate(remapstorm_events_total{S}[$__rate_interval]))", "{{type}}"),
                query("sum(rate(remapstorm_events_dropped_total{S}[$__rate_interval])) or vector(0)", "left out")]),
    ]
    return dashboard("remapstorm-run", "remapstorm: one run", "One remapstorm process: windows, faults, locks, stalls and "
                     "injections of the chosen scenarios.", variables,
                     [(None, what), ("Windows, faults, locks", windows), ("Stalls and injections", stalls),
                      ("Machine and harness", machine)], SELECTOR)
