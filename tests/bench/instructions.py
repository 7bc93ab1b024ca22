#!/usr/bin/env python3
"""Keeps weir's instructions per request from growing: ctest runs it as bench.Instructions.

    instructions.py BUILD            compare with instructions.json
    instructions.py BUILD --write    write what is measured there instead
    instructions.py BUILD --top N    show the N functions that cost the most themselves
    instructions.py BUILD --keep D   leave callgrind's files in the folder D (callgrind_annotate)

A figure holds for one toolchain only (another compiler or C library makes other code), so each has
its own entry in instructions.json. On one without an entry the nearest other figure is the measure,
with more room."""

import argparse
import json
import pathlib
import platform
import subprocess
import sys

import callgrind
from programs import SOURCE, Failed

FIGURES = SOURCE / "instructions.json"
CONFIGS = {"full chain": "weir_full.yaml", "empty chain": "weir_empty.yaml"}
GROWTH = 0.03           # more than this fails
GROWTH_ELSEWHERE = 0.25  # where the figure is another toolchain's


def toolchain(build):
    """Whatever decides which instructions a request takes, besides the sources of weir."""
    cache = dict(line.split("=", 1) for line in (build / "CMakeCache.txt").read_text().splitlines()
                 if "=" in line)
    compiler = cache.get("CMAKE_CXX_COMPILER:FILEPATH") or cache["CMAKE_CXX_COMPILER:STRING"]
    kind = "clang" if "clang" in _output(compiler, "--version") else "gcc"
    version = _output(compiler, "-dumpfullversion" if kind == "gcc" else "-dumpversion").strip()
    libuv = _output("pkg-config", "--modversion", "libuv").strip()
    return (f"{platform.machine()}, {kind} {version}, {cache['CMAKE_BUILD_TYPE:STRING']}, "
            f"{' '.join(platform.libc_ver())}, libuv {libuv}")


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure(build, top=0, keep=None):
    figures = {}
    for name, config in CONFIGS.items():
        total, functions = callgrind.per_request(build, config, keep=keep)
        figures[name] = round(total)
        if top:
            print(f"\n{name}: {total:,.0f} instructions per request, of which each function itself:")
            for function, cost in sorted(functions.items(), key=lambda item: -item[1])[:top]:
                print(f"{cost:10,.1f}  {function}")
    return figures


def compare(figures, known, here):
    """Prints each; true if none has grown by too much."""
    if here in known:
        wanted, room = known[here], GROWTH
    else:
        # Those that agree in the most parts of their description.
        parts = set(here.split(", "))
        nearest = max(known, key=lambda there: len(parts & set(there.split(", "))))
        wanted, room = known[nearest], GROWTH_ELSEWHERE
        print(f"no figures yet of this toolchain ({here});\n"
              f"compared with those of {nearest}, with {room:.0%} of room")
    good = True
    for name, figure in figures.items():
        growth = figure / wanted[name] - 1
        word = "ok"
        if growth > room:
            word, good = f"grown by more than {room:.0%}", False
        elif growth < -GROWTH:
            word = "fewer: let the figure follow"
        print(f"{name}: {figure:,} instructions per request, {growth:+.1%} "
              f"against {wanted[name]:,}: {word}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--top", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=pathlib.Path, metavar="D")
    arguments = parser.parse_args()
    here = toolchain(arguments.build)
    figures = measure(arguments.build, arguments.top, arguments.keep)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if arguments.write:
        known[here] = figures
        FIGURES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        print(f"{here}: {figures}")
        return 0
    if compare(figures, known, here):
        return 0
    print("\nWhere they went: ./dev bench instructions --top 40\n"
          "If they are worth it: ./dev bench instructions --write, and commit the figure with the "
          "reason")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"instructions: {failure}")
