// SPDX-License-Identifier: MIT
// http_server.js PORT FOLDER: node's http; GET gives a file of FOLDER, PUT stores one. Ends with 0 on SIGTERM.
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");

const [port, folder] = process.argv.slice(2);

process.on("SIGTERM", () => process.exit(0));
http.createServer((request, response) => {
	const file = path.join(folder, path.basename(request.url));
	if (request.method === "GET") {
		response.setHeader("Content-Length", fs.statSync(file).size);
		fs.createReadStream(file).pipe(response);
		return;
	}
	request.pipe(fs.createWriteStream(file)).on("finish", () => {
		response.statusCode = 201;
		response.end();
	});
}).listen(Number(port), "127.0.0.1");
