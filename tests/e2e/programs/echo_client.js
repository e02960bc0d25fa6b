// SPDX-License-Identifier: MIT
// echo_client.js PORT FILE: five connections at once send FILE to an echo server and compare, then twenty datagrams.
// Some end their direction at once, the others when all has come back.
"use strict";
const dgram = require("dgram");
const fs = require("fs");
const net = require("net");

const port = Number(process.argv[2]);
const data = fs.readFileSync(process.argv[3]);

function stream(number) {
	return new Promise((done, failed) => {
		const parts = [];
		const atOnce = number % 2 === 0;
		let missing = data.length;
		const connection = net.connect(port, "127.0.0.1", () => atOnce ? connection.end(data) : connection.write(data));
		connection.on("data", (part) => {
			parts.push(part);
			missing -= part.length;
			if (!missing && !atOnce) connection.end();
		});
		connection.on("error", failed);
		connection.on("end", () => done(Buffer.concat(parts).equals(data)));
	});
}

function datagrams() {
	return new Promise((done, failed) => {
		const socket = dgram.createSocket("udp4");
		let sent = 0;
		const next = () => socket.send(data.subarray(0, ++sent * 50), port, "127.0.0.1");
		socket.on("error", failed);
		socket.on("message", (message) => {
			if (!message.equals(data.subarray(0, sent * 50))) return failed(new Error("another datagram"));
			if (sent < 20) return next();
			socket.close();
			done(sent);
		});
		next();
	});
}

async function main() {
	console.log("streams", await Promise.all([1, 2, 3, 4, 5].map(stream)));
	console.log("datagrams", await datagrams());
}
main().catch((error) => { console.error(error); process.exit(1); });
