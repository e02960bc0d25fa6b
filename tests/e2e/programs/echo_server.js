// SPDX-License-Identifier: MIT
// echo_server.js PORT: node's net and dgram echo what comes to this port. Ends with 0 on SIGTERM.
"use strict";
const dgram = require("dgram");
const net = require("net");

const port = Number(process.argv[2]);
const datagrams = dgram.createSocket("udp4");

process.on("SIGTERM", () => process.exit(0));
datagrams.on("message", (message, from) => datagrams.send(message, from.port, from.address));
datagrams.bind(port, "127.0.0.1", () => {
	net.createServer((connection) => connection.pipe(connection)).listen(port, "127.0.0.1");
});
