"""The programs of a measurement: started, waited for until they are ready, ended by their own id."""

import ctypes
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent
ROOT = SOURCE.parent.parent
PATIENCE = 30  # seconds, for anything to start or to end


def raise_descriptors(wanted=65536):
    """As many as may be had, for this process and all that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


DESCRIPTORS = raise_descriptors()
# A client's and one to the service for each, and some to spare.
MAX_CONNECTIONS = min(12000, DESCRIPTORS // 2 - 200)


LIBC = ctypes.CDLL(None)


def end_with_parent():
    """In a new process: TERM to it when this one ends, however that comes about."""
    pr_set_pdeathsig = 1
    LIBC.prctl(pr_set_pdeathsig, signal.SIGTERM)


class Failed(Exception):
    """A measurement could not be made; the text says why."""


class Program:
    """One process in a group of its own, which ends with this one. `ready` is looked for in the
    lines of its output."""

    def __init__(self, command, ready=None, stdin=None, environment=None, cpu=None):
        self.command = [str(word) for word in command]
        if cpu is not None:
            self.command = ["taskset", "-c", str(cpu)] + self.command
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if ready else self.log, text=True,
            env={**os.environ, **(environment or {})}, start_new_session=True,
            preexec_fn=end_with_parent)
        self.said = []
        self.match = self._wait_for(ready) if ready else None

    @property
    def pid(self):
        return self.process.pid

    def _wait_for(self, ready):
        for line in self.process.stdout:
            self.said.append(line)
            match = re.search(ready, line)
            if match:
                return match
        raise Failed(f"{self.command} did not start: {''.join(self.said)}")

    def stop(self):
        """TERM, then KILL; returns the exit code."""
        if self.process.poll() is None:
            self._signal(signal.SIGTERM)
        try:
            rest, _ = self.process.communicate(timeout=PATIENCE)
            self.said.append(rest or "")
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.communicate()
        return self.process.returncode

    def _signal(self, number):
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Backend(Program):
    """The service behind every proxy."""

    def __init__(self, build, cpu=None):
        super().__init__([build / "bench_backend"], ready=r"^port (\d+)", cpu=cpu)
        self.port = int(self.match[1])


class Load(Program):
    """The clients: connected at once, idle until told what to send."""

    def __init__(self, build, port, connections, tenants=1000, target="/", body="0", cpu=None):
        super().__init__([build / "bench_load", port, connections, "--tenants", tenants,
                          "--target", target, "--body", body],
                         stdin=subprocess.PIPE, cpu=cpu)
        self.connections = connections
        self.last = None  # result

    def closed(self, requests):
        return self._ask(f"closed {requests}")

    def open(self, rate, requests):
        return self._ask(f"open {rate} {requests}")

    def _ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            self.last = json.loads(answer)
            return self.last
        except (BrokenPipeError, json.JSONDecodeError):
            self.log.seek(0)
            raise Failed(f"the load ended early: {self.log.read()}") from None


class Weir(Program):
    """weir with one of the configs here. `under`: what to run it with, valgrind say."""

    def __init__(self, build, backend, config="weir_full.yaml", workers=1, tenants=1000,
                 quota="{rate: 1000000/s, burst: 1000000}", under=(), environment=None, cpu=None):
        begin = time.monotonic()
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "weir.yaml"
        path.write_text((SOURCE / config).read_text().format(
            backend=backend.port, workers=workers, max_connections=MAX_CONNECTIONS,
            tenants=tenant_lines(tenants, quota)))
        self.preparing = time.monotonic() - begin  # seconds, before it was started
        super().__init__([*under, build / "weir", "run", "-c", path],
                         ready=r"listening on 127\.0\.0\.1:(\d+).*admin on \S+:(\d+)",
                         environment=environment, cpu=cpu)
        self.port = int(self.match[1])
        self.admin_port = int(self.match[2])

    def stop(self):
        code = super().stop()
        self.folder.cleanup()
        return code


def tenant_lines(count, quota):
    """The tenants that Load sends."""
    return "\n".join(f"  tenant-{i:04d}: {quota}" for i in range(count))
