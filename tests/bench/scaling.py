"""Item 9: several workers, and what the gate between them takes."""

import pathlib
import tempfile

import contestants
from programs import Backend, Failed, Load, Weir
from report import Row, compared, ratios
from stage import cpu_of, insist

WORKERS = (1, 2, 4)
CONNECTIONS = 64
WARM_UP = 2000


def scaling(stage):
    rows = []
    for workers in WORKERS:
        cpu, rest = stage.proxy_cpus(workers), stage.load_cpu
        with Backend(stage.build, cpu=stage.backend_cpu) as backend, \
                contestants.Loop(stage.build, backend, workers, cpu=cpu) as loop, \
                Weir(stage.build, backend, workers=workers, cpu=cpu) as weir, \
                Load(stage.build, loop.port, CONNECTIONS, cpu=rest) as loop_load, \
                Load(stage.build, weir.port, CONNECTIONS, cpu=rest) as weir_load:
            sides = {"loop": (loop, loop_load), "weir": (weir, weir_load)}
            loads = {name: load for name, (_, load) in sides.items()}
            for load in loads.values():
                load.closed(WARM_UP)
            count = stage.count(loads, 4_000)

            def measure(name):
                proxy, load = sides[name]
                result, seconds = cpu_of(proxy, lambda: load.closed(count))
                insist(result, 200, count)
                return seconds / count * 1e6
            rounds = stage.alternate(list(sides), measure)
        row = compared(9, f"CPU a request, {workers} worker{'s' * (workers > 1)}", "µs", rounds,
                       ratios=ratios(rounds))
        if workers > 1:
            row.limit_ratio = rows[0].ratios["weir"] * 1.05
            row.target = f"{row.limit_ratio:.2f} × loop (5% over one worker's)"
        rows.append(row)
    return rows + gate(stage)


def gate(stage):
    """How long the gate is held and waited for, by a preloaded library that looks at the clock.
    Nothing is pinned, so that the workers meet at the gate also where there are two cores."""
    with tempfile.TemporaryDirectory() as folder:
        told = pathlib.Path(folder) / "mutexes"
        environment = {"LD_PRELOAD": str((stage.build / "bench_time_mutexes.so").resolve()),
                       "WEIR_MUTEXES": str(told)}
        with Backend(stage.build) as backend:
            with Weir(stage.build, backend, workers=4, environment=environment) as weir:
                with Load(stage.build, weir.port, CONNECTIONS) as load:
                    load.closed(WARM_UP)
                    count = stage.count({"weir": load}, 80_000, seconds=2)
                    result, seconds = cpu_of(weir, lambda: load.closed(count))
                    insist(result, 200, count)
        locks, waited, held, contended = (int(word) for word in told.read_text().split())
    requests = WARM_UP + count
    if locks < requests:
        raise Failed(f"no mutex was locked once a request: {locks} locks, {requests} requests")
    share = 100 / 1e9 / (seconds * requests / count)  # the mutex's times are of all requests
    return [
        Row(9, "gate held, 4 workers", "% of their CPU time", {"weir": held * share}),
        Row(9, "gate waited for, 4 workers", "% of their CPU time", {"weir": waited * share}),
        Row(9, "gate passed", "times a request", {"weir": locks / requests}),
        Row(9, "of these after a wait", "%", {"weir": contended / locks * 100}),
    ]
