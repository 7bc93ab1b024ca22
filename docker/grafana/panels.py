"""How a dashboard and its panels look as JSON, for Grafana 10 and 11 (schemaVersion 39).

What is in them stands in generate.py.
"""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # columns of Grafana's grid


def target(expr, legend, instant=False, table=False):
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": " ".join(expr.split()),
        "legendFormat": legend,
        "range": not instant,
        "instant": instant,
        "format": "table" if table else "time_series",
    }


def thresholds(steps):
    base = [{"color": steps[0] if steps else "green", "value": None}]
    rest = [{"color": color, "value": value} for value, color in steps[1:]] if steps else []
    return {"mode": "absolute", "steps": base + rest}


def override(pattern, **properties):
    """For the series whose legend matches: dashed=True, color="red"."""
    out = []
    if properties.get("dashed"):
        out.append({"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}})
        out.append({"id": "custom.fillOpacity", "value": 0})
        out.append({"id": "custom.stacking", "value": {"mode": "none", "group": "A"}})
    if "color" in properties:
        fixed = {"mode": "fixed", "fixedColor": properties["color"]}
        out.append({"id": "color", "value": fixed})
    return {"matcher": {"id": "byRegexp", "options": f"/{pattern}/"}, "properties": out}


def timeseries(title, description, unit, *targets, stack=False, top=None, overrides=()):
    defaults = {
        "unit": unit,
        "min": 0,
        "color": {"mode": "palette-classic"},
        "mappings": [],
        "thresholds": thresholds([]),
        "custom": {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 40 if stack else 8,
            "gradientMode": "none",
            "showPoints": "never",
            "pointSize": 4,
            "spanNulls": False,
            "insertNulls": False,
            "axisPlacement": "auto",
            "axisLabel": "",
            "scaleDistribution": {"type": "linear"},
            "stacking": {"mode": "normal" if stack else "none", "group": "A"},
            "thresholdsStyle": {"mode": "off"},
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        },
    }
    if top is not None:
        defaults["max"] = top
    return {
        "type": "timeseries",
        "title": title,
        "description": description,
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
                "calcs": ["lastNotNull", "max"],
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": list(targets),
    }


def _reduced(kind, title, description, unit, steps, targets, options, top):
    defaults = {
        "unit": unit,
        "min": 0,
        "color": {"mode": "thresholds"},
        "mappings": [],
        "thresholds": thresholds(steps),
    }
    if top is not None:
        defaults["max"] = top
    options["reduceOptions"] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": list(targets),
    }


def stat(title, description, unit, *targets, steps=()):
    options = {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
    }
    return _reduced("stat", title, description, unit, steps, targets, options, None)


def bars(title, description, unit, *targets, steps=(), top=None):
    options = {
        "displayMode": "gradient",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "namePlacement": "auto",
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 300,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    }
    return _reduced("bargauge", title, description, unit, steps, targets, options, top)


def table(title, description, unit, one, sort, hidden=("Time",)):
    return {
        "type": "table",
        "title": title,
        "description": description,
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "color": {"mode": "thresholds"},
                "mappings": [],
                "thresholds": thresholds([]),
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
            },
            "overrides": [],
        },
        "options": {
            "showHeader": True,
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": ["sum"], "fields": "", "countRows": False},
            "sortBy": [{"displayName": sort, "desc": True}],
        },
        "targets": [one],
        "transformations": [
            {
                "id": "organize",
                "options": {
                    "excludeByName": {name: True for name in hidden},
                    "indexByName": {},
                    "renameByName": {},
                },
            }
        ],
    }


def variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "hide": 0,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }


def datasource_variable():
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
    }


def annotations(alerts):
    own = {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }
    firing = {
        "datasource": DATASOURCE,
        "enable": True,
        "expr": alerts,
        "iconColor": "red",
        "name": "Alerts",
        "step": "10s",
        "tagKeys": "severity",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{job}} {{instance}} {{filter}}",
    }
    return {"list": [own, firing]}


def _place(rows):
    """rows: (title, height, panels, width of each). Panels go from left to right, then below."""
    placed, y, number = [], 0, 0
    for title, height, panels, width in rows:
        number += 1
        placed.append(
            {
                "id": number,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
                "panels": [],
            }
        )
        y += 1
        x = 0
        for panel in panels:
            if x + width > WIDTH:
                x, y = 0, y + height
            number += 1
            for letter, one in zip("ABCDEFGH", panel["targets"]):
                one["refId"] = letter
            grid = {"h": height, "w": width, "x": x, "y": y}
            placed.append({"id": number, "datasource": DATASOURCE, "gridPos": grid, **panel})
            x += width
        y += height
    return placed


def dashboard(uid, title, description, variables, rows, alerts, links):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["weir"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "liveNow": False,
        "refresh": "10s",
        "time": {"from": "now-15m", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "weekStart": "",
        "annotations": annotations(alerts),
        "links": links,
        "templating": {"list": [datasource_variable(), *variables]},
        "panels": _place(rows),
    }
