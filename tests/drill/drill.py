#!/usr/bin/env python3
"""The attacks of a hostile client and a hostile service, one after the other, each with a tenant beside
it that sends 200 requests a second and must notice nothing: ./dev drill.

A row holds if all of the neighbour's requests are answered 200 with what was asked for, its p99 stays
within 50 ms (and what it was without an attack in this run), weir's memory stays within what
docs/operating.md states, weir lives under a limit on its address space and ends at TERM, and what the
row itself expects is so. Loopback only.
"""

import argparse
import pathlib
import sys
import time

from actors import Failed, Neighbour, Service, Weir
from rows import ROWS
from scene import CHAIN, CONFIG, MIB, OF_THE_PROCESS, P99_MS, Result, Stage

LONG, SHORT = 4.0, 0.8            # seconds that a row is measured
IN_ALL, IN_ALL_QUICK = 175, 58    # rows that cannot begin within that have failed


def main():
    options = arguments()
    rows = chosen(options.rows, options.smoke)
    stage = Stage(options.build.resolve(), SHORT if options.quick or options.smoke else LONG,
                  timed=not options.smoke)
    begin = time.monotonic()
    if stage.timed:
        stage.idle_p99_ms = idle_p99(stage)
        print(f"drill: the neighbour alone has a p99 of {stage.idle_p99_ms:.1f} ms; "
              f"{P99_MS} ms more are allowed", flush=True)
    print(line("", "attack", "answered", "p99 ms", "MiB of", "", ""))
    results = []
    end = begin + (IN_ALL_QUICK if options.quick else IN_ALL)
    for row in rows:
        results.append(stage.run(row) if time.monotonic() < end else Result(row, faults=[
            "not run: the time of the drill is over"]))
        print(line(*cells(results[-1])), flush=True)
    return conclude(results, time.monotonic() - begin)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=pathlib.Path, help="the build folder")
    parser.add_argument("--quick", action="store_true", help="shorter rows: under a minute in all")
    parser.add_argument("--smoke", action="store_true",
                        help="the cheap rows only, and no latencies judged")
    parser.add_argument("--rows", default="", metavar="NAME[,NAME]",
                        help=f"these alone: {', '.join(row.name for row in ROWS)}")
    return parser.parse_args()


def chosen(names, smoke):
    if not names:
        return [row for row in ROWS if row.cheap or not smoke]
    wanted = names.split(",")
    if unknown := set(wanted) - {row.name for row in ROWS}:
        sys.exit(f"drill: there is no row {', '.join(sorted(unknown))}")
    return [row for row in ROWS if row.name in wanted]


def idle_p99(stage):
    with Service(stage.build) as service, Weir(stage.build, service, CONFIG + CHAIN) as weir, \
            Neighbour(stage.build, weir.port) as neighbour:
        neighbour.begin(0.25)
        neighbour.result()
        neighbour.begin(stage.seconds)
        return neighbour.result()["p99_ms"]


def cells(result):
    got = result.neighbour
    return (str(result.row.section), result.row.what,
            f"{got['ok']}/{got['sent']}" if got else "",
            f"{got['p99_ms']:.1f}" if got else "",
            f"{result.grown / MIB:.1f}/{result.allowed / MIB:.0f}" if result.grown is not None else "",
            "FAILED" if result.faults else "ok", result.did)


def line(section, what, answered, p99, memory, verdict, did):
    return f"{section:1} {what:46} {answered:>9} {p99:>7} {memory:>10}  {verdict:6}  {did}".rstrip()


def conclude(results, seconds):
    failed = [result for result in results if result.faults]
    for result in failed:
        print(f"\n{result.row.name}:")
        for fault in sorted(set(result.faults)):
            times = result.faults.count(fault)
            print(f"  {fault}" + (f" ({times} times)" if times > 1 else ""))
    print(f"\ndrill: {len(results) - len(failed)} of {len(results)} rows hold, in {seconds:.0f} s "
          f"(memory: beyond weir at rest, of what the bounds allow, "
          f"{OF_THE_PROCESS // MIB} MiB of it for the process)")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"drill: {failure}")
