"""What the kernel knows of a process and its children: CPU time and memory."""

import pathlib
import re

PROC = pathlib.Path("/proc")


def family(pid):
    """A process and all its descendants."""
    found = [pid]
    for task in (PROC / str(pid) / "task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def cpu_seconds(pids):
    """CPU time of all their threads so far, in user space and in the kernel."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for pid in pids for task in (PROC / str(pid) / "task").iterdir()) / 1e9


def pss(pids):
    """Proportional set size in bytes: pages shared by several processes count in parts."""
    return sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in pids)


def resident(pids):
    return sum(_kilobytes(pid, "status", "VmRSS") for pid in pids)


def peak_resident(pids):
    return sum(_kilobytes(pid, "status", "VmHWM") for pid in pids)


def _kilobytes(pid, file, field):
    text = (PROC / str(pid) / file).read_text()
    return int(re.search(rf"^{field}:\s*(\d+) kB", text, re.MULTILINE)[1]) * 1024
