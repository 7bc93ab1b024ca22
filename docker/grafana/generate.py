#!/usr/bin/env python3
"""Makes dashboards/*.json; ./dev docs calls it. A test holds both together.

A panel is a line or two here: title, description, unit, queries. panels.py makes JSON of it. S is
what the variables select, R the window of a rate.
"""

import json
import pathlib
import sys

from panels import bars, dashboard, override, stat, table, target, timeseries, variable

S = 'job=~"$job",instance=~"$instance"'
R = "[$__rate_interval]"
ALERTS = 'ALERTS{alertname=~"Weir.*",alertstate="firing",job=~"$job"}'

JOB = variable("job", "Job", "label_values(weir_build_info, job)")
INSTANCE = variable("instance", "Instance", 'label_values(weir_build_info{job=~"$job"}, instance)')
TENANT = variable("tenant", "Tenant", 'label_values(weir_arrivals_total{job=~"$job"}, tenant)')


def rate(name, by="", more=""):
    return f"sum{by and f' by ({by}) '}(rate({name}{{{S}{more}}}{R}))"


def total(name, by="", more=""):
    return f"sum{by and f' by ({by}) '}({name}{{{S}{more}}})"


def quantile(q, name, by="le"):
    return f"histogram_quantile({q}, {rate(name + '_bucket', by)})"


def link(title, uid):
    return {
        "title": title, "type": "link", "url": f"/d/{uid}", "icon": "dashboard", "tooltip": "",
        "asDropdown": False, "includeVars": True, "keepTime": True, "tags": [], "targetBlank": False,
    }


# Refusals for lack of capacity, as opposed to those for what the client may do.
CAPACITY = ',reason!~"quota_exceeded|key_queue_full|new_keys|tenant_denied|tenant_unknown|ambiguous_path|ambiguous_key|no_route"'
ALL = rate("weir_requests_total")
LIMIT = override(" limit$| capacity$|^open at most$", dashed=True, color="red")

glance = [
    stat("Requests", "Valid requests that arrive, per second: λ.", "reqps",
         target(rate("weir_arrivals_total"), "arrivals")),
    stat("Answered with 5xx", "Share of the requests that ended; the service's answers and weir's own.", "percentunit",
         target(f'{rate("weir_requests_total", more=",code=~`5..`")} / {ALL}', "5xx"),
         steps=("green", (0.001, "orange"), (0.01, "red"))),
    stat("Refused for lack of capacity", "Share of the arrivals; refusals for a quota are not included.", "percentunit",
         target(f'{rate("weir_rejected_total", more=CAPACITY)} / {rate("weir_arrivals_total")}',
                "refused"),
         steps=("green", (0.001, "orange"), (0.01, "red"))),
    stat("99% are answered within", "From a request's head to its answer's last byte.", "s",
         target(quantile(0.99, "weir_request_duration_seconds"), "p99")),
]

red = [
    timeseries("Rate", "Requests that arrive, and requests that end by the source of the answer. The difference is still inside.",
               "reqps",
               target(rate("weir_arrivals_total"), "arrivals"),
               target(rate("weir_requests_total", "source"), "answered by {{source}}")),
    timeseries("Errors", "Shares of all requests that ended: 5xx by source, 429 (over the quota), and "
               "clients that disconnected before the answer (499).", "percentunit",
               target(f'{rate("weir_requests_total", "source", ",code=~`5..`")} '
                      f'/ on () group_left () {ALL}', "5xx by {{source}}"),
               target(f'{rate("weir_requests_total", more=",code=`429`")} / {ALL}', "429"),
               target(f'{rate("weir_requests_total", more=",code=`499`")} / {ALL}', "499")),
    timeseries("Duration", "From a request's head to its answer's last byte, refusals included.", "s",
               *[target(quantile(q, "weir_request_duration_seconds"), f"p{q * 100:g}")
                 for q in (0.5, 0.9, 0.99)]),
]

saturation = [
    timeseries("Queue depth", "Mean depth of each queue (from its time integral: no peak is missed), "
               "against its capacity.", "short",
               target(rate("weir_queue_depth_seconds_total", "filter"), "{{filter}}"),
               target(total("weir_queue_capacity", "filter"), "{{filter}} capacity"),
               overrides=[LIMIT]),
    timeseries("Wait", "Time spent in the queue, including requests that did not wait.", "s",
               *[target(quantile(q, "weir_queue_wait_seconds", "le, filter"), f"{{{{filter}}}} p{q * 100:g}")
                 for q in (0.5, 0.99)]),
    timeseries("In flight", "Permits in use on average, against the limit. `upstream`: "
               "connections to the service.", "short",
               target(rate("weir_permits_busy_seconds_total", "filter"), "{{filter}}"),
               target(total("weir_concurrency_limit", "filter"), "{{filter}} limit"),
               overrides=[LIMIT]),
    timeseries("Refused, by filter and reason", "Refusals. The same words are in the answers.",
               "reqps", target(rate("weir_rejected_total", "filter, reason"), "{{filter}}: {{reason}}"),
               stack=True),
    timeseries("Refused by the queue, by how", "Full on arrival, waited for max_wait, or dropped in favour of a "
               "new request.", "reqps",
               target(rate("weir_queue_refusals_total", "filter, how"), "{{filter}}: {{how}}"),
               stack=True),
    timeseries("Would be refused (shadow)", "By filters with `enforce: false`: they count and let pass.",
               "reqps",
               target(rate("weir_shadow_rejected_total", "filter, reason"), "{{filter}}: {{reason}}"),
               stack=True),
]

theory = [
    timeseries("Little's law: L and λW", "Measured separately: they agree unless the queue grows "
               "or drains.", "short",
               target(rate("weir_queue_depth_seconds_total", "filter"), "{{filter}} L"),
               target(rate("weir_queue_wait_seconds_sum", "filter"), "{{filter}} λW")),
    timeseries("Utilisation ρ", "Permits in use divided by permits. Near 1 with a standing queue is overload. With a "
               "key the permits are those of one value: then it can be above 1.",
               "percentunit",
               target(f'{rate("weir_permits_busy_seconds_total", "filter")} '
                      f'/ {total("weir_concurrency_limit", "filter")}', "{{filter}}")),
    timeseries("Service rate of a permit μ", "Requests per second that one busy permit completes. If it "
               "falls as the limit rises, the service has no capacity left.", "reqps",
               target(f'{rate("weir_permits_granted_total", "filter")} '
                      f'/ {rate("weir_permits_busy_seconds_total", "filter")}', "{{filter}}")),
    timeseries("Refused by the queue p_drop", "Share of the requests that passed it.", "percentunit",
               target(f'{rate("weir_queue_refusals_total", "filter")} '
                      f'/ {rate("weir_queue_wait_seconds_count", "filter")}', "{{filter}}"), top=1),
]

upstream = [
    timeseries("Attempts at the service", "Each attempt counts: retries do not make a failing service look "
               "healthy.", "ops",
               target(rate("weir_upstream_attempts_total", "result"), "{{result}}"), stack=True),
    timeseries("Time to the service's head", "From sending an attempt to the head of its answer.", "s",
               *[target(quantile(q, "weir_upstream_duration_seconds"), f"p{q * 100:g}")
                 for q in (0.5, 0.9, 0.99)]),
    timeseries("Retries", "Outcome of retry decisions.", "ops",
               target(rate("weir_retries_total", "result"), "{{result}}"), stack=True),
    timeseries("Retry budget", "Retries that the budget would allow now; the lowest of all instances.", "short",
               target(f"min by (filter) (weir_retry_budget_available{{{S}}})", "{{filter}}")),
    timeseries("Where the time goes", "Means per request: waits in a queue, the service to its head, weir's "
               "own part.", "s",
               target(f'{rate("weir_queue_wait_seconds_sum")} / {rate("weir_request_duration_seconds_count")}',
                      "queues"),
               target(f'{rate("weir_upstream_duration_seconds_sum")} '
                      f'/ {rate("weir_request_duration_seconds_count")}', "service"),
               target(f'{rate("weir_overhead_seconds_sum")} / {rate("weir_overhead_seconds_count")}', "weir"),
               stack=True),
    timeseries("Answers cut short, attempts sent again", "Responses cut after their head, by the "
               "side that ended them; attempts sent again because a reused connection had been closed.", "ops",
               target(rate("weir_responses_truncated_total", "side"), "cut {{side}}"),
               target(rate("weir_upstream_resends_total"), "sent again")),
]

itself = [
    timeseries("CPU", "Processor seconds per second; 1 is one core.", "short",
               target(rate("process_cpu_seconds_total", "instance"), "{{instance}}")),
    timeseries("Memory", "Resident.", "bytes",
               target(total("process_resident_memory_bytes", "instance"), "{{instance}}")),
    timeseries("weir's own overhead", "Time that weir adds to a request: not waits, the service or slow "
               "clients.", "s",
               *[target(quantile(q, "weir_overhead_seconds"), f"p{q * 100:g}") for q in (0.5, 0.99)]),
    timeseries("Loop lag", "Delay between the time that an event was due and its handling. High: weir lacks processor time.",
               "s", *[target(quantile(q, "weir_loop_lag_seconds"), f"p{q * 100:g}") for q in (0.5, 0.99)]),
    timeseries("Descriptors", "Open files and sockets, the highest of all instances, and the limit.", "short",
               target(f"max(process_open_fds{{{S}}})", "open"),
               target(f"min(process_max_fds{{{S}}})", "open at most"), overrides=[LIMIT]),
    timeseries("Connections", "Open connections, including idle ones; upgraded ones (tunnels).", "short",
               target(total("weir_connections_active", "side"), "{{side}}"),
               target(total("weir_tunnels_active"), "tunnels")),
    timeseries("Malformed requests and refused connections", "Messages rejected as invalid HTTP, by reason "
               "(the ten most frequent); connections closed because a limit was reached.", "ops",
               target(f'topk(10, {rate("weir_bad_requests_total", "reason")})', "{{reason}}"),
               target(rate("weir_connections_refused_total"), "connections refused")),
    timeseries("Reloads", "Of the configuration, within five minutes.", "short",
               target(f"sum by (result) (increase(weir_config_reloads_total{{{S}}}[5m]))", "{{result}}"),
               target(f"min(weir_config_last_reload_successful{{{S}}})", "runs with the current file")),
    timeseries("Log lines lost", "Dropped because writing them would have blocked weir.", "ops",
               target(rate("weir_log_lines_lost_total"), "diagnostics"),
               target(rate("weir_access_log_lines_lost_total"), "access log")),
    timeseries("Tunnels", "Opened, by protocol; ended, by how they ended.", "ops",
               target(rate("weir_tunnels_total", "protocol"), "{{protocol}}"),
               target(rate("weir_tunnels_ended_total", "result"), "ended: {{result}}")),
    timeseries("Carried by tunnels", "Bytes, by the side they go to.", "Bps",
               target(rate("weir_tunnel_bytes_total", "side"), "{{side}}")),
    table("Versions", "The version of each instance, and how long it has run.", "s",
          target(f"time() - process_start_time_seconds{{{S}}} "
                 f"+ on (job, instance) group_right () 0 * weir_build_info{{{S}}}",
                 "", instant=True, table=True), "Value"),
]

overview = dashboard(
    "weir-overview", "weir: overview",
    "Rate, errors, duration; then saturation, queues and refusals; then weir itself.",
    [JOB, INSTANCE],
    [("At a glance", 4, glance, 6), ("Requests: rate, errors, duration", 8, red, 8),
     ("Saturation", 8, saturation, 8), ("Queueing theory", 8, theory, 6),
     ("The service and retries", 8, upstream, 8), ("weir itself", 7, itself, 6)],
    ALERTS, [link("Tenants", "weir-tenants")])

T = ',tenant=~"$tenant"'
QUOTA = (f'{rate("weir_quota_used_total", "tenant, filter", T)} '
         f'/ {total("weir_quota_tokens_per_second", "tenant, filter", T)}')

quotas = [
    bars("Quota used", "What each tenant uses of its quota, by filter. With a filter in shadow mode "
         "it can be above 100%.", "percentunit",
         target(QUOTA, "{{tenant}} ({{filter}})", instant=True),
         steps=("green", (0.8, "orange"), (1, "red")), top=1),
    timeseries("Quota used over time", "1 is the sustained rate that the quota allows.", "percentunit",
               target(QUOTA, "{{tenant}} ({{filter}})")),
    timeseries("Quotas", "Tokens used per second, and the sustained rate that the quota allows.", "reqps",
               target(rate("weir_quota_used_total", "tenant, filter", T), "{{tenant}} ({{filter}}) used"),
               target(total("weir_quota_tokens_per_second", "tenant, filter", T), "{{tenant}} ({{filter}}) limit"),
               overrides=[LIMIT]),
]

refused = [
    bars("Refused most", "Refusals per second, all reasons, the ten tenants with the most.", "reqps",
         target(f'topk(10, {rate("weir_rejected_total", "tenant", T)})', "{{tenant}}", instant=True)),
    timeseries("Share refused", "Share of each tenant's requests.", "percentunit",
               target(f'{rate("weir_rejected_total", "tenant", T)} / {rate("weir_arrivals_total", "tenant", T)}',
                      "{{tenant}}"), top=1),
    table("Refusals by tenant, filter and reason", "Within the time shown.", "short",
          target(f"topk(20, sum by (tenant, filter, reason) (increase(weir_rejected_total{{{S}{T}}}[$__range])))",
                 "", instant=True, table=True), "Value"),
    timeseries("Would be refused (shadow)", "By filters with `enforce: false`, by tenant.", "reqps",
               target(rate("weir_shadow_rejected_total", "tenant, filter", T), "{{tenant}} ({{filter}})"),
               stack=True),
]

traffic = [
    timeseries("Arrivals", "Valid requests, per second.", "reqps",
               target(rate("weir_arrivals_total", "tenant", T), "{{tenant}}"), stack=True),
    timeseries("Passed", "Answered by the service, per second.", "reqps",
               target(rate("weir_requests_total", "tenant", T + ',source="service"'), "{{tenant}}"),
               stack=True),
    timeseries("Status codes", "Of all answers, weir's own and the service's. 499: the client disconnected before the answer.",
               "reqps", target(rate("weir_requests_total", "code, source", T), "{{code}} {{source}}"), stack=True),
    timeseries("Waiting", "Requests that wait in a queue.", "short",
               target(total("weir_queue_depth", "tenant, filter", T), "{{tenant}} ({{filter}})"), stack=True),
    timeseries("Inside", "Requests that have arrived and not ended.", "short",
               target(total("weir_requests_inside", "tenant", T), "{{tenant}}"), stack=True),
    timeseries("Keys and tenants without room", "Keys that have state of their own, against the size of "
               "their table; decisions a second on the state that keys without a slot share; configured "
               "tenants that are counted under `other`.", "short",
               target(total("weir_keys_tracked", "filter"), "{{filter}} keys"),
               target(total("weir_keys_capacity", "filter"), "{{filter}} capacity"),
               target(rate("weir_keys_overflowed_total", "filter"), "{{filter}} without a slot"),
               target(rate("weir_keys_over_share_total", "filter"), "{{filter}} over the client's share"),
               target(f"max(weir_tenants_folded{{{S}}})", "tenants folded"), overrides=[LIMIT]),
]

tenants = dashboard(
    "weir-tenants", "weir: tenants", "What each tenant uses of its quota, which are refused most, and what filters in "
    "shadow mode would refuse.", [JOB, INSTANCE, TENANT],
    [("Quotas", 8, quotas, 8), ("Refusals", 8, refused, 12), ("Traffic", 8, traffic, 8)],
    ALERTS, [link("Overview", "weir-overview")])

ALL_OF_THEM = {"overview.json": overview, "tenants.json": tenants}


def text(one):
    return json.dumps(one, indent=2, ensure_ascii=False) + "\n"


def main():
    folder = pathlib.Path(__file__).parent / "dashboards"
    stale = [name for name, one in ALL_OF_THEM.items()
             if not (folder / name).exists() or (folder / name).read_text() != text(one)]
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"stale: {stale}; run ./dev docs" if stale else 0)
    for name in stale:
        (folder / name).write_text(text(ALL_OF_THEM[name]))


if __name__ == "__main__":
    main()
