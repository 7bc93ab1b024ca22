#!/usr/bin/env python3
"""What a scrape costs, and what traffic notices of it: scrape.py BUILD [--rounds 5] [--rate 4000]

weir with 1,000 configured tenants and all the series that there can be, under an open load (each
request is due at its time, and late answers count from then). Rounds with a scrape a second (15
times as often as Prometheus asks by default) take turns with rounds without one. Prints a JSON
object: the series and bytes of a scrape; its time at the client under load (median and worst, in
milliseconds; `identity`, and `gzip` as Prometheus asks for it) and the processor time of weir for
one at rest; the p99 of traffic with and without, round by round. Fails if the median scrape under
load takes over 50 ms.

BUILD holds weir, bench_backend and bench_load.
"""

import argparse
import gzip
import http.client
import json
import pathlib
import statistics
import sys
import threading
import time

import procfs
import programs

BOUND_MS = 50
AT_REST = 50


def scrape(port, coding):
    """Its time in milliseconds, and the text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=programs.PATIENCE)
    began = time.monotonic()
    connection.request("GET", "/metrics", headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.monotonic() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise programs.Failed(f"/metrics answers {answer.status}")
    return took, gzip.decompress(body) if coding == "gzip" else body


def scrape_until(stop, port, times):
    coding = "identity"
    while not stop.wait(1):
        times[coding].append(scrape(port, coding)[0])
        coding = "gzip" if coding == "identity" else "identity"


def one_round(load, options, port, times):
    stop = threading.Event()
    scraper = threading.Thread(target=scrape_until, args=(stop, port, times))
    if times is not None:
        scraper.start()
    try:
        return load.open(options.rate, options.rate * options.seconds)
    finally:
        stop.set()
        if times is not None:
            scraper.join()


def at_rest(weir, coding):
    """Milliseconds of processor time a scrape."""
    before = procfs.cpu_seconds([weir.pid])
    for _ in range(AT_REST):
        scrape(weir.admin_port, coding)
    return (procfs.cpu_seconds([weir.pid]) - before) * 1000 / AT_REST


def summary(times):
    return {"median": round(statistics.median(times), 1), "worst": round(max(times), 1),
            "count": len(times)}


def measure(options):
    with programs.Backend(options.build) as backend, \
            programs.Weir(options.build, backend, config="weir_series.yaml") as weir, \
            programs.Load(options.build, weir.port, options.connections) as load:
        load.closed(10000)
        text = scrape(weir.admin_port, "identity")[1]
        times = {"identity": [], "gzip": []}
        rounds = {"without": [], "with": []}
        for _ in range(options.rounds):
            rounds["without"].append(one_round(load, options, weir.admin_port, None))
            rounds["with"].append(one_round(load, options, weir.admin_port, times))
        return {
            "series": sum(1 for line in text.splitlines() if line[:1] not in (b"#", b"")),
            "bytes": len(text),
            "scrape_ms": {coding: summary(times[coding]) for coding in times},
            "processor_ms_at_rest": {coding: round(at_rest(weir, coding), 1) for coding in times},
            "traffic": rounds,
        }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5, help="of each kind")
    arguments.add_argument("--seconds", type=int, default=6, help="a round")
    arguments.add_argument("--rate", type=int, default=4000, help="requests a second")
    arguments.add_argument("--connections", type=int, default=64)
    options = arguments.parse_args()
    try:
        result = measure(options)
    except programs.Failed as failed:
        sys.exit(f"scrape: {failed}")
    json.dump(result, sys.stdout, indent=1)
    print()
    slow = [coding for coding, times in result["scrape_ms"].items() if times["median"] > BOUND_MS]
    if slow:
        sys.exit(f"scrape: over {BOUND_MS} ms under load: {', '.join(slow)}")


if __name__ == "__main__":
    main()
