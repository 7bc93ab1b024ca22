"""The processes of a drill: weir under a memory limit, the hostile service, the tenant that behaves,
the attackers, and a probe of /live. Each ends with the drill, whatever happens."""

import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))

import procfs  # noqa: E402
from programs import DESCRIPTORS, Failed, Program  # noqa: E402

# What weir may map (RLIMIT_AS): it starts with 180 MiB, mostly stacks of threads.
ADDRESS_SPACE = 512 << 20
ATTACKER, NEIGHBOUR, NEWCOMER = "127.0.0.3", "127.0.0.2", "127.0.0.4"


class Service(Program):
    def __init__(self, build):
        super().__init__([build / "drill_service"], ready=r"^port (\d+)")
        self.port = int(self.match[1])


class Weir(Program):
    """weir with a row's configuration, which says neither addresses nor the service."""

    def __init__(self, build, service, config):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-drill-")
        path = pathlib.Path(self.folder.name) / "weir.yaml"
        path.write_text(f"listen: 127.0.0.1:0\nadmin: {{listen: 127.0.0.1:0}}\n{config}".replace(
            "SERVICE", f"127.0.0.1:{service.port}"))
        try:
            super().__init__(
                ["prlimit", f"--as={ADDRESS_SPACE}", build / "weir", "run", "-c", path],
                ready=r"listening on 127\.0\.0\.1:(\d+).*admin on \S+:(\d+)"
                      r"(?:.*telemetry on \S+:(\d+))?")
        except Failed:
            self.folder.cleanup()
            raise
        self.port, self.admin = int(self.match[1]), int(self.match[2])
        self.telemetry = int(self.match[3] or 0)
        self.drain = threading.Thread(target=self._keep_output, daemon=True)
        self.drain.start()

    def _keep_output(self):
        for line in self.process.stdout:
            self.said.append(line)
            del self.said[:-50]

    def ended(self):
        return self.process.poll() is not None

    def resident(self):
        return procfs.resident([self.pid])

    def peak(self):
        return procfs.peak_resident([self.pid])

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def cpu(self):
        return procfs.cpu_seconds([self.pid])

    def metric(self, name, **labels):
        """The sum of a family's samples that have these labels."""
        total = 0.0
        for line in ask(self.admin, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                    "Connection: close\r\n\r\n").splitlines():
            if re.match(rf"{name}[ {{]", line) and all(
                    f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def unsent(self):
        """Bytes that the kernel holds to be sent by sockets of weir's port, closed ones too."""
        total = 0
        for line in open("/proc/net/tcp").readlines()[1:]:
            words = line.split()
            if int(words[1].split(":")[1], 16) == self.port:
                total += int(words[4].split(":")[0], 16)
        return total

    def finish(self, seconds=10):
        """Its exit code after TERM; None: it had to be killed."""
        if not self.ended():
            self._signal(15)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._signal(9)
                self.process.wait()
                return None
        return self.process.returncode

    def stop(self):
        code = self.finish()
        self.drain.join(5)
        self.folder.cleanup()
        return code


class Neighbour(Program):
    RATE = 200  # requests a second, an open loop

    def __init__(self, build, port, tenant="neighbour", fresh=False):
        super().__init__([build / "drill_neighbour", port, tenant, "--from", NEIGHBOUR,
                          *(["--fresh"] if fresh else [])], stdin=subprocess.PIPE)

    def begin(self, seconds):
        self.process.stdin.write(f"{self.RATE} {seconds}\n")
        self.process.stdin.flush()

    def result(self):
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise Failed(f"the neighbour ended: {self.log.read()}")
        return json.loads(line)


class Flood(Program):
    """An attack under way; `finish` ends it and says what it did."""

    def __init__(self, build, port, connections, **options):
        words = []
        for name, value in options.items():
            name = "--" + name.replace("_", "-")
            words += [name] if value is True else [name, value]
        super().__init__([build / "drill_flood", port, connections, *words], ready=r"^ready",
                         stdin=subprocess.PIPE)
        self.connections = connections
        self.did = None

    def finish(self):
        if self.did is None:
            self.process.stdin.close()
            line = self.process.stdout.readline()
            self.process.wait()
            self.process.stdin = None
            if not line:
                raise Failed(f"an attacker ended with {self.process.returncode}")
            self.did = json.loads(line)
            self.did["answers"] = {int(k): v for k, v in self.did["answers"].items()}
        return self.did


class LiveProbe(threading.Thread):
    """Asks for /live as kubelet does: a new connection each time, a second to answer."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.asked, self.failed, self.going = port, 0, 0, True
        self.start()

    def run(self):
        while self.going:
            self.asked += 1
            answer = ask(self.port, "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                    "Connection: close\r\n\r\n", seconds=1)
            self.failed += not answer.startswith("HTTP/1.1 200")
            time.sleep(0.1)

    def finish(self):
        self.going = False
        self.join()
        return self.asked, self.failed


def ask(port, request, source="127.0.0.1", seconds=5):
    """All that comes back until the peer closes or the time is over; nothing if it cannot be asked."""
    out = b""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds, (source, 0)) as client:
            client.sendall(request.encode("latin-1"))
            while more := client.recv(65536):
                out += more
    except OSError:
        pass
    return out.decode("latin-1")


def get(port, target, *fields, source="127.0.0.1", seconds=5):
    """The status (0: none) and the whole answer of a GET on a connection of its own."""
    lines = [f"GET {target} HTTP/1.1", "Host: drill", "Connection: close", *fields]
    answer = ask(port, "\r\n".join(lines) + "\r\n\r\n", source, seconds)
    found = re.match(r"HTTP/1\.1 (\d+)", answer)
    return int(found[1]) if found else 0, answer
