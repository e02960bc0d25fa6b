# SPDX-License-Identifier: MIT
"""echo_client.py PORT TLS_PORT CERTIFICATE FILE: asyncio's streams send FILE six times at once and compare."""

import asyncio
import pathlib
import ssl
import sys

PORT, TLS_PORT, CERTIFICATE, FILE = sys.argv[1:]
DATA = pathlib.Path(FILE).read_bytes()


async def converse(port, context):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)

    async def send():
        for at in range(0, len(DATA), 8192):
            writer.write(DATA[at : at + 8192])
            await writer.drain()

    sending = asyncio.create_task(send())
    echoed = await reader.readexactly(len(DATA))
    await sending
    writer.close()
    return echoed == DATA


async def main():
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.check_hostname = False
    plain = [converse(int(PORT), None) for _ in range(4)]
    secret = [converse(int(TLS_PORT), context) for _ in range(2)]
    print(await asyncio.gather(*plain, *secret))


asyncio.run(main())
