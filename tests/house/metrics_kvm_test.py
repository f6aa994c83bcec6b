# SPDX-License-Identifier: Apache-2.0
"""Metrics of real runs: as a file, over HTTP, pushed; against what the recordings of the same run say. Needs the guest
image, promtool and a Pushgateway."""
import json
import os
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from metrics_case import MetricsCase, SilentListener, of_one_writer, scrape, total
from recount import differences, parse


class OneRun(MetricsCase):
    def test_file_endpoint_and_recordings_agree(self):
        file = self.folder / "remapstorm.prom"
        process, url = self.start("irq-same-cpu", "stage2-slow-page", "vcpu-steal", "--repeat", "2", "--output-dir",
                                  str(self.output), "--metrics-textfile", str(file))
        scrapes, last = 0, ""
        while process.poll() is None:
            try:
                last = scrape(url)
                scrapes += 1
                self.assertGreater(file.stat().st_size, 0)
            except (urllib.error.URLError, ConnectionError):
                break  # it ended
            time.sleep(0.1)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out)
        self.assertGreater(scrapes, 5)
        text = file.read_text()
        self.check_with_promtool(text)
        self.check_with_promtool(last)
        self.assertEqual([entry.name for entry in self.folder.glob("remapstorm.prom*")], ["remapstorm.prom"])

        samples = of_one_writer(parse(text))
        recordings = sorted(self.output.rglob("events.jsonl"))
        self.assertEqual(len(recordings), 6)
        wrong, compared = differences(recordings, samples)
        self.assertEqual(wrong, [])
        self.assertGreater(compared, 500)
        # What was scraped came to the same names with no larger figures.
        scraped = of_one_writer(parse(last))
        self.assertLessEqual(set(scraped), set(samples))
        for key, value in scraped.items():
            if key[0].endswith(("_total", "_count", "_bucket")):
                self.assertLessEqual(value, samples[key], key)

        results = json.loads((self.output / "results.json").read_text())
        for result in results["results"]:
            self.assertEqual(total(samples, "remapstorm_trials_total", scenario=result["scenario"],
                                   verdict=result["verdict"], expected="yes"), 2, result["scenario"])
            self.assertEqual(total(samples, "remapstorm_trials_total", scenario=result["scenario"]), 2)
            self.assertEqual(total(samples, "remapstorm_guest_boot_seconds_count", scenario=result["scenario"]), 2)
        self.assertEqual(total(samples, "remapstorm_findings_total", verdict="deadlock", **{"class": "self-hardirq"}), 2)
        self.assertEqual(total(samples, "remapstorm_trial_errors_total"), 0)
        self.assertGreater(total(samples, "remapstorm_vm_exits_total", reason="io"), 0)
        self.assertGreater(total(samples, "remapstorm_cpu_seconds_total", where="metrics"), 0)
        self.assertEqual(total(samples, "remapstorm_host_info", host=results["host"]["kind"]), 1)

    def test_what_an_exploration_did(self):
        file = self.folder / "remapstorm.prom"
        self.expect(0, "explore", "bbm-pte", "--inject", "irq", "--at", "3", "--output-dir", str(self.output), "-q",
                    "--metrics-textfile", str(file), timeout=500)
        text = file.read_text()
        self.check_with_promtool(text)
        samples = parse(text)
        self.assertEqual(total(samples, "remapstorm_trials_total", scenario="explore-bbm-pte", expected="yes"), 1)
        self.assertEqual(total(samples, "remapstorm_resets_total", how="in-place"), 1)
        self.assertEqual(total(samples, "remapstorm_reset_seconds_count"), 1)
        self.assertEqual(total(samples, "remapstorm_injections_total", kind="irq", trigger="instruction"), 1)


class WaysThatDoNotWork(MetricsCase):
    """The run goes on, says so once, and ends as it would have."""

    def run_with(self, *options, prefix=()):
        started = time.monotonic()
        result = self.expect(0, "irq-same-cpu", "--output-dir", str(self.output), *options, timeout=500, prefix=prefix)
        self.assertEqual(json.loads((self.output / "results.json").read_text())["results"][0]["verdict"], "deadlock")
        self.took = time.monotonic() - started
        return result.stderr

    def test_a_port_that_is_taken(self):
        with SilentListener() as taken:
            port = taken.url.rsplit(":", 1)[1]
            said = self.run_with("--metrics-listen", port)
            self.assertEqual(said.count(f"cannot listen on 127.0.0.1:{port}: Address already in use"), 1, said)
            # Nobody would see what a soak does.
            refused = self.expect(75, "serve", "irq-same-cpu", "--metrics-listen", port)
            self.assertIn("Address already in use", refused.stderr)
            self.assertEqual(refused.stdout, "")

    def test_a_textfile_in_no_folder(self):
        said = self.run_with("--metrics-textfile", str(self.folder / "missing/remapstorm.prom"))
        self.assertEqual(said.count("No such file or directory"), 1, said)

    def test_a_textfile_in_a_read_only_folder(self):
        folder = self.folder / "read-only"
        folder.mkdir()
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        said = self.run_with("--metrics-textfile", str(folder / "remapstorm.prom"),
                             prefix=("unshare", "--mount", *as_root, "sh", "-c",
                                     f'mount -t tmpfs -o ro none {folder} && exec "$@"', "sh"))
        self.assertEqual(said.count("Read-only file system"), 1, said)

    def test_a_gateway_that_is_down(self):
        with SilentListener() as listener:
            url = listener.url
        said = self.run_with("--metrics-push", url)
        self.assertEqual(said.count(f"cannot push metrics to {url}"), 1, said)

    def test_a_gateway_that_never_answers_costs_two_seconds_at_the_end(self):
        self.run_with()
        without = self.took
        with SilentListener() as listener:
            said = self.run_with("--metrics-push", listener.url)
        self.assertEqual(said.count("cannot push metrics to"), 1, said)
        self.assertLess(self.took, without + 10)  # 2 s, and what a busy machine adds

    def test_a_machine_without_an_image_says_so_in_the_file_too(self):
        file = self.folder / "remapstorm.prom"
        del self.environment["REMAPSTORM_IMAGE_STD"]
        self.expect(4, "irq-same-cpu", "--metrics-textfile", str(file))
        samples = parse(file.read_text())
        self.assertEqual(total(samples, "remapstorm_trials_total", verdict="not-run", expected="no"), 1)
        self.assertEqual(total(samples, "remapstorm_trial_errors_total", kind="unavailable"), 1)


class Pushgateway(MetricsCase):
    def test_a_run_is_pushed_and_can_be_read_back(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = "127.0.0.1:%d" % free.getsockname()[1]
        gateway = subprocess.Popen(["prometheus-pushgateway", f"--web.listen-address={address}",
                                    f"--persistence.file={self.folder}/pushed"],  # Debian's keeps one of the machine
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(gateway.wait)
        self.addCleanup(gateway.terminate)
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"http://{address}/-/ready", timeout=2).read()
                break
            except OSError:
                self.assertLess(time.monotonic(), deadline, "the Pushgateway did not start")
                time.sleep(0.1)
        result = self.expect(0, "irq-same-cpu", "--metrics-push", f"http://{address}", timeout=500)
        self.assertNotIn("push", result.stderr)
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            samples = parse("\n".join(line for line in answer.read().decode().splitlines()
                                      if line.startswith("remapstorm_")))
        self.assertEqual(total(samples, "remapstorm_trials_total", job="remapstorm", instance=socket.gethostname(),
                               scenario="irq-same-cpu", verdict="deadlock", expected="yes"), 1)


if __name__ == "__main__":
    unittest.main()
