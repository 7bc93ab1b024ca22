"""Item 5: bodies, up and down, in CPU time a GiB."""

import contestants
from report import compared
from stage import ALL, cpu_of, insist

MIB = 1 << 20
# what: (bytes, the rest of the target or body, requests a round at most, connections)
KINDS = {
    "1 MiB": (MIB, "", 48, 4),
    "64 MiB": (64 * MIB, "", 2, 2),
    "1 MiB in 100-byte chunks": (MIB, "/100", 16, 4),
}


def cpu_per_gib(stage):
    rows = []
    with stage.awake(), stage.running(ALL, start=for_large_bodies) as proxies:
        for what, (size, chunk, requests, connections) in KINDS.items():
            for way in ("down", "up"):
                shape = f"{size}{chunk}"
                options = {"target": f"/{shape}"} if way == "down" else {"body": shape}
                with stage.loads(proxies, connections, connections, **options) as loads:
                    count = stage.count(loads, requests)

                    def measure(name):
                        result, seconds = cpu_of(proxies[name], lambda: loads[name].closed(count))
                        insist(result, 200, count)
                        return seconds / (count * size) * (1 << 30)
                    rounds = stage.alternate(ALL, measure)
                rows.append(compared(5, f"{what} {way}", "CPU s a GiB", rounds,
                                     target="HAProxy's", less_than=["haproxy"]))
    return rows


def for_large_bodies(name, build, backend, cpu):
    if name == "nginx":
        return contestants.Nginx(backend, cpu=cpu, bodies=contestants.Nginx.LARGE_BODIES)
    return contestants.start(name, build, backend, cpu=cpu)
