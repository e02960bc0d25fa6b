// SPDX-License-Identifier: MIT
//
// waiting.js: three connections to an echo server in the same loop; when each had its answer, in seconds, in the order
// of their beginnings.

"use strict";

const net = require("net");

const after = [null, null, null];
const server = net.createServer((socket) => socket.pipe(socket));

server.listen(0, "127.0.0.1", () => {
	const start = process.hrtime.bigint();

	after.forEach((_, i) => {
		const client = net.connect(server.address().port, "127.0.0.1", () => client.write("hi"));

		client.on("data", () => {
			after[i] = Number(process.hrtime.bigint() - start) / 1e9;
			client.end();
			if (!after.includes(null)) {
				console.log(JSON.stringify({ after }));
				server.close();
			}
		});
	});
});
