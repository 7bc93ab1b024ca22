#!/usr/bin/env python3
"""A warm weir asks nothing of the allocator: ctest runs it as bench.Allocations.

    allocations.py BUILD

weir as users run it, full chain, metrics on, with a library preloaded that counts calls of malloc,
calloc, realloc and the aligned ones (operator new calls malloc), on all threads."""

import argparse
import mmap
import pathlib
import struct
import sys
import tempfile

from programs import Backend, Failed, Load, Weir

REQUESTS = 10_000
WARM_UP = 3_000
# Of which the best counts: a pool that meets a new peak of requests at a time grows once.
ROUNDS = 2
# name: (connections, target, body)
KINDS = {
    "small GET": (1, "/", "0"),
    "small GET, 64 connections": (64, "/", "0"),
    "100 kB down": (8, "/100000", "0"),
    "chunks down": (8, "/2000/100", "0"),
    "20 kB up": (8, "/", "20000"),
    "chunks up": (8, "/", "2000/100"),
}


def count(build, connections, target, body):
    """Returns how many allocations REQUESTS requests took, and what weir said of who asked."""
    with tempfile.NamedTemporaryFile() as file, Backend(build) as backend:
        file.write(bytes(16))
        file.flush()
        shared = mmap.mmap(file.fileno(), 16)
        environment = {"LD_PRELOAD": str((build / "bench_count_allocations.so").resolve()),
                       "WEIR_ALLOCATIONS": file.name}
        with Weir(build, backend, environment=environment) as weir:
            with Load(build, weir.port, connections, target=target, body=body) as load:
                load.closed(WARM_UP)
                fewest = min(_count_once(load, shared) for _ in range(ROUNDS))
        return fewest, "".join(weir.said[1:])


def _count_once(load, shared):
    before, = struct.unpack_from("Q", shared)
    shared[8] = 1
    result = load.closed(REQUESTS)
    after, = struct.unpack_from("Q", shared)
    shared[8] = 0
    if result["statuses"] != {"200": REQUESTS}:
        raise Failed(f"not every request was answered 200: {result}")
    if before == 0:
        raise Failed("nothing was counted while weir started: is the library preloaded?")
    return after - before


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    build = parser.parse_args().build
    good = True
    for name, kind in KINDS.items():
        allocations, said = count(build, *kind)
        print(f"{name}: {allocations} allocations in {REQUESTS:,} requests")
        if allocations:
            good = False
            print(said)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"allocations: {failure}")
