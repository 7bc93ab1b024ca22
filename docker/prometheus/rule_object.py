#!/usr/bin/env python3
"""Makes docker/kubernetes/monitoring/prometheusrule.yaml of the rules in docker/prometheus/rules, for
the Prometheus operator. ./dev docs runs it; --check says whether the file is stale."""
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OBJECT = HERE.parent / "kubernetes/monitoring/prometheusrule.yaml"
HEAD = """# Made by docker/prometheus/rule_object.py of docker/prometheus/rules; do not edit.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: weir
  labels: {app.kubernetes.io/name: weir}
spec:
  groups:
"""


def groups(file):
    """The lines below `groups:`, which each file of rules consists of, two columns further in."""
    lines = file.read_text().splitlines()
    below = lines[lines.index("groups:") + 1:]
    return "".join(f"  {line}\n" if line else "\n" for line in below)


def text():
    return HEAD + "\n".join(groups(file) for file in sorted((HERE / "rules").glob("*.yml")))


def main():
    stale = not OBJECT.exists() or OBJECT.read_text() != text()
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"stale: {OBJECT.name}; run ./dev docs" if stale else 0)
    if stale:
        OBJECT.write_text(text())


if __name__ == "__main__":
    main()
