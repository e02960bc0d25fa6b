# SPDX-License-Identifier: MIT
"""echo_server.py PORT TLS_PORT CERTIFICATE KEY: asyncio's streams echo what comes. Ends with 0 on SIGTERM."""

import asyncio
import signal
import ssl
import sys

PORT, TLS_PORT, CERTIFICATE, KEY = sys.argv[1:]


async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    await asyncio.start_server(echo, "127.0.0.1", int(TLS_PORT), ssl=context)
    await asyncio.start_server(echo, "127.0.0.1", int(PORT))
    await ended.wait()


asyncio.run(main())
