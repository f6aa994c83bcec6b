# SPDX-License-Identifier: Apache-2.0
"""The Grafana dashboards: what dashboards/generate makes, valid by Grafana's own types, complete for their readers."""
import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

import context  # noqa: F401
from boards import FOLDER, GRAFANA, load, panels, variables
from program import PROGRAM
from prometheus import printed_command
from repository import TREE, text_of

HERE = Path(__file__).resolve().parent
BUILT_IN = {"__all", "__rate_interval", "__range", "__interval", "__data", "__url_time_range"}


def cache_folder():
    base = os.environ.get("REMAPSTORM_CACHE")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "remapstorm")
    return Path(base)


def schema_folder():
    """A folder with check.cjs and schema.json: the JSON schema of a dashboard, made from Grafana's published types. Made once
    for each state of package-lock.json; needs npm's registry then, and fails without it."""
    inputs = sorted((HERE / "schema").iterdir())
    name = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in inputs)).hexdigest()[:16]
    folder = cache_folder() / f"npm/dashboard-{name}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        shutil.copytree(HERE / "schema", made)
        call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], made)
        call(["npx", "--no-install", "ts-json-schema-generator", "--type", "Dashboard", "--no-type-check", "-o", "schema.json",
              "--path", "node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen.d.ts"], made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():  # or another test was quicker
                raise
    return folder


def call(command, folder):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)} in {folder}:\n{result.stdout}{result.stderr}")


class Grafana(unittest.TestCase):
    def problems(self, *boards):
        """What Grafana's types have against these dashboards."""
        folder = schema_folder()
        with tempfile.TemporaryDirectory() as work:
            files = []
            for number, board in enumerate(boards):
                files.append(Path(work) / f"{number}-{board.get('uid')}.json")
                files[-1].write_text(json.dumps(board))
            result = subprocess.run(["node", "check.cjs", "schema.json", *map(str, files)], cwd=folder, capture_output=True,
                                    text=True, timeout=120)
        self.assertEqual(result.stderr, "")
        return result.stdout.splitlines()

    def test_they_are_what_generate_makes(self):
        result = subprocess.run([str(FOLDER / "generate"), "--check"], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_they_are_valid(self):
        self.assertEqual([path.stem for path in GRAFANA], ["fleet", "run", "strategies"])
        self.assertEqual(self.problems(*map(load, GRAFANA)), [])

    def test_mistakes_are_found(self):
        def seeded(change):
            board = copy.deepcopy(load(GRAFANA[0]))
            change(board, next(panels(board)))
            return self.problems(board)
        self.assertTrue(seeded(lambda board, panel: panel.update(heigth=3)))
        self.assertTrue(seeded(lambda board, panel: panel["gridPos"].pop("w")))
        self.assertTrue(seeded(lambda board, panel: board.pop("schemaVersion")))
        self.assertTrue(seeded(lambda board, panel: board["templating"]["list"][0].update(type="datasorce")))

    def test_panels_tell_what_they_show(self):
        ids = {}
        for path in GRAFANA:
            board = load(path)
            ids[board["uid"]] = path.name
            self.assertTrue(board["title"] and board["description"], path)
            self.assertIn("datasource", variables(board))
            numbers = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(numbers), len(set(numbers)))
            for panel in panels(board):
                where = f"{path.name}: {panel['title']}"
                self.assertGreater(len(panel["description"]), 20, where)
                self.assertTrue(panel["description"].endswith("."), where)
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"], where)
                self.assertEqual(panel["datasource"]["uid"], "${datasource}", where)
                self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24, where)
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"]["uid"], "${datasource}", where)
                    if "rate(" in target["expr"] or "increase(" in target["expr"]:
                        self.assertRegex(target["expr"], r"\[\$__(rate_interval|range)\]", where)
        self.assertEqual(len(ids), len(GRAFANA))
        # Links lead to dashboards that exist, with variables they have.
        for path in GRAFANA:
            for uid, rest in re.findall(r"/d/([\w-]+)\?([^\"]*)", text_of(path)):
                self.assertIn(uid, ids, path.name)
                for name in re.findall(r"var-(\w+)=", rest):
                    self.assertIn(name, variables(load(FOLDER / "grafana/dashboards" / ids[uid])), path.name)

    def test_variables_that_are_used_exist_and_those_that_exist_are_used(self):
        for path in GRAFANA:
            board = load(path)
            names = set(variables(board))
            used = set(re.findall(r"\$\{?(\w+)", json.dumps(board))) - BUILT_IN
            self.assertEqual(used - names, set(), path.name)
            self.assertEqual(names - used, set(), path.name)

    def test_panels_do_not_overlap(self):
        for path in GRAFANA:
            taken = {}
            for panel in load(path)["panels"]:
                place = panel["gridPos"]
                for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                             for y in range(place["y"], place["y"] + place["h"])):
                    self.assertNotIn(cell, taken, f"{path.name}: {panel['title']} lies on {taken.get(cell)}")
                    taken[cell] = panel["title"]

    def test_provisioning_names_what_is_there(self):
        folder = FOLDER / "grafana/provisioning"
        source, = yaml.safe_load(text_of(folder / "datasources/remapstorm.yaml"))["datasources"]
        config = yaml.safe_load(text_of(FOLDER / "prometheus.yml"))
        self.assertEqual((source["type"], source["jsonData"]["timeInterval"]), ("prometheus", config["global"]["scrape_interval"]))
        command = " ".join(printed_command())
        self.assertIn(source["url"].removeprefix("http://"), command)
        provider, = yaml.safe_load(text_of(folder / "dashboards/remapstorm.yaml"))["providers"]
        variable = provider["options"]["path"].strip("${}")
        document = text_of(TREE / "docs/dashboards.md")
        self.assertEqual(re.search(rf"{variable}=\$PWD/(\S+)", document)[1], str(GRAFANA[0].parent.relative_to(TREE)))
        self.assertEqual(re.search(r"GF_PATHS_PROVISIONING=\$PWD/(\S+)", document)[1], str(folder.relative_to(TREE)))

    def test_every_metric_is_one_of_ours(self):
        known = set(re.findall(r"^### (remapstorm_\w+)", subprocess.run([PROGRAM, "metrics"], capture_output=True, text=True,
                                                                     check=True).stdout, re.MULTILINE))
        self.assertGreater(len(known), 30)
        files = [*GRAFANA, *(FOLDER / "rules").glob("*.yml"), *(FOLDER / "rules/tests").glob("*.yml"),
                 *(FOLDER / "consoles").glob("*.html")]
        used = {}
        for path in files:
            # Not what recording rules are called: level:metric:operation.
            for name in re.findall(r"(?<![\w:])remapstorm_[a-z0-9_]+(?![\w:])", text_of(path)):
                used.setdefault(re.sub(r"(?<=_seconds)_(bucket|sum|count)$", "", name), path.name)
        self.assertGreater(len(used), 20)
        self.assertEqual({name: file for name, file in used.items() if name not in known}, {})


if __name__ == "__main__":
    unittest.main()
