#!/usr/bin/env python3
"""Each alert has its tests, and its section in docs/operating.md; and no section is of an alert that
is gone."""

import pathlib
import re
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def yaml_file(name):
    return yaml.safe_load((ROOT / "docker/prometheus" / name).read_text())


class AlertSections(unittest.TestCase):
    def setUp(self):
        rules = [rule for group in yaml_file("rules/weir.alerts.yml")["groups"] for rule in group["rules"]]
        self.alerts = {rule["alert"]: rule for rule in rules}
        page = (ROOT / "docs/operating.md").read_text()
        part = re.search(r"^## Alerts\n(.*?)(?=^## |\Z)", page, re.M | re.S)
        self.assertTrue(part, "docs/operating.md has no part ## Alerts")
        pieces = re.split(r"^### (\w+)\n", part[1], flags=re.M)
        self.sections = dict(zip(pieces[1::2], pieces[2::2]))

    def test_each_alert_has_its_section_and_points_there(self):
        self.assertEqual(list(self.sections), list(self.alerts), "the same, in the same order")
        for name, rule in self.alerts.items():
            self.assertEqual(rule["annotations"]["runbook_url"], f"docs/operating.md#{name.lower()}")
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"})
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"))

    def test_each_section_says_what_to_look_at_and_what_to_do(self):
        for name, text in self.sections.items():
            self.assertRegex(text, r"\*\*Look at\*\*", name)
            self.assertRegex(text, r"\*\*Do\*\*", name)

    def test_metrics_and_panels_that_the_sections_name_are_there(self):
        page = (ROOT / "docs/metrics.md").read_text()
        known = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
        for name, text in self.sections.items():
            for metric in re.findall(r"\bweir_\w+", text):
                self.assertIn(metric, known, name)
        boards = "".join(file.read_text() for file in (ROOT / "docker/grafana/dashboards").glob("*.json"))
        for panel in re.findall(r"panel \*([^*]+)\*", "".join(self.sections.values())):
            self.assertIn(f'"title": "{panel}"', boards)

    def test_each_alert_is_tested_firing_and_not(self):
        fires, silent = set(), set()
        for test in yaml_file("tests/alerts.yml")["tests"]:
            for one in test["alert_rule_test"]:
                (fires if one["exp_alerts"] else silent).add(one["alertname"])
        self.assertEqual(fires, set(self.alerts))
        self.assertEqual(silent, set(self.alerts))


if __name__ == "__main__":
    unittest.main()
