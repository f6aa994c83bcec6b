# SPDX-License-Identifier: Apache-2.0
"""Several writers of metrics beside each other, read by a real node_exporter and a real Pushgateway. A run that finds no
guest image writes and pushes as any other does, so this needs no /dev/kvm."""
import os
import socket
import stat
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from metrics_case import total
from program import ProgramCase
from recount import parse


class Writers(ProgramCase):
    def serve(self, *command):
        """Starts a server; `command` names its address as ADDRESS. Returns what GET fetches of it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = "127.0.0.1:%d" % free.getsockname()[1]
        server = subprocess.Popen([word.replace("ADDRESS", address) for word in command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://{address}/metrics", timeout=5).read()
                return address
            except OSError:
                self.assertLess(time.monotonic(), deadline, f"{command[0]} did not start")
                time.sleep(0.1)

    def scrape(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return text, parse("\n".join(line for line in text.splitlines() if line.startswith(("remapstorm_", "node_textfile"))))

    def write(self, path):
        before = os.umask(0o077)
        try:
            self.expect(4, "irq-same-cpu", "--metrics-textfile", str(path))
        finally:
            os.umask(before)

    def test_node_exporter_reads_two_textfiles_of_one_folder_whatever_the_umask(self):
        folder = self.folder / "textfiles"
        folder.mkdir()
        for name in ("nightly", "shard-2"):
            self.write(folder / f"{name}.prom")
            self.assertEqual(stat.S_IMODE((folder / f"{name}.prom").stat().st_mode), 0o644)
        address = self.serve("prometheus-node-exporter", "--web.listen-address=ADDRESS", "--collector.disable-defaults",
                             "--collector.textfile", f"--collector.textfile.directory={folder}")
        text, samples = self.scrape(address)
        self.assertEqual(total(samples, "node_textfile_scrape_error"), 0, text[:2000])
        for name in ("nightly", "shard-2"):
            self.assertEqual(total(samples, "remapstorm_trials_total", verdict="not-run", writer=name), 1)
            self.assertEqual(total(samples, "remapstorm_build_info", writer=name), 1)
        # Without a label of their own one of the two is lost, with some versions the whole scrape: what the label is for.
        for file in folder.glob("*.prom"):
            file.write_text(file.read_text().replace(f'writer="{file.stem}"', 'writer="x"'))
        try:
            self.assertEqual(total(self.scrape(address)[1], "remapstorm_trials_total", verdict="not-run"), 1)
        except urllib.error.HTTPError:
            pass

    def test_two_that_push_at_a_time_do_not_replace_each_other(self):
        address = self.serve("prometheus-pushgateway", "--web.listen-address=ADDRESS",
                             f"--persistence.file={self.folder}/pushed")  # Debian's keeps one of the machine
        self.expect(4, "irq-same-cpu", "--metrics-push", f"http://{address}")
        # As another run that pushes at the same time.
        with socket.socket(socket.AF_UNIX) as other:
            try:
                other.bind("\0remapstorm-writer-1")
            except OSError:
                pass  # there is one
            self.expect(4, "irq-same-cpu", "--metrics-push", f"http://{address}")
        _, samples = self.scrape(address)
        writers = {dict(labels)["writer"] for name, labels in samples if name == "remapstorm_trials_total"}
        self.assertGreaterEqual(len(writers), 2, writers)
        self.assertEqual(total(samples, "remapstorm_trials_total", job="remapstorm", instance=socket.gethostname(),
                               verdict="not-run"), len(writers))
        # A group that the user names is the user's.
        self.expect(4, "irq-same-cpu", "--metrics-push", f"http://{address}/metrics/job/mine/shard/3")
        _, samples = self.scrape(address)
        self.assertEqual(total(samples, "remapstorm_trials_total", job="mine", shard="3"), 1)

    def test_a_textfile_replaces_nothing_but_a_textfile_of_ours(self):
        notes = self.folder / "notes.md"
        notes.write_text("mine\n")
        self.assertIn("HINT: ", self.expect(64, "irq-same-cpu", "--metrics-textfile", str(notes)).stderr)
        self.assertEqual(notes.read_text(), "mine\n")
        self.expect(64, "irq-same-cpu", "--metrics-textfile", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))


if __name__ == "__main__":
    unittest.main()
