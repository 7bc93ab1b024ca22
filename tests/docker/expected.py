"""What each panel's queries must say under the load of queries_test.py: (least, most, at least once).

All values lie between the first two; the greatest one is not under the third. Where the load cannot
help but produce something, the third is over 0. The bounds follow from docker/weir.yaml and the
service: 8 at a time in 10 ms are 800/s; 200 clients that pause for 40 and 20 ms are 6,500/s at most; a line of
64 with 0.5 s (in the bucket of up to 1 s if it was a little more); quotas of 600, 300 and 100/s. Rates are extrapolated by Prometheus: 10% more.
"""

CAPACITY = 800 * 1.1
CLIENTS = 6500 * 1.1
SHARE = (0, 1, 0)
TIME = (0, 5, 1e-6)  # of anything: timeout: 5s
NONE = (0, 0, 0)  # there, and 0

O, T = "weir-overview", "weir-tenants"
EXPECTED = {
    (O, "Requests"): [(100, CLIENTS, 100)],
    (O, "Answered with 5xx"): [(0.001, 1, 0.001)],
    (O, "Refused for lack of capacity"): [(0.001, 1, 0.001)],
    (O, "99% are answered within"): [TIME],
    (O, "Rate"): [(100, CLIENTS, 100), (0, CLIENTS, 100)],
    (O, "Errors"): [(0, 1, 0.001), (0.01, 1, 0.01), (0, 0.5, 0)],
    (O, "Duration"): [TIME, TIME, TIME],
    (O, "Queue depth"): [(0, 64, 1), (64, 64, 64)],
    (O, "Wait"): [(0, 1, 1e-5), (0.001, 1, 0.001)],
    (O, "In flight"): [(0, 8.8, 4), (6, 512, 512)],
    (O, "Refused, by filter and reason"): [(0, CLIENTS, 1)],
    (O, "Refused by the queue, by how"): [(0, CLIENTS, 0)],
    (O, "Would be refused (shadow)"): [(1, 600, 1)],
    (O, "Little's law: L and λW"): [(0, 64, 1), (0, 70, 1)],
    (O, "Utilisation ρ"): [(0, 3, 0.5)],
    (O, "Service rate of a permit μ"): [(10, 5_000, 20)],
    (O, "Refused by the queue p_drop"): [SHARE],
    (O, "Attempts at the service"): [(0, CAPACITY, 100)],
    (O, "Time to the service's head"): [(0.005, 5, 0.01)] * 3,
    (O, "Retries"): [(0, CAPACITY, 1)],
    (O, "Retry budget"): [(0, 10_000, 0)],
    (O, "Where the time goes"): [TIME, TIME, TIME],
    (O, "Answers cut short, attempts sent again"): [(0, 100, 0), (0, CAPACITY, 0)],
    (O, "CPU"): [(0.001, 4, 0.01)],
    (O, "Memory"): [(1 << 20, 64 << 20, 4 << 20)],
    (O, "weir's own overhead"): [(1e-6, 1, 1e-6)] * 2,
    (O, "Loop lag"): [(1e-6, 1, 1e-6)] * 2,
    (O, "Descriptors"): [(10, 1024, 160), (1024, 2**64, 1024)],
    (O, "Connections"): [(1, 600, 160), NONE],
    (O, "Malformed requests and refused connections"): [(0, 100, 1), NONE],
    (O, "Reloads"): [NONE, (1, 1, 1)],
    (O, "Log lines lost"): [NONE, NONE],
    (O, "Tunnels"): [NONE, NONE],
    (O, "Carried by tunnels"): [NONE],
    (O, "Versions"): [(1, 600, 1)],
    (T, "Quota used"): [(0, 1.2, 0.5)],
    (T, "Quota used over time"): [(0, 1.2, 0.5)],
    (T, "Quotas"): [(0, 660, 50), (100, 600, 600)],
    (T, "Refused most"): [(0, CLIENTS, 10)],
    (T, "Share refused"): [(0, 1, 0.5)],
    (T, "Refusals by tenant, filter and reason"): [(0, CLIENTS * 10, 100)],
    (T, "Would be refused (shadow)"): [(0, 600, 1)],
    (T, "Arrivals"): [(0, CLIENTS, 100)],
    (T, "Passed"): [(0, CAPACITY, 50)],
    (T, "Status codes"): [(0, CLIENTS, 50)],
    (T, "Waiting"): [(0, 64, 0)],
    (T, "Inside"): [(0, 210, 1)],
    (T, "Keys and tenants without room"): [(0, 65_536, 0), (65_536, 65_536, 65_536), NONE, NONE, NONE],
}
