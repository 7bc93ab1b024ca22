#!/usr/bin/env python3
"""The dashboards as a Grafana 10 or 11 reads them: their structure, without a server."""

import collections
import json
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "docker/grafana"
UNITS = {"reqps", "ops", "Bps", "percentunit", "s", "bytes", "short"}  # of Grafana's ids, those used here
KINDS = {"timeseries", "stat", "bargauge", "table"}


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in sorted(GRAFANA.glob("dashboards/*.json"))}


def panels(dashboard, kinds=KINDS):
    return [panel for panel in dashboard["panels"] if panel["type"] in kinds]


class Structure(unittest.TestCase):
    def each(self):
        found = dashboards()
        self.assertEqual(list(found), ["overview.json", "tenants.json"])
        for name, dashboard in found.items():
            with self.subTest(name):
                yield name, dashboard

    def test_files_are_what_the_generator_makes(self):
        made = subprocess.run([sys.executable, "-B", GRAFANA / "generate.py", "--check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(made.returncode, 0, made.stderr)

    def test_head(self):
        uids = set()
        for name, d in self.each():
            self.assertGreaterEqual(d["schemaVersion"], 38)
            self.assertNotIn("id", d, "Grafana gives the id")
            self.assertRegex(d["uid"], r"^[a-z-]{1,40}$")
            self.assertTrue(d["title"] and d["description"] and d["refresh"] and d["time"])
            uids.add(d["uid"])
            for link in d["links"]:
                self.assertIn(link["url"], {f"/d/{other['uid']}" for other in dashboards().values()})
        self.assertEqual(len(uids), 2)

    def test_panels_have_ids_descriptions_units_and_a_legend(self):
        for name, d in self.each():
            self.assertEqual({p["type"] for p in d["panels"]} - KINDS, {"row"})
            ids = [panel["id"] for panel in d["panels"]]
            self.assertEqual(len(ids), len(set(ids)), "ids are unique")
            titles = collections.Counter(panel["title"] for panel in panels(d))
            self.assertEqual([t for t, n in titles.items() if n > 1], [])
            for panel in panels(d):
                where = f"{name}: {panel['title']}"
                self.assertTrue(panel["description"].endswith("."), where)
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS, where)
                letters = [target["refId"] for target in panel["targets"]]
                self.assertEqual(letters, sorted(set(letters)), where)
                if panel["type"] == "timeseries":
                    self.assertTrue(panel["options"]["legend"]["showLegend"], where)
                    self.assertEqual(panel["options"]["tooltip"]["mode"], "multi", where)
                if panel["type"] == "table":
                    self.assertTrue(all(t["format"] == "table" for t in panel["targets"]), where)
                else:
                    self.assertTrue(all(t["legendFormat"] for t in panel["targets"]), where)
                for target in panel["targets"]:
                    self.assertNotEqual(target["instant"], target["range"], where)

    def test_legends_name_labels_that_the_query_keeps(self):
        for name, d in self.each():
            for panel in panels(d):
                for target in panel["targets"]:
                    for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                        kept = re.search(rf"by \([^)]*\b{label}\b", target["expr"])
                        self.assertTrue(kept, f"{name}: {panel['title']}: {label}")

    def test_grid_is_filled_without_overlaps(self):
        for name, d in self.each():
            taken = {}
            for panel in d["panels"]:
                g = panel["gridPos"]
                self.assertLessEqual(g["x"] + g["w"], 24, panel["title"])
                self.assertTrue(g["w"] > 0 and g["h"] > 0 and g["x"] >= 0, panel["title"])
                for x in range(g["x"], g["x"] + g["w"]):
                    for y in range(g["y"], g["y"] + g["h"]):
                        self.assertNotIn((x, y), taken, f"{panel['title']} over {taken.get((x, y))}")
                        taken[x, y] = panel["title"]
            rows = [p["gridPos"]["y"] for p in d["panels"] if p["type"] == "row"]
            self.assertEqual(rows, sorted(rows))

    def test_no_datasource_is_hard_wired(self):
        def walk(value, path):
            if isinstance(value, dict):
                if "datasource" in value and path != ["annotations", "list", 0]:
                    self.assertEqual(value["datasource"], {"type": "prometheus", "uid": "${datasource}"}, path)
                for key, inner in value.items():
                    walk(inner, path + [key])
            elif isinstance(value, list):
                for i, inner in enumerate(value):
                    walk(inner, path + [i])

        for _, d in self.each():
            walk(d, [])
            for panel in panels(d):
                for one in [panel, *panel["targets"]]:
                    self.assertIn("datasource", one)

    def test_variables(self):
        for name, d in self.each():
            variables = {v["name"]: v for v in d["templating"]["list"]}
            self.assertEqual(variables["datasource"]["type"], "datasource")
            self.assertEqual(variables["datasource"]["query"], "prometheus")
            for one in ("job", "instance"):
                self.assertTrue(variables[one]["multi"] and variables[one]["includeAll"])
            used = set(re.findall(r"\$\{?(\w+)", json.dumps(d["panels"]))) - {"__rate_interval", "__range"}
            self.assertEqual(used, set(variables), "each is used, and none is missing")
            for panel in panels(d):
                for target in panel["targets"]:
                    # Everything that is selected is selected by what the variables say.
                    for selector in re.findall(r"\{([^{}]*)\}", target["expr"]):
                        self.assertTrue(selector.startswith('job=~"$job",instance=~"$instance"'), selector)
                    self.assertNotIn("vector(", target["expr"], "no value that nobody measured")
                    self.assertNotIn("absent(", target["expr"])

    def test_provisioning_fits_to_compose(self):
        source = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())
        provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/weir.yaml").read_text())
        self.assertEqual(source["apiVersion"], 1)
        self.assertEqual([one["type"] for one in source["datasources"]], ["prometheus"])
        scrape = yaml.safe_load((ROOT / "docker/prometheus/prometheus.yml").read_text())
        self.assertEqual(source["datasources"][0]["jsonData"]["timeInterval"],
                         scrape["global"]["scrape_interval"])
        self.assertEqual([one["options"]["path"] for one in provider["providers"]],
                         ["/etc/grafana/dashboards"])


if __name__ == "__main__":
    unittest.main()
