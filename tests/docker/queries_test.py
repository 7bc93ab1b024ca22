#!/usr/bin/env python3
"""Every query of the dashboards and of docs/metrics.md, put to a real Prometheus that scrapes a real
weir under a load which gives each of them something to show.

usage: queries_test.py WEIR [unittest's arguments]
"""

import math
import pathlib
import re
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docker"))
from expected import EXPECTED
from grafana_structure_test import ROOT, dashboards, panels
from stack import Stack, wait_until

WINDOW = 10  # seconds: what $__rate_interval and $__range become
WARM_UP = WINDOW + 5
# With every tenth answer of the service a 503, more retries are wanted than the budget has.
SAMPLE = ["--fail-every", "10"]


def seed(stack, over):
    """What wrk does not do: broken requests, clients that leave, a tenant that has no entry."""
    host, port = stack.weir.split(":")
    while not over.wait(0.05):
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\nHost: b\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
            try:
                with socket.create_connection((host, int(port)), 5) as client:
                    client.sendall(request)  # and does not stay for the answer
            except OSError:
                pass


def as_grafana(expr, job=".+", instance=".+", tenant=".+"):
    for name, value in (("$__rate_interval", f"{WINDOW}s"), ("$__range", f"{WINDOW}s"),
                        ("$job", job), ("$instance", instance), ("$tenant", tenant)):
        expr = expr.replace(name, value)
    return expr


def escaped(value):
    """As Grafana puts the value of a multi-value variable into a query."""
    return re.sub(r"([\\^$.*+?()\[\]{}|])", r"\\\\\1", value)


def documented_queries():
    """Of the tables in docs/metrics.md: (what stands on the left, query)."""
    rows = []
    for line in (ROOT / "docs/metrics.md").read_text().splitlines():
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        match = re.fullmatch(r" *`(.+)` *", cells[-1])
        if len(cells) in (2, 5) and match and re.search("weir_|process_", match[1]):
            rows.append((cells[0].strip(), match[1].replace(r"\|", "|")))
    return rows


class Queries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = cls.enterClassContext(Stack(WEIR, SAMPLE))
        cls.over = threading.Event()
        cls.addClassCleanup(cls.over.set)
        threading.Thread(target=seed, args=(cls.stack, cls.over), daemon=True).start()
        cls.stack.start_load(600)
        wait_until("Prometheus scrapes weir", cls.stack.scraped, check=cls.stack.check)
        wait_until("the rules are evaluated", cls.stack.rules_loaded, check=cls.stack.check)
        wait_until("an alert fires", cls.stack.firing, 60, cls.stack.check)
        time.sleep(WARM_UP)  # the windows are full of load
        cls.stack.check()

    def samples(self, expr, instant):
        """All values by series, as [(labels, [value, ...])]."""
        now = time.time()
        if instant:
            result = self.stack.api("query", query=expr, time=now)["result"]
            return [(one["metric"], [float(one["value"][1])]) for one in result]
        result = self.stack.api("query_range", query=expr, start=now - 4, end=now, step=1)["result"]
        return [(one["metric"], [float(v) for _, v in one["values"]]) for one in result]

    def judge(self, where, series, expected):
        self.assertTrue(series, f"{where}: no answer")
        low, high, most = expected
        values = [value for _, of_one in series for value in of_one]
        self.assertFalse([v for v in values if math.isnan(v) or math.isinf(v)], where)
        self.assertGreaterEqual(min(values), low, where)
        self.assertLessEqual(max(values), high, where)
        self.assertGreaterEqual(max(values), most, f"{where}: less than this load must produce")

    def test_every_panel_shows_what_the_load_must_produce(self):
        unused = set(EXPECTED)
        for name, dashboard in dashboards().items():
            for panel in panels(dashboard):
                key = (dashboard["uid"], panel["title"])
                with self.subTest(key):
                    unused.discard(key)
                    expected = EXPECTED[key]
                    self.assertEqual(len(expected), len(panel["targets"]), "an expectation for each query")
                    for target, one in zip(panel["targets"], expected):
                        series = self.samples(as_grafana(target["expr"]), target["instant"])
                        self.judge(f"{key} {target['refId']} {target['expr']}", series, one)
                        legends = [re.sub(r"\{\{(\w+)\}\}", lambda m, s=s: s.get(m[1], ""), target["legendFormat"])
                                   for s, _ in series]
                        if target["format"] != "table":
                            self.assertEqual(len(legends), len(set(legends)), "two lines of one name")
        self.assertEqual(unused, set(), "expectations of panels that are not there")

    def test_panels_answer_for_one_job_and_instance_too(self):
        job, instance = escaped("weir"), escaped(self.stack.telemetry)
        for dashboard in dashboards().values():
            for panel in panels(dashboard):
                for target in panel["targets"]:
                    right = self.samples(as_grafana(target["expr"], job, instance, "acme"), True)
                    wrong = self.samples(as_grafana(target["expr"], job, "elsewhere:1", "acme"), True)
                    self.assertTrue(right, target["expr"])
                    self.assertEqual(wrong, [], target["expr"])

    def test_variables_offer_what_there_is(self):
        offered = {}
        for dashboard in dashboards().values():
            for variable in dashboard["templating"]["list"]:
                if variable["type"] != "query":
                    continue
                match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
                self.assertTrue(match, variable)
                offered[variable["name"]] = set(self.stack.api(
                    f"label/{match[2]}/values", **{"match[]": as_grafana(match[1])}))
        self.assertEqual(offered, {"job": {"weir"}, "instance": {self.stack.telemetry},
                                   "tenant": {"acme", "beta", "greedy", "other"}})

    def test_alerts_are_marked_in_the_panels(self):
        for dashboard in dashboards().values():
            marks = [a for a in dashboard["annotations"]["list"] if "expr" in a]
            self.assertEqual(len(marks), 1)
            names = {labels["alertname"] for labels, _ in self.samples(as_grafana(marks[0]["expr"]), True)}
            self.assertIn("WeirDroppingRequests", names)

    def test_littles_law_holds_on_the_panel(self):
        """L and λW over a window differ by what those in line at its ends have waited at most."""
        panel = [p for p in panels(dashboards()["overview.json"]) if p["title"].startswith("Little's")][0]
        mean = [self.samples(as_grafana(target["expr"]), True)[0][1][0] for target in panel["targets"]]
        self.assertGreater(mean[0], 1, "there is a line")
        self.assertLessEqual(abs(mean[0] - mean[1]), 64 * 0.5 / WINDOW, mean)

    def test_docs_list_what_the_endpoint_has(self):
        """Name, type and labels of docs/metrics.md, against what Prometheus has scraped."""
        types = {name: facts[0]["type"] for name, facts in self.stack.api("metadata").items()}
        documented = {}
        for line in (ROOT / "docs/metrics.md").read_text().splitlines():
            match = re.match(r"\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) \|", line)
            if match:
                documented[match[1]] = (match[2], set(re.findall(r"`(\w+)`", match[3])))
        self.assertEqual({name: kind for name, (kind, _) in documented.items()}, types)
        for name, (kind, labels) in documented.items():
            suffix = "_bucket" if kind == "histogram" else ""
            for series in self.stack.api("series", **{"match[]": name + suffix}):
                shown = set(series) - {"__name__", "job", "instance", "le"}
                self.assertEqual(shown, labels, name)

    def test_docs_explain_every_word(self):
        words = set(re.findall(r"`(\w+)`", (ROOT / "docs/metrics.md").read_text()))
        for label in ("reason", "result", "how", "side", "source"):
            found = set(self.stack.api(f"label/{label}/values", **{"match[]": '{job="weir"}'}))
            self.assertTrue(found, label)
            self.assertEqual(found - words, set(), f"values of {label} that docs/metrics.md lacks")

    def test_queries_of_the_docs_answer(self):
        queries = documented_queries()
        self.assertGreater(len(queries), 60)
        for what, query in queries:
            with self.subTest(what):
                self.stack.api("query", query=query)  # parses
                # A condition that the load does not meet: what it is put to must be there.
                value = re.sub(r" [<>]=? [0-9.]+$", "", query)
                series = self.samples(value, True)
                self.assertTrue(series, f"{value}: no answer")
                self.assertFalse(all(math.isnan(v) for _, vs in series for v in vs), value)


if __name__ == "__main__":
    WEIR = sys.argv.pop(1)
    unittest.main()
