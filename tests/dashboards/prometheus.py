# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus on a free port of the loopback, with our rules and consoles, in a folder of its own."""
import json
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from boards import FOLDER
from repository import TREE, text_of


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def printed_command():
    """How docs/dashboards.md says to start it."""
    lines = text_of(TREE / "docs/dashboards.md").replace("\\\n", " ").splitlines()
    return shlex.split(next(line for line in lines if line.startswith("    prometheus ")))


class Prometheus:
    def __init__(self, folder, target, scrape="1s"):
        self.folder, self.port, self.process = folder, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        # The configuration of the tree, but for addresses and intervals.
        text = text_of(FOLDER / "prometheus.yml").replace("127.0.0.1:9464", target).replace("rules/", f"{FOLDER}/rules/")
        for given in ("scrape_interval: 5s", "evaluation_interval: 15s"):
            assert given in text, given
            text = text.replace(given, f"{given.split(':')[0]}: {scrape}")
        self.config = folder / "prometheus.yml"
        self.config.write_text(text)

    def start(self):
        own = {"--config.file": str(self.config), "--storage.tsdb.path": str(self.folder / "tsdb"),
               "--web.listen-address": f"127.0.0.1:{self.port}"}
        command = []
        for word in printed_command():
            name, equals, _ = word.partition("=")
            command.append(f"{name}={own.pop(name)}" if equals and name in own else word)
        assert not own, f"the printed command lacks {list(own)}"
        with open(self.folder / "prometheus.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=TREE, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(self.url + "/-/ready", timeout=5):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(text_of(self.folder / "prometheus.log")[-2000:]) from None
                time.sleep(0.1)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def freeze(self):
        """Goes on with what it has, and scrapes nothing more: what it answers for a moment stays the same."""
        self.stop()
        self.config.write_text("global: {}\n")
        self.start()

    def api(self, path, **parameters):
        data = urllib.parse.urlencode(parameters).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}", data, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters.get('query')}: {error.read().decode(errors='replace')}") from None

    def instant(self, expr, at=None):
        """[(labels, value)]"""
        moment = {} if at is None else {"time": at}
        result = self.api("query", query=expr, **moment)
        if result["resultType"] == "scalar":
            return [({}, float(result["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in result["result"]]

    def course(self, expr, start, end, step):
        """[(labels, [values])]"""
        result = self.api("query_range", query=expr, start=start, end=end, step=step)
        return [(one["metric"], [float(value) for _, value in one["values"]]) for one in result["result"]]

    def values_of(self, label, match):
        request = urllib.parse.urlencode({"match[]": match})
        with urllib.request.urlopen(f"{self.url}/api/v1/label/{label}/values?{request}", timeout=60) as answer:
            return json.load(answer)["data"]

    def page(self, path):
        with urllib.request.urlopen(f"{self.url}/consoles/{path}", timeout=60) as answer:
            return answer.read().decode()
