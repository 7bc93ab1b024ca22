"""Items 1, 7, 8 and 10: what weir is measured in alone."""

import json
import socket
import statistics
import subprocess
import time

import allocations as warm_path
import callgrind
from instructions import CONFIGS
from programs import Backend, Failed, Weir
from report import Row


def instructions(stage):
    """Item 1."""
    floor, _ = callgrind.per_request(stage.build, None)
    rows = []
    for (name, config), limit in zip(CONFIGS.items(), (10_000, 7_500)):
        total, _ = callgrind.per_request(stage.build, config)
        rows.append(Row(1, f"user-space instructions a request, {name}", "",
                        {"forwarder": floor, "weir": total}, target=f"{limit:,}", limit=limit))
    return rows


def decisions(stage):
    """Item 7. A decision is its benchmark less the empty chain's: that is the three passes of the
    gate (arrive, settle, end), whatever stands in the chain."""
    done = subprocess.run(
        [stage.build / "benches", "--benchmark_format=json", "--benchmark_repetitions=5",
         "--benchmark_min_time=0.05", "--benchmark_report_aggregates_only=true"],
        capture_output=True, text=True, check=True)
    found = {entry["run_name"]: entry for entry in json.loads(done.stdout)["benchmarks"]
             if entry["aggregate_name"] == "median"}
    empty = found["BM_EmptyChain"]["cpu_time"]
    hot = found["BM_TokenBucketHot"]["cpu_time"]
    many = found["BM_TokenBucketMillionKeys"]["cpu_time"]
    return [
        Row(7, "three passes of the gate, empty chain", "ns", {"weir": empty}),
        Row(7, "token_bucket, hot", "ns", {"weir": hot - empty}, target="20", limit=20),
        Row(7, "token_bucket, a million keys", "ns", {"weir": many - empty}, target="150",
            limit=150),
        Row(7, "token_bucket, memory", "bytes a key",
            {"weir": found["BM_TokenBucketMillionKeys"]["bytes_per_key"]}, target="64", limit=64),
        Row(7, "a whole chain: enter, leave, destroy", "ns",
            {"weir": found["BM_WholeChain"]["cpu_time"]}, target="250", limit=250),
    ]


def allocations(stage):
    """Item 8."""
    worst = max(warm_path.count(stage.build, *kind)[0] for kind in warm_path.KINDS.values())
    return [Row(8, f"allocations in {warm_path.REQUESTS:,} requests, warm", "", {"weir": worst},
                target="0", limit=0)]


def startup(stage):
    """Item 10. From the start of the process to the first answer."""
    rows = []
    for tenants, limit in ((1000, 50), (100_000, 1000)):
        times = []
        with Backend(stage.build, cpu=stage.backend_cpu) as backend:
            for _ in range(5):
                begin = time.monotonic()
                with Weir(stage.build, backend, tenants=tenants) as weir:
                    answer(weir.port)
                    times.append((time.monotonic() - begin - weir.preparing) * 1e3)
        rows.append(Row(10, f"start to first answer, {tenants:,} tenants", "ms",
                        {"weir": statistics.median(times)}, target=str(limit), limit=limit))
    return rows


def answer(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant: tenant-0001\r\n\r\n")
        if not client.recv(4096).startswith(b"HTTP/1.1 200"):
            raise Failed("the first request was not answered 200")
