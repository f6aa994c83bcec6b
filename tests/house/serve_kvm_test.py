# SPDX-License-Identifier: Apache-2.0
"""`serve`: round after round, whatever scrapers do, within bounded disk space, until it is stopped. Needs the guest
image."""
import json
import signal
import socket
import time
import unittest

from metrics_case import MetricsCase, of_one_writer, scrape, total
from recount import differences, parse
from repository import TREE


class Serve(MetricsCase):
    def trials(self, url, **labels):
        return total(parse(scrape(url)), "remapstorm_trials_total", scenario="irq-same-cpu", **labels)

    def wait_for_trials(self, process, url, number, seconds=400):
        deadline = time.monotonic() + seconds
        while self.trials(url) < number:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline, "no trial ends")
            time.sleep(0.1)

    def rounds(self):
        names = {entry.name for entry in self.output.iterdir() if not entry.name.startswith(".")}
        self.assertIn("remapstorm.log", names)
        return sorted(names - {"remapstorm.log"})

    def test_goes_on_amid_bad_scrapers_and_stops_cleanly(self):
        process, url = self.start("serve", "irq-same-cpu", "--output-dir", str(self.output), "--keep-last", "2")
        port = int(url.split(":")[2].split("/")[0])
        self.wait_for_trials(process, url, 1)
        requests = [b"", b"GET /met", b"\x00\xff\x16\x03rubbish\r\n\r\n", b"GET /metrics HTTP/1.1\r\n", b"A" * 20000,
                    b"GET /metrics HTTP/1.1\r\n\r\n"]  # the last never reads its answer
        bad = []
        for number in range(120):
            connection = socket.create_connection(("127.0.0.1", port))
            self.addCleanup(connection.close)
            bad.append(connection)
            try:
                connection.sendall(requests[number % len(requests)])
            except OSError:
                pass  # it was refused already
        before = self.trials(url)
        started = time.monotonic()
        text = scrape(url, timeout=5)
        self.assertLess(time.monotonic() - started, 5)
        self.check_with_promtool(text)
        self.wait_for_trials(process, url, before + 3)
        process.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        out, _ = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - stopped, 20)
        self.assertEqual(process.returncode, 0, out)
        self.assertRegex(out, r"serve: \d+ rounds in 0:\d\d:\d\d, \d+ trials: \d+ as expected\n")
        self.assertNotIn("not\n", out)
        self.assertEqual(len(self.rounds()), 2, self.rounds())

    def test_as_many_rounds_as_asked_each_with_its_own_trial(self):
        file = self.folder / "remapstorm.prom"
        arguments = ("serve", "irq-same-cpu", "--output-dir", str(self.output), "--metrics-listen", "0",
                     "--metrics-textfile", str(file))
        result = self.expect(0, *arguments, "--rounds", "3", timeout=500)
        self.assertIn("serve: 3 rounds in ", result.stdout)
        self.assertEqual(self.rounds(), ["round-000000", "round-000001", "round-000002"])
        seeds = set()
        for number, name in enumerate(self.rounds()):
            one = json.loads((self.output / name / "results.json").read_text())["results"][0]
            self.assertEqual(one["trial"], number)
            if number:
                self.assertIn(f"--trial {number}", one["repeat"])
            plan = json.loads(next((self.output / name).rglob("events.jsonl")).read_text().splitlines()[0])["plan"]
            seeds.add(plan["trial_seed"])
        self.assertEqual(len(seeds), 3)
        samples = of_one_writer(parse(file.read_text()))
        self.assertEqual(total(samples, "remapstorm_serve_rounds_total"), 3)
        self.assertEqual(total(samples, "remapstorm_serve_kept_rounds"), 3)
        self.assertGreater(total(samples, "remapstorm_serve_kept_bytes"), 1000)
        wrong, _ = differences(sorted(self.output.rglob("events.jsonl")), samples)
        self.assertEqual(wrong, [])
        # Again in the same folder: it goes on behind what is there.
        self.expect(0, *arguments, "--rounds", "1", timeout=500)
        self.assertEqual(self.rounds()[-1], "round-000003")

    def test_what_was_not_as_expected_is_told_kept_and_decides_the_exit_code(self):
        scenario = self.folder / "mine.toml"
        source = (TREE / "scenarios/irq-same-cpu.toml").read_text()
        source = source[:source.index("[expect]")].replace('name = "irq-same-cpu"', 'name = "mine"')
        scenario.write_text(source + '[expect]\nverdict = "clean"\n')
        result = self.expect(1, "serve", str(scenario), "--rounds", "4", "--output-dir", str(self.output),
                             "--metrics-listen", "0", "--keep-unexpected", "2", timeout=500)
        self.assertEqual(self.rounds(), ["round-000002", "round-000003"])
        self.assertEqual(result.stdout.count("mine: deadlock"), 5, result.stdout)  # each round, and the summary
        self.assertIn("4 trials: 0 as expected, 4 not", result.stdout)


if __name__ == "__main__":
    unittest.main()
