"""Where a measurement takes place: the build, the cores, how long, and taking turns."""

import contextlib
import dataclasses
import os
import pathlib
import sys

import contestants
import procfs
from programs import Backend, Failed, Load, Program

ALL = ["loop", "weir", "nginx", "haproxy"]


@dataclasses.dataclass
class Stage:
    build: pathlib.Path
    quick: bool = False
    # Many short rounds, not a few long ones: a virtual machine's cores change their speed and their
    # distance from each other within seconds, and contestants are to meet the same.
    rounds: int = 25

    def __post_init__(self):
        # The proxies have a core to themselves (one at a time is busy); clients and service share
        # the next two, or the one that is left.
        cores = sorted(os.sched_getaffinity(0))
        self.proxy_cpu = cores[0]
        self.load_cpu = cores[1 % len(cores)]
        self.backend_cpu = cores[2] if len(cores) > 2 else self.load_cpu

    def proxy_cpus(self, workers):
        """The cores for so many workers: one each, but never those of the clients and the service,
        whose work would be disturbed by how the workers are spread."""
        cores = sorted(os.sched_getaffinity(0))
        others = [core for core in cores if core not in (self.load_cpu, self.backend_cpu)]
        return ",".join(str(core) for core in (others or cores)[:workers])

    def count(self, loads, most, seconds=0.1):
        """How many requests a round has: what the slowest answers in that time, going by the
        warm-up; a quarter of it with --quick."""
        slowest = min(load.last["requests"] / load.last["seconds"] for load in loads.values())
        wanted = int(slowest * seconds / (4 if self.quick else 1))
        fewest = max(load.connections for load in loads.values())
        return max(fewest, min(most, wanted))

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def alternate(self, names, measure, rounds=None):
        """`measure(name)` for each in turn, as often as there are rounds, beginning with another
        each time. {name: [values]}."""
        values = {name: [] for name in names}
        for number in range(rounds or self.rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                values[name].append(measure(name))
        return values

    @contextlib.contextmanager
    def awake(self):
        """The cores do not fall asleep: each has a process that gives way to any other. How long a
        virtual core takes to wake up, and where it does, is the host's and changes; and it is paid
        for by whoever wakes it."""
        with contextlib.ExitStack() as stack:
            for cpu in {self.proxy_cpu, self.load_cpu, self.backend_cpu}:
                stack.enter_context(Program(
                    ["chrt", "--idle", "0", "sh", "-c", "while :; do :; done"], cpu=cpu))
            yield

    @contextlib.contextmanager
    def running(self, names, start=contestants.start):
        """The contestants, all up, idle."""
        with contextlib.ExitStack() as stack:
            backend = stack.enter_context(Backend(self.build, cpu=self.backend_cpu))
            yield {name: stack.enter_context(start(name, self.build, backend, cpu=self.proxy_cpu))
                   for name in names}

    @contextlib.contextmanager
    def loads(self, proxies, connections, warm_up, **options):
        with contextlib.ExitStack() as stack:
            loads = {name: stack.enter_context(
                Load(self.build, proxy.port, connections, cpu=self.load_cpu, **options))
                for name, proxy in proxies.items()}
            for load in loads.values():
                load.closed(warm_up)
                load.closed(warm_up)  # by this one the rounds are sized
            yield loads


def cpu_of(proxy, work):
    """What `work()` gives, and the CPU seconds that the proxy's processes took meanwhile."""
    pids = family(proxy)
    before = procfs.cpu_seconds(pids)
    result = work()
    return result, procfs.cpu_seconds(pids) - before


def family(proxy):
    roots = proxy.pids() if hasattr(proxy, "pids") else [proxy.pid]
    return [pid for root in roots for pid in procfs.family(root)]


def insist(result, status, count):
    """Every request of this round had this status, or the round measured something else."""
    if result["statuses"] != {str(status): count} or result["errors"]:
        raise Failed(f"wanted {count} answers {status}, got {result}")
