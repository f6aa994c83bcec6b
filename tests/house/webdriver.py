# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over WebDriver (W3C) with nothing but the standard library."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--disable-dev-shm-usage", "--force-color-profile=srgb"]
TAB = "\ue004"
# The lab's files are the outer machine's, over 9p, which has no sockets; its scratch space is its own.
ENVIRONMENT = {**os.environ, **({"TMPDIR": "/dev/shm"} if "REMAPSTORM_LAB" in os.environ else {})}
PATIENCE = 300  # seconds; in the lab a browser needs most of a minute to start


class Browser:
    def __init__(self):
        driver = shutil.which("chromedriver")
        if driver is None:
            raise RuntimeError("chromedriver is missing (Debian: chromium-driver)")
        self._profile = tempfile.TemporaryDirectory(prefix="remapstorm-chromium-")
        self._driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL, text=True, env=ENVIRONMENT)
        port = None
        for line in self._driver.stdout:
            if "started successfully on port" in line:
                port = int(line.rstrip(".\n").rsplit(" ", 1)[1])
                break
        if port is None:
            raise RuntimeError("chromedriver did not start")
        self._base = f"http://127.0.0.1:{port}"
        options = {"args": [*FLAGS, f"--user-data-dir={self._profile.name}"]}
        answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self._session = f"/session/{answer['sessionId']}"

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.read().decode(errors='replace')[:600]}") from error

    def _call(self, path, body=None, method="POST"):
        return self._send(method, self._session + path, {} if body is None and method == "POST" else body)

    def devtools(self, command, **parameters):
        return self._call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width, scheme, height=900):
        """How wide the page is, and which colours its reader prefers: "light" or "dark"."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=width < 700)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self._call("/url", {"url": url})

    def run(self, script, *arguments):
        return self._call("/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, key):
        self._call("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def messages(self):
        """What the console said since the last call, but for what Chromium says of its own start page on a slow machine."""
        said = self._call("/se/log", {"type": "browser"})
        return [one for one in said if not one["message"].startswith("chrome://")]

    def screenshot(self, path):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        image = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as out:
            out.write(base64.b64decode(image["data"]))

    def close(self):
        try:
            self._call("", method="DELETE")
        except (RuntimeError, OSError):
            pass
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        self._driver.stdout.close()
        for _ in range(20):  # Chromium writes into its profile while it ends
            try:
                self._profile.cleanup()
                return
            except OSError:
                time.sleep(0.1)
