# SPDX-License-Identifier: Apache-2.0
"""For tests of metrics of real runs: starting the program, scraping it, a cache that all runs of a test file share."""
import atexit
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.request

from program import PROGRAM, ProgramCase


def scrape(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", answer.headers
        return answer.read().decode()


def total(samples, name, **labels):
    """Sum of the samples of this name that have these labels."""
    return sum(value for (sample, key), value in samples.items()
               if sample == name and set(labels.items()) <= key)


def of_one_writer(samples):
    """The samples without the label that tells one writer of a folder from another, which all of them carry."""
    writers = {dict(labels)["writer"] for _, labels in samples}
    assert len(writers) == 1, writers
    return {(name, frozenset(label for label in labels if label[0] != "writer")): value
            for (name, labels), value in samples.items()}


class SilentListener:
    """Takes connections and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()


class MetricsCase(ProgramCase):
    cache = None  # of booted guests

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        if MetricsCase.cache is None:
            MetricsCase.cache = tempfile.mkdtemp(prefix="remapstorm-metrics-")
            atexit.register(shutil.rmtree, MetricsCase.cache, ignore_errors=True)
        self.environment["REMAPSTORM_CACHE"] = self.cache
        self.output = self.folder / "out"

    def check_with_promtool(self, text):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""), text[:2000])

    def start(self, *arguments):
        """Starts the program and returns it with the URL of its endpoint."""
        process = subprocess.Popen([PROGRAM, *arguments, "--metrics-listen", "127.0.0.1:0"], env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"metrics at (http://127\.0\.0\.1:\d+/metrics)", line):
                drained = threading.Thread(target=lambda: setattr(process, "err", process.stderr.read()))
                drained.start()
                self.addCleanup(drained.join)
                return process, found.group(1)
        raise AssertionError(f"no endpoint: {said} {process.communicate()}")
