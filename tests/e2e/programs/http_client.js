// SPDX-License-Identifier: MIT
// http_client.js PORT SOURCE TARGET: node's http sends SOURCE, asks for it, stores it in TARGET.
"use strict";
const fs = require("fs");
const http = require("http");

const [port, source, target] = process.argv.slice(2);
const options = { host: "127.0.0.1", port: Number(port), path: "/sent" };

function receive() {
	http.get(options, (answer) => answer.pipe(fs.createWriteStream(target)));
}

const put = http.request({ ...options, method: "PUT", headers: { "Content-Length": fs.statSync(source).size } });
put.on("response", (answer) => answer.resume().on("end", receive));
fs.createReadStream(source).pipe(put);
