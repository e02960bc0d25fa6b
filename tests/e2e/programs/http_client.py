# SPDX-License-Identifier: MIT
"""http_client.py PORT SOURCE TARGET: http.client sends SOURCE, asks for it, stores it in TARGET."""

import http.client
import sys

port, source, target = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
with open(source, "rb") as data:
    connection.request("PUT", "/sent", data.read())
answer = connection.getresponse()
answer.read()
assert answer.status in (201, 204), answer.status
connection.request("GET", "/sent")
answer = connection.getresponse()
assert answer.status == 200, answer.status
with open(target, "wb") as out:
    out.write(answer.read())
