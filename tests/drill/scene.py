"""One row of the drill: weir, the tenant beside the attack, the attack, and what is expected of all."""

import contextlib
import dataclasses
import pathlib
import time

from actors import ATTACKER, Failed, Flood, LiveProbe, Neighbour, Service, Weir

KIB, MIB = 1 << 10, 1 << 20

# docs/operating.md, "Memory": what one connection can cost.
IDLE = 350
WAITING = IDLE + 7 * KIB + 64 * KIB
UPLOADING = WAITING + 64 * KIB + 8 * KIB
DOWNLOADING = WAITING + 128 * KIB + 8 * KIB
TUNNEL = 2 * IDLE + 2 * 128 * KIB
# What weir keeps for all of them: buffers to read into and to send from, warm exchanges, key tables.
OF_THE_PROCESS = 6 * MIB

P99_MS = 50

CONFIG = """
upstream: {address: SERVICE, max_connections: 512}
tenants:
  neighbour: {rate: 1000/s, burst: 500}
  attacker: {rate: 1000000/s, burst: 1000000}
  evil: {deny: true}
  "*": {rate: 10/s, burst: 10}
drain: {timeout: 1s}
"""
CHAIN = """
chain:
  - timeout: 10s
  - token_bucket: {key: tenant}
  - buffer: {capacity: 256, max_wait: 500ms}
  - concurrency_limit: {limit: 256}
"""


@dataclasses.dataclass
class Row:
    section: int
    what: str
    attack: object            # called with the scene; calls scene.measure() while it goes on
    config: str = CONFIG + CHAIN
    memory: int = 0           # bytes that the attack may cost weir, beyond OF_THE_PROCESS
    fresh: bool = False       # the neighbour makes a new connection for each request
    cheap: bool = False       # of the smoke test

    @property
    def name(self):
        return self.attack.__name__.replace("_", "-")


@dataclasses.dataclass
class Result:
    row: Row
    neighbour: dict = dataclasses.field(default_factory=dict)
    grown: int = None         # bytes, at the peak; None: weir did not live to tell
    did: str = ""             # what the attack amounted to
    faults: list = dataclasses.field(default_factory=list)

    @property
    def allowed(self):
        return self.row.memory + OF_THE_PROCESS


@dataclasses.dataclass
class Stage:
    build: pathlib.Path
    seconds: float            # how long a row is measured
    timed: bool = True        # latencies are judged
    idle_p99_ms: float = 0    # of the neighbour alone, in this run

    def run(self, row):
        result = Result(row)
        try:
            with contextlib.ExitStack() as stack:
                Scene(self, stack, result).play()
        except Failed as failure:
            result.faults.append(str(failure).strip().replace("\n", " ")[-300:])
        return result


class Scene:
    def __init__(self, stage, stack, result):
        self.stage, self.stack, self.result = stage, stack, result
        self.floods = []
        service = stack.enter_context(Service(stage.build))
        self.weir = stack.enter_context(Weir(stage.build, service, result.row.config))
        self.neighbour = stack.enter_context(
            Neighbour(stage.build, self.weir.port, fresh=result.row.fresh))

    def play(self):
        self.neighbour.begin(0.25)  # warm; and whatever the attack costs comes after
        self.neighbour.result()
        before = self.weir.resident()
        self.weir.forget_peak()
        try:
            self.result.row.attack(self)
            self.expect(not self.weir.ended(), "weir ended under the attack")
            if not self.weir.ended():
                self.result.grown = max(0, self.weir.peak() - before)
                self.expect(self.result.grown <= self.result.allowed, "more memory than stated")
        finally:
            for flood in self.floods:
                flood.finish()
        for flood in self.floods:
            self.expect(flood.did["opened"] >= 0.9 * flood.connections,
                        f"the attack did not take place: {flood.did['opened']} connections")
        self.result.did = "; ".join(described(flood.did) for flood in self.floods)
        self.end()

    def end(self):
        if self.weir.ended():
            said = "".join(self.weir.said[-2:]).strip()
            self.result.faults.append(f"exit code {self.weir.finish()}: {said}")
            return
        code = self.weir.finish()
        self.expect(code in (0, 3), "did not end at TERM" if code is None else f"exit code {code}")

    # --- for the rows

    def flood(self, connections, port=None, source=ATTACKER, **options):
        flood = self.stack.enter_context(Flood(
            self.stage.build, port or self.weir.port, connections, **{"from": source}, **options))
        self.floods.append(flood)
        return flood

    def probe_live(self, port):
        return LiveProbe(port)

    def measure(self, seconds=None, meanwhile=lambda: None):
        """The neighbour's requests, while the attack goes on. `meanwhile` is called once."""
        self.neighbour.begin(seconds or self.stage.seconds)
        meanwhile()
        got = self.result.neighbour = self.neighbour.result()
        self.expect(got["ok"] == got["sent"], f"the neighbour got {others(got)}")
        self.expect(got["lost"] == 0, f"{got['lost']} answers lost")
        self.expect(got["swapped"] == 0, f"{got['swapped']} answers swapped")
        if self.stage.timed:
            limit = P99_MS + self.stage.idle_p99_ms
            self.expect(got["p99_ms"] <= limit, f"p99 {got['p99_ms']:.0f} ms")

    def expect(self, condition, otherwise):
        if not condition:
            self.result.faults.append(otherwise)

    def eventually(self, condition, otherwise, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return self.result.faults.append(otherwise)
            time.sleep(0.02)


def others(got):
    """What the neighbour got besides 200, in words."""
    rest = [f"{count} times {status}" for status, count in got["statuses"].items()
            if status != "200"]
    return ", ".join(rest) or f"{got['ok']} of {got['sent']} answers"


def described(did):
    parts = [f"{did['opened']:,} connections"]
    for key, what in (("sent", "sent"), ("received", "read")):
        if did[key] >= MIB:
            parts.append(f"{did[key] / MIB:,.0f} MiB {what}")
    if did["answers"]:
        parts.append(" ".join(f"{count:,}×{status}" for status, count in did["answers"].items()))
    return ", ".join(parts)
