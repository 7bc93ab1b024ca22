#!/usr/bin/env python3
"""Measures weir beside a bare loop, nginx and HAProxy, on loopback, and prints one table.

Bounded to ten minutes, with --quick to two. docs/performance.md says how to read it."""

import argparse
import pathlib
import signal
import sys
import time

import bodies
import memory
import report
import scaling
import singles
import small_requests
from programs import ROOT, Failed
from stage import Stage

ITEMS = {
    "instructions": (1, singles.instructions),
    "cpu": (2, small_requests.cpu),
    "connections": (2, small_requests.connections),
    "saturated": (3, small_requests.saturated),
    "refusals": (4, small_requests.refusals),
    "bodies": (5, bodies.cpu_per_gib),
    "memory": (6, memory.memory),
    "decisions": (7, singles.decisions),
    "allocations": (8, singles.allocations),
    "scaling": (9, scaling.scaling),
    "startup": (10, singles.startup),
}
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- The last table: ./dev bench --write -->", "<!-- The end of the table. -->"


def out_of_time(*_):
    raise Failed("out of time")


def measure(stage, names, seconds):
    """The rows of these items; what was not measured is said, and is False in the second value."""
    rows, whole = [], True
    signal.signal(signal.SIGALRM, out_of_time)
    end = time.monotonic() + seconds
    for name in names:
        number, item = ITEMS[name]
        left = end - time.monotonic()
        begin = time.monotonic()
        try:
            if left < 1:
                raise Failed("out of time")
            signal.alarm(int(left))
            rows += item(stage)
            stage.say(f"{number}. {name}: {time.monotonic() - begin:.0f} s")
        except Failed as failure:
            whole = False
            stage.say(f"{number}. {name}: not measured: {failure}")
        finally:
            signal.alarm(0)
    return rows, whole


def write_page(table, about):
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    where = ", ".join(f"{name}: {value}" for name, value in about.items())
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\nMeasured with {where}.\n\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="shorter rounds, within two minutes")
    parser.add_argument("--only", metavar="ITEM,…", help=f"some of {', '.join(ITEMS)}")
    parser.add_argument("--write", action="store_true",
                        help="put the table into docs/performance.md")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="where the JSON goes (default: bench.json in the build)")
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(ITEMS)
    if unknown := [name for name in names if name not in ITEMS]:
        parser.error(f"there is no item {unknown[0]}; there are {', '.join(ITEMS)}")
    if arguments.write and (arguments.only or arguments.quick):
        parser.error("--write takes the whole table, measured at length")

    stage = Stage(arguments.build, arguments.quick)
    rows, whole = measure(stage, names, 115 if arguments.quick else 595)
    about = report.machine()
    print(report.text_table(rows))
    out = arguments.json or arguments.build / "bench.json"
    out.write_text(report.as_json(rows, about) + "\n")
    stage.say(f"as JSON: {out}")
    if arguments.write:
        if not whole:
            raise Failed("something was not measured: docs/performance.md is left as it was")
        write_page(report.markdown_table(rows), about)
    return 0 if whole else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"bench: {failure}")
