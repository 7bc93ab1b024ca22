"""Items 2, 3 and 4: small requests, let through and refused."""

import re

import contestants
from contestants import program
from programs import Failed, Program, Weir
from report import compared, ratios
from stage import ALL, cpu_of, insist

FLOORS = ["loop", "forwarder", "weir", "nginx", "haproxy"]
OTHERS = ["weir", "nginx", "haproxy"]
BOTH = OTHERS[1:]


def cpu(stage):
    """Item 2. CPU time per request, beside the bare loop."""
    rows = []
    with stage.awake(), stage.running(FLOORS) as proxies:
        for connections, limit in ((8, 1.12), (64, 1.12), (512, 1.3)):
            with stage.loads(proxies, connections, warm_up=5 * connections + 1000) as loads:
                count = stage.count(loads, 4_000)

                def measure(name):
                    result, seconds = cpu_of(proxies[name], lambda: loads[name].closed(count))
                    insist(result, 200, count)
                    return seconds / count * 1e6
                rounds = stage.alternate(FLOORS, measure)
            rows.append(compared(2, f"CPU a request, {connections} connections", "µs", rounds,
                                 target=f"{limit} × loop", ratios=ratios(rounds),
                                 limit_ratio=limit))
    return rows


def connections(stage):
    """Beside item 2: the same with a new connection for each request, as ab makes them. There is no
    target for it, and no bare loop: ab waits for an end that only a proxy knows."""
    count = 500 if stage.quick else 2_000
    with stage.awake(), stage.running(OTHERS) as proxies:
        def measure(name):
            _, seconds = cpu_of(proxies[name], lambda: by_ab(stage, proxies[name].port, count))
            return seconds / count * 1e6
        rounds = stage.alternate(OTHERS, measure, rounds=5 if stage.quick else 9)
    return [compared(2, "CPU a request on a connection of its own (ab), 16 at once", "µs", rounds)]


def by_ab(stage, port, count):
    with Program([program("ab"), "-q", f"-n{count}", "-c16", "-H", "X-Tenant: tenant-0001",
                  f"http://127.0.0.1:{port}/"], ready=r"^Requests per second:\s*([\d.]+)",
                 cpu=stage.load_cpu) as ab:
        said = "".join(ab.said)
        complete = re.search(r"^Complete requests:\s*(\d+)$", said, re.MULTILINE)
        failed = re.search(r"^Failed requests:\s*(\d+)$", said, re.MULTILINE)
        if not (complete and failed and int(complete[1]) == count and int(failed[1]) == 0
                and "Non-2xx" not in said):
            raise Failed("ab: " + said)


def saturated(stage):
    """Item 3. How many a second at most, and how long they take at half of what the slowest can."""
    connections = 64
    rows = []
    with stage.running(ALL) as proxies, stage.loads(proxies, connections, 2000) as loads:
        count = stage.count(loads, 15_000, seconds=0.25)
        busy = {name: [] for name in ALL}

        def rate(name):
            result, seconds = cpu_of(proxies[name], lambda: loads[name].closed(count))
            insist(result, 200, count)
            busy[name].append(seconds / result["seconds"] * 100)
            return count / result["seconds"]
        rounds = stage.alternate(ALL, rate)
        row = compared(3, f"saturated, {connections} connections", "requests/s", rounds,
                       target="more than both", more_than=BOTH)
        rows += [row, compared(3, "of its core used meanwhile", "%", busy)]
        if not stage.quick:
            rows.append(compared(3, "the same by wrk, one tenant", "requests/s", stage.alternate(
                ALL, lambda name: by_wrk(stage, proxies[name].port, connections), rounds=5)))

    return rows + latency(stage, connections, min(row.values.values()) / 2)


def latency(stage, connections, rate):
    """All are started five times: how a proxy, its clients and its service fall into step is another
    from start to start, stays then, and makes a third of the median."""
    count = int(rate * (0.1 if stage.quick else 0.4))  # seconds
    latencies = {key: {name: [] for name in ALL} for key in ("p50", "p99", "p999")}
    for _ in range(1 if stage.quick else 5):
        with stage.running(ALL) as proxies, stage.loads(proxies, connections, 2000) as loads:
            def measure(name):
                result = loads[name].open(rate, count)
                insist(result, 200, count)
                for key, values in latencies.items():
                    values[name].append(result[key + "_us"])
            stage.alternate(ALL, measure, rounds=stage.rounds if stage.quick else 5)
    return [compared(3, f"{key.replace('999', '99.9')} at {rate:,.0f}/s", "µs", values,
                     target="less than both", less_than=BOTH)
            for key, values in latencies.items()]


def by_wrk(stage, port, connections):
    """Requests a second as somebody else's clients count them."""
    wrk = Program([program("wrk"), "-t1", f"-c{connections}", "-d1s", "-H", "X-Tenant: tenant-0001",
                   f"http://127.0.0.1:{port}/"], ready=r"^Requests/sec:\s*([\d.]+)",
                  cpu=stage.load_cpu)
    with wrk:
        if any("Non-2xx" in line or "Socket errors" in line for line in wrk.said):
            raise Failed("wrk: " + "".join(wrk.said))
        return float(wrk.match[1])


def refusals(stage):
    """Item 4. A 429: every tenant's quota is one request a minute or an hour."""
    with stage.awake(), stage.running(OTHERS, start=refusing) as proxies:
        # The warm-up uses up every tenant's first request.
        with stage.loads(proxies, 64, warm_up=3000) as loads:
            count = stage.count(loads, 4_000)

            def measure(name):
                result, seconds = cpu_of(proxies[name], lambda: loads[name].closed(count))
                insist(result, 429, count)
                return seconds / count * 1e6
            rounds = stage.alternate(OTHERS, measure)
    return [compared(4, "CPU a refusal (429), 64 connections", "µs", rounds,
                     target="less than both", less_than=BOTH)]


def refusing(name, build, backend, cpu):
    if name == "weir":
        return Weir(build, backend, quota="{rate: 1/h}", cpu=cpu)
    return {"nginx": contestants.Nginx, "haproxy": contestants.Haproxy}[name](
        backend, cpu=cpu, refusing=True)
