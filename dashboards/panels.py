# SPDX-License-Identifier: Apache-2.0
"""Building blocks of the Grafana dashboards: what all panels have in common stands here, and nowhere else.

In the expressions `{S}` stands for the selector of the dashboard's variables, `{S,x="y"}` for the same with more."""
import re

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "remapstorm"
GREEN, RED, YELLOW, BLUE, TEXT = "green", "red", "yellow", "blue", "text"
VERDICT_COLOURS = {"clean": "green", "deadlock": "dark-red", "stall": "orange", "oops": "purple", "lockdep": "super-light-purple",
                   "bug": "dark-purple", "lost-update": "light-red", "hang": "semi-dark-yellow", "timeout": "yellow",
                   "error": "blue", "not-run": "dark-blue"}


def query(expr, legend="", **more):
    """One query of a panel; `instant=True`: the value now instead of a course."""
    return {"expr": expr, "legend": legend, **more}


def panel(kind, title, description, unit, queries, width, height, options, custom=None, colour=None, **defaults):
    """A panel without its place. `queries`: those of query(), or one as (expr, legend)."""
    queries = [queries] if isinstance(queries, dict) else queries
    fields = {"unit": unit, "color": colour or {"mode": "palette-classic"}, "custom": custom or {}, **defaults}
    return {"type": kind, "title": title, "description": description, "width": width, "height": height,
            "queries": queries, "fieldConfig": {"defaults": fields, "overrides": []}, "options": options}


def course(title, description, unit, queries, width=12, height=8, stack=False, fill=10, overrides=None, **defaults):
    custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 40 if stack else fill,
              "showPoints": "never", "spanNulls": True, "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    made = panel("timeseries", title, description, unit, queries, width, height, options, custom, min=0, **defaults)
    made["fieldConfig"]["overrides"] = overrides or []
    return made


def colours_by_verdict():
    return [{"matcher": {"id": "byName", "options": verdict},
             "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}
            for verdict, colour in VERDICT_COLOURS.items()]


def steps(*pairs):
    """Thresholds: (colour, from which value), the first from the bottom."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in pairs]}


def number(title, description, unit, expr, width=4, thresholds=None, decimals=None, **defaults):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
               "graphMode": "none", "justifyMode": "auto", "textMode": "value", "orientation": "auto"}
    colour = {"mode": "thresholds"}
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, unit, query(expr, instant=True), width, 4, options, None, colour,
                 thresholds=thresholds or steps((TEXT, None)), **defaults)


def bars(title, description, unit, expr, legend, width=8, height=8, thresholds=None, **defaults):
    """A bar for each series, of its value now."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "horizontal",
               "displayMode": "basic", "valueMode": "color", "showUnfilled": True, "minVizWidth": 0, "minVizHeight": 10}
    return panel("bargauge", title, description, unit, query(expr, legend, instant=True), width, height, options, None,
                 {"mode": "thresholds"}, min=0, thresholds=thresholds or steps((BLUE, None)), **defaults)


def heat(title, description, metric, width=12, height=9, selector="{S}", **more):
    """How often each length came, over time: one column for each step, one row for each bucket."""
    options = {"calculate": False, "yAxis": {"unit": "s", "axisPlacement": "left", "reverse": False},
               "color": {"mode": "scheme", "scheme": "Turbo", "exponent": 0.5, "steps": 64, "reverse": False, "fill": "blue",
                         "scale": "exponential"},
               "cellGap": 1, "rowsFrame": {"layout": "auto"}, "filterValues": {"le": 1e-9},
               "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False}, "legend": {"show": True},
               "showValue": "never"}
    expr = f"sum by (le) (increase({metric}_bucket{selector}[$__rate_interval]))"
    made = panel("heatmap", title, description, "short", query(expr, "{{le}}", format="heatmap"), width, height, options)
    return {**made, **more}


def table(title, description, queries, columns, width=24, height=9):
    """`queries`: instant queries, a column of values each. `columns`: (field, heading, unit or None for text, data link)."""
    overrides, names, order = [], {}, {}
    for place, (field, heading, unit, link) in enumerate(columns):
        names[field] = heading
        order[field] = place
        properties = [{"id": "unit", "value": unit}] if unit else []
        if link:
            properties.append({"id": "links", "value": [{"title": link[0], "url": link[1]}]})
        if properties:
            overrides.append({"matcher": {"id": "byName", "options": heading}, "properties": properties})
    made = panel("table", title, description, "short",
                 [query(expr, instant=True, format="table") for expr in queries], width, height,
                 {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}},
                 {"align": "auto", "cellOptions": {"type": "auto"}})
    made["fieldConfig"]["overrides"] = overrides
    excluded = {"Time": True, **{f"Time {n}": True for n in range(1, len(queries) + 1)}}
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": excluded, "indexByName": order, "renameByName": names}}]
    return made


def quantiles(metric, by="", selector="{S}", shown=(0.5, 0.99)):
    """Queries of a course: quantiles of a histogram, for each value of the label `by`."""
    labels = "le, " + by if by else "le"
    legend = "{{" + by + "}} " if by else ""
    return [query(f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{selector}[$__rate_interval])))",
                  f"{legend}p{q * 100:g}") for q in shown]


def variable(name, label, description, values, multi=True):
    made = {"type": "query", "name": name, "label": label, "description": description, "datasource": SOURCE,
            "query": {"query": values, "refId": "Variable"}, "refresh": 2, "sort": 1,
            "multi": multi, "includeAll": multi}
    if multi:
        made["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return made


def source_variable():
    return {"type": "datasource", "name": "datasource", "label": "Data source", "description": "The Prometheus to ask",
            "query": "prometheus", "refresh": 1}


def place(rows, selector):
    """Panels with ids and places: `rows` is a list of (heading or None, panels); a row of panels is 24 wide."""
    placed, top, last_id = [], 0, 0
    for heading, panels in rows:
        if heading:
            last_id += 1
            placed.append({"id": last_id, "type": "row", "title": heading, "collapsed": False, "panels": [],
                           "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})
            top += 1
        left, tallest = 0, 0
        for one in panels:
            if left + one["width"] > 24:
                left, top, tallest = 0, top + tallest, 0
            last_id += 1
            placed.append(finished(one, last_id, {"x": left, "y": top, "w": one["width"], "h": one["height"]}, selector))
            left, tallest = left + one["width"], max(tallest, one["height"])
        top += tallest
    return placed


def finished(one, number_, position, selector):
    made = {"id": number_, **{key: value for key, value in one.items() if key not in ("width", "height", "queries")}}
    made["gridPos"] = position
    made["datasource"] = SOURCE
    made["targets"] = []
    for letter, asked in zip("ABCDEFGH", one["queries"]):
        target = {"refId": letter, "datasource": SOURCE, "expr": filled(asked["expr"], selector), "editorMode": "code",
                  "legendFormat": asked["legend"] or "__auto", "range": not asked.get("instant", False),
                  "instant": asked.get("instant", False)}
        if "format" in asked:
            target["format"] = asked["format"]
        made["targets"].append(target)
    return made


def filled(expr, selector):
    return re.sub(r"\{S(?:,([^}]*))?\}", lambda match: "{" + selector + ("," + match[1] if match[1] else "") + "}", expr)


def dashboard(uid, title, description, variables, rows, selector, since="now-1h"):
    return {"uid": uid, "title": title, "description": description, "tags": [TAG], "schemaVersion": 39, "editable": True,
            "graphTooltip": 1, "refresh": "10s", "time": {"from": since, "to": "now"}, "timezone": "browser",
            "annotations": {"list": []},
            "links": [{"asDropdown": False, "icon": "external link", "includeVars": True, "keepTime": True, "tags": [TAG],
                       "targetBlank": False, "title": "remapstorm", "tooltip": "the other dashboards, same choice",
                       "type": "dashboards", "url": ""}],
            "templating": {"list": [source_variable(), *variables]}, "panels": place(rows, selector)}
