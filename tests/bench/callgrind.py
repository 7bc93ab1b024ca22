"""User-space instructions per request, counted by valgrind's callgrind.

Two runs, one with twice as many requests as the other: their difference is the requests' own,
without the start, the end and what happens only once."""

import collections
import pathlib
import re
import tempfile

from contestants import Forwarder
from programs import Backend, Failed, Load, Weir


def per_request(build, config, requests=1000, keep=None):
    """Of weir with this config, or of the bare forwarder (None): (instructions per request,
    {function: own instructions per request}). One connection, one request at a time. `keep`: a
    folder for callgrind's own file, for callgrind_annotate."""
    few, many = (_run(build, config, n, keep) for n in (requests, 2 * requests))
    functions = {name: (many[name] - few[name]) / requests for name in many}
    return sum(functions.values()), functions


def _run(build, config, requests, keep):
    with tempfile.TemporaryDirectory() as folder, Backend(build) as backend:
        name = config.removesuffix(".yaml") if config else "forwarder"
        out = pathlib.Path(keep or folder) / f"callgrind.out.{name}"
        under = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        proxy = (Weir(build, backend, config, under=under) if config else
                 Forwarder(build, backend, under=under))
        with proxy:
            with Load(build, proxy.port, connections=1) as load:
                # What the first requests do once (connecting, filling the pools) is in both runs.
                load.closed(200)
                result = load.closed(requests)
            if result["statuses"] != {"200": requests}:
                raise Failed(f"not every request was answered 200: {result}")
        if proxy.process.returncode != 0:
            raise Failed(f"{name} under valgrind: " + "".join(proxy.said))
        return _own_costs(out.read_text())


def _own_costs(text):
    """A callgrind file's own cost by function. https://valgrind.org/docs/manual/cl-format.html"""
    costs = collections.Counter()
    total = int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1])
    names = {}
    function = None
    skip = False  # the line after calls= is what the callee cost
    for line in text.splitlines():
        if line.startswith("fn="):
            number, name = re.match(r"fn=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names[number] = name
            function = names[number]
        elif line.startswith("cfn=") or line.startswith("cfi=") or line.startswith("cfl="):
            called = re.match(r"cfn=\((\d+)\) (.*)", line)
            if called:
                names[called[1]] = called[2]
        elif line.startswith("calls="):
            skip = True
        elif line and (line[0].isdigit() or line[0] in "+-*"):
            if not skip:
                costs[function] += int(line.split()[1])
            skip = False
    # What a signal handler costs, callgrind counts with a function but not in the total.
    if abs(costs.total() - total) > total / 10_000:
        raise Failed(f"callgrind's file was misread: {costs.total()} of {total} instructions")
    return costs
