# SPDX-License-Identifier: Apache-2.0
"""Serves a folder on loopback under the policy of a careful CI server, and notes what the browser reports against it."""
import functools
import http.server
import threading

POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'; report-uri /violation"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))
        self.server.violations.append(body.decode(errors="replace"))
        self.send_response(204)
        self.end_headers()

    def send_error(self, code, *arguments):
        if not self.path.endswith("favicon.ico"):  # every browser asks for it
            self.server.violations.append(f"{code} for {self.path}")
        super().send_error(code, *arguments)

    def copyfile(self, source, outputfile):
        try:
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the browser went on to another page

    def log_message(self, *arguments):
        pass


class PolicyServer:
    def __init__(self, folder):
        handler = functools.partial(_Handler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.violations = []
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def violations(self):
        found, self._server.violations = self._server.violations, []
        return found

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
