# SPDX-License-Identifier: MIT
"""http_server.py PORT FOLDER: python3's http.server; PUT stores a file. Ends with 0 on SIGTERM."""

import functools
import http.server
import pathlib
import signal
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (pathlib.Path(self.directory) / self.path.strip("/")).write_bytes(body)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
address = ("127.0.0.1", int(sys.argv[1]))
serving = functools.partial(Handler, directory=sys.argv[2])
http.server.ThreadingHTTPServer(address, serving).serve_forever()
