# SPDX-License-Identifier: MIT
"""lines_server.py PORT: gives each line back in capitals, by asyncio; ends well on SIGTERM."""

import asyncio
import signal
import sys


async def serve(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
    except ConnectionError as error:
        print(f"a client is gone: {error}", file=sys.stderr)
    finally:
        writer.close()


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    async with server:
        await end.wait()


asyncio.run(main(int(sys.argv[1])))
