# SPDX-License-Identifier: Apache-2.0
"""The dashboards as the tests see them: panels, and expressions with their variables filled in."""
import json
import re
from pathlib import Path

from repository import TREE

FOLDER = TREE / "dashboards"
GRAFANA = sorted((FOLDER / "grafana/dashboards").glob("*.json"))
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def panels(board):
    """Every panel but the headings of rows."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel


def variables(board):
    return {one["name"]: one for one in board["templating"]["list"]}


def filled(expr, values):
    """`values`: {variable: text or list of texts}; as Grafana does it, a list becomes a choice in a regular expression."""
    def value(match):
        chosen = values[match[1] or match[2]]
        if isinstance(chosen, list):
            return "(" + "|".join(re.sub(r"([.+*?()\[\]{}|\\^$])", r"\\\\\1", one) for one in chosen) + ")"
        return chosen
    return VARIABLE.sub(value, expr)
