"""Item 6: memory at rest, for idle connections, and at its peak."""

import os
import pathlib
import socket
import statistics
import time

import procfs
from programs import DESCRIPTORS, MAX_CONNECTIONS, PATIENCE, Failed, Load
from report import Row
from stage import family

OTHERS = ["weir", "nginx", "haproxy"]
MIB = 1 << 20
IDLE = min(5000, DESCRIPTORS // 2 - 200)
PEAK = min(10_000, MAX_CONNECTIONS)


def memory(stage):
    at_rest, per_idle, kept, peak = ({name: [] for name in OTHERS} for _ in range(4))
    for _ in range(2 if stage.quick else 5):
        for name in OTHERS:
            with stage.running([name]) as proxies:
                proxy = proxies[name]
                at_rest[name].append(procfs.pss(family(proxy)) / MIB)
                grown, left = idle_connections(proxy)
                per_idle[name].append(grown / IDLE)
                kept[name].append(left / IDLE)
            with stage.running([name]) as proxies:
                peak[name].append(under_load(stage, name, proxies[name]) / MIB)
    rows = [row("at rest, proportional set size", "MiB", at_rest, "7", 7),
            row(f"an idle connection, of {IDLE:,}", "bytes", per_idle, "525", 525),
            row("what of it stays when they have closed", "bytes", kept, "", None),
            row(f"peak under {PEAK:,} connections with requests", "MiB", peak, "less than both",
                None)]
    peaks = rows[-1].values
    rows[-1].limit = min(peaks["nginx"], peaks["haproxy"])
    # "Given back": a little stays, in tables by descriptor that have grown.
    rows[2].limit, rows[2].target = 105, "a fifth of 525"
    return rows


def row(what, unit, values, target, limit):
    return Row(6, what, unit, {name: statistics.median(v) for name, v in values.items()},
               target=target, limit=limit)


def idle_connections(proxy):
    """Resident bytes that connections of one request each add, and what of it stays."""
    pids = family(proxy)
    clients = []
    for _ in range(100):  # so that what is made once is made
        ask(proxy.port).close()
    settle(pids)
    before, descriptors = procfs.resident(pids), open_descriptors(pids)
    for _ in range(IDLE):
        clients.append(ask(proxy.port))
    grown = procfs.resident(pids) - before
    for client in clients:
        client.close()
    end = time.monotonic() + PATIENCE
    while open_descriptors(pids) > descriptors + 8:
        if time.monotonic() > end:
            raise Failed("connections that the clients closed stay open")
        time.sleep(0.01)
    settle(pids, still=1.5)  # weir gives back once a second
    return grown, procfs.resident(pids) - before


def ask(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant: tenant-0001\r\n\r\n")
    if not client.recv(4096).startswith(b"HTTP/1.1 200"):
        raise Failed("not answered 200")
    return client


def settle(pids, still=0.5):
    """Until its resident memory has stood still for so many seconds, or for two more at most."""
    last, since = procfs.resident(pids), time.monotonic()
    end = since + still + 2
    while time.monotonic() < min(end, since + still):
        time.sleep(0.05)
        now = procfs.resident(pids)
        if now != last:
            last, since = now, time.monotonic()


def open_descriptors(pids):
    return sum(len(os.listdir(pathlib.Path("/proc") / str(pid) / "fd")) for pid in pids)


def under_load(stage, name, proxy):
    with Load(stage.build, proxy.port, PEAK, cpu=stage.load_cpu) as load:
        result = load.closed(2 * PEAK)
    if result["statuses"].get("200", 0) < 2 * PEAK:
        stage.say(f"{name}: not all of {2 * PEAK:,} requests were answered 200: {result}")
    return procfs.peak_resident(family(proxy))
