"""What was measured, as rows of one table: text, Markdown and JSON."""

import dataclasses
import json
import os
import platform
import statistics
import subprocess

NAMES = {"loop": "bare loop", "forwarder": "libuv + llhttp", "weir": "weir", "nginx": "nginx",
         "haproxy": "HAProxy"}


@dataclasses.dataclass
class Row:
    """One figure of weir's beside the others'. `values`: by contestant, medians. `ratios`: where the
    target is one in terms of the bare loop, theirs to the loop's of the same round, medians.
    `of_others`: weir's part of what is allowed where the target is the others, by rounds as well."""

    item: int
    what: str
    unit: str
    values: dict
    target: str = ""
    limit: float = None     # weir's value may be at most this; None: no target of its own
    ratios: dict = dataclasses.field(default_factory=dict)
    limit_ratio: float = None  # the same for weir's ratio
    of_others: float = None

    @property
    def measure(self):
        """Weir's figure as a part of what is allowed: up to 1 is kept. None: nothing is."""
        if self.of_others is not None:
            return self.of_others
        if self.limit_ratio:
            return self.ratios["weir"] / self.limit_ratio
        if self.limit is None:
            return None
        return self.values["weir"] / self.limit if self.limit else float(self.values["weir"] > 0)

    def cell(self, name):
        if name not in self.values:
            return ""
        text = number(self.values[name])
        return f"{text} ({self.ratios[name]:.2f})" if name in self.ratios else text

    def cells(self):
        kept = self.measure
        return [str(self.item), f"{self.what}, {self.unit}" if self.unit else self.what,
                *(self.cell(name) for name in NAMES), self.target,
                "" if kept is None else f"{kept:.2f}",
                "" if kept is None else "yes" if kept <= 1 else "no"]


HEAD = ["", "measured", *NAMES.values(), "target", "weir : target", "kept"]


def number(value):
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def compared(item, what, unit, rounds, less_than=(), more_than=(), **more):
    """A row of what `alternate` gave: {contestant: [a value a round]}. `less_than`, `more_than`:
    the contestants that weir is to be compared with, round by round."""
    row = Row(item, what, unit, {name: statistics.median(v) for name, v in rounds.items()}, **more)
    if less_than:
        row.of_others = max(middle_ratio(rounds["weir"], rounds[name]) for name in less_than)
    if more_than:
        row.of_others = max(middle_ratio(rounds[name], rounds["weir"]) for name in more_than)
    return row


def middle_ratio(ones, others):
    """What disturbs a round disturbs both."""
    return statistics.median(one / other for one, other in zip(ones, others))


def ratios(rounds, base="loop"):
    return {name: middle_ratio(values, rounds[base])
            for name, values in rounds.items() if name != base}


def text_table(rows):
    lines = [HEAD] + [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)


def markdown_table(rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in
                     [HEAD, ["---"] * len(HEAD)] + [row.cells() for row in rows])


def machine():
    """Where and with what."""
    def said(*command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return "?"
        return (done.stdout + done.stderr).strip().splitlines()[0]

    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return {"cpu": f"{model}, {len(os.sched_getaffinity(0))} cores", "kernel": platform.release(),
            "weir": said("git", "describe", "--always", "--dirty"),
            "nginx": said("/usr/sbin/nginx", "-v").removeprefix("nginx version: "),
            "haproxy": said("/usr/sbin/haproxy", "-v").split(" 20")[0],
            "load": f"{os.getloadavg()[0]:.1f} at the end"}


def as_json(rows, about):
    return json.dumps({"machine": about, "rows": [
        {**dataclasses.asdict(row), "of_target": row.measure} for row in rows]}, indent=1)
