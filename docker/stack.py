#!/usr/bin/env python3
"""The parts of compose.yaml started natively: weir with weir.yaml, the sample service, Prometheus with
prometheus/, and a load that is too much. ./dev stack runs it; the tests import it.

The files are those that compose mounts. What is changed on the way: addresses (names of containers
become ports of 127.0.0.1) and Prometheus' times (a scrape a second, alerts that wait for 5 s at
most). Grafana is left out. All that was started is ended, whatever happens.
"""

import argparse
import contextlib
import ctypes
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 30  # seconds, for what takes one or two
ALERT = "WeirDroppingRequests"  # what the load must bring about

# Connections and the pause after each answer in ms: together more than the service can handle, greedy
# far over its quota as well.
LOAD = {"acme": (80, 40), "beta": (60, 40), "greedy": (60, 20)}
LOAD_SCRIPT = "function delay() return %d end\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def ask(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def wait_until(what, condition, seconds=PATIENCE, check=lambda: None):
    """Waits until condition() is true and returns it; it may raise OSError meanwhile."""
    end = time.monotonic() + seconds
    while True:
        check()
        with contextlib.suppress(OSError):
            value = condition()
            if value:
                return value
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.2)


class Stack:
    """A context manager. Addresses: `weir`, `admin`, `telemetry`, `service`, `prometheus`."""

    def __init__(self, weir_binary, sample_arguments=()):
        self.binary = str(weir_binary)
        self.sample_arguments = list(sample_arguments)
        self.children = {}
        for name in ("weir", "admin", "telemetry", "service", "prometheus"):
            setattr(self, name, f"127.0.0.1:{free_port()}")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-stack-")
        self.path = pathlib.Path(self.folder.name)
        try:
            self.derive_files()
            self.start_all()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    # --- files

    def native(self, text):
        for container, address in (
            ("0.0.0.0:8080", self.weir),
            ("127.0.0.1:9901", self.admin),
            ("0.0.0.0:9902", self.telemetry),
            ("weir:9902", self.telemetry),
            ("service:3000", self.service),
        ):
            text = text.replace(container, address)
        return text

    def derive_files(self):
        def derive(name, change=lambda text: text):
            out = self.path / name
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(change(self.native((HERE / name).read_text())))

        def quicker(text):
            text = re.sub(r"(scrape|evaluation)_interval: \w+", r"\1_interval: 1s", text)
            text = re.sub(r"scrape_timeout: \w+", "scrape_timeout: 1s", text)
            return re.sub(r"(\n +for): \w+", r"\1: 5s", text)

        derive("weir.yaml")
        derive("prometheus/prometheus.yml", quicker)
        for rules in sorted((HERE / "prometheus/rules").glob("*.yml")):
            derive(f"prometheus/rules/{rules.name}", quicker)

    # --- processes

    def start(self, name, *command):
        with open(self.path / f"{name}.log", "w") as log:
            self.children[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=die_with_parent)

    def sample_command(self):
        """What compose.yaml has the sample service do, at its address here."""
        command = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]["service"]["command"]
        return [self.service if word == ":3000" else word for word in command]

    def start_all(self):
        self.start("service", self.binary, *self.sample_command(), *self.sample_arguments)
        wait_until("the service answers", lambda: ask(f"http://{self.service}/"), check=self.check)
        self.start("weir", self.binary, "run", "-c", str(self.path / "weir.yaml"))
        wait_until("weir is ready", lambda: ask(f"http://{self.admin}/ready"), check=self.check)
        self.start("prometheus", "prometheus",
                   f"--config.file={self.path}/prometheus/prometheus.yml",
                   f"--storage.tsdb.path={self.path}/data", "--storage.tsdb.retention.time=1h",
                   f"--web.listen-address={self.prometheus}", "--log.level=warn")
        wait_until("Prometheus is ready", lambda: ask(f"http://{self.prometheus}/-/ready"),
                   check=self.check)

    def start_load(self, seconds):
        for tenant, (connections, pause) in LOAD.items():
            script = self.path / f"{tenant}.lua"
            script.write_text(LOAD_SCRIPT % pause)
            self.start(f"load of {tenant}", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                       "-s", str(script), "-H", f"x-tenant: {tenant}", f"http://{self.weir}/")

    def log(self, name):
        return (self.path / f"{name}.log").read_text(errors="replace")

    def check(self):
        """Raises RuntimeError if a part has ended by itself."""
        for name, child in self.children.items():
            code = child.poll()
            if code is not None and not (name.startswith("load") and code == 0):
                raise RuntimeError(f"{name} ended with {code}:\n{self.log(name)[-2000:]}")

    def stop(self):
        """TERM, then KILL, by pid; the load first. Returns the exit codes."""
        for child in reversed(list(self.children.values())):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        codes = {name: child.returncode for name, child in self.children.items()}
        self.folder.cleanup()
        return codes

    # --- Prometheus

    def api(self, path, **parameters):
        """The data of an answer; raises RuntimeError with what Prometheus says is wrong."""
        url = f"http://{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            answer = json.loads(ask(url, 20))
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error.code}: {error.read().decode()}") from error
        return answer["data"]

    def scraped(self):
        targets = self.api("targets")["activeTargets"]
        return bool(targets) and all(target["health"] == "up" for target in targets)

    def rules(self):
        return [rule for group in self.api("rules")["groups"] for rule in group["rules"]]

    def rules_loaded(self):
        """All rules of all files, each evaluated once without an error."""
        written = sum(len(re.findall(r"(?m)^ +- (?:record|alert):", file.read_text()))
                      for file in (HERE / "prometheus/rules").glob("*.yml"))
        rules = self.rules()
        return len(rules) == written > 0 and all(rule["health"] == "ok" for rule in rules)

    def firing(self):
        return {rule["name"] for rule in self.rules() if rule.get("state") == "firing"}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev stack", description=(
        "Starts the sample service, weir and Prometheus as docker/compose.yaml has them, drives a load, "
        "and shows that Prometheus scrapes, the rules load, and an alert fires."))
    parser.add_argument("--weir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--for", dest="seconds", metavar="TIME",
                        help="end after this time, as 60s or 2m: exit 0 if all of that held")
    given = parser.parse_args()
    if given.seconds:
        match = re.fullmatch(r"(\d{1,5})(s|m)", given.seconds)
        if not match or int(match[1]) == 0:
            parser.error("--for: a time is written as 60s or 2m")
        given.seconds = int(match[1]) * (60 if match[2] == "m" else 1)
    return given


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    end = time.monotonic() + (given.seconds or 24 * 3600)
    with Stack(given.weir) as stack:
        print(f"weir        http://{stack.weir}/   admin http://{stack.admin}/", flush=True)
        print(f"service     http://{stack.service}/", flush=True)
        print(f"Prometheus  http://{stack.prometheus}/alerts", flush=True)
        stack.start_load(given.seconds or 24 * 3600)
        waiting = {
            "Prometheus scrapes weir": stack.scraped,
            "all rules are loaded and evaluated": stack.rules_loaded,
            f"the overload fires {ALERT}": lambda: ALERT in stack.firing(),
        }
        while time.monotonic() < end:
            stack.check()
            for what in [what for what, holds in waiting.items() if holds()]:
                print(f"ok          {what}", flush=True)
                del waiting[what]
            time.sleep(min(0.5, max(0, end - time.monotonic())))
        for what in waiting:
            print(f"NOT SEEN    {what}", flush=True)
    return 1 if waiting else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError) as error:
        sys.exit(f"stack: {error}")
