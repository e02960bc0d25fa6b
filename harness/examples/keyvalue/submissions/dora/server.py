#!/usr/bin/env python3
# kv server, asyncio does the hard work

import asyncio
import struct
import sys

data = {}


def handle(req: bytes) -> bytes:
    cmd, _, rest = req.partition(b" ")
    key, has_value, value = rest.partition(b" ")
    if not 1 <= len(key) <= 32:
        return b"BAD"
    if cmd == b"PUT" and has_value:
        data[key] = value
        return b"OK"
    if cmd == b"GET" and not has_value:
        return b"OK " + data[key] if key in data else b"NO"
    if cmd == b"DEL" and not has_value:
        return b"NO" if data.pop(key, None) is None else b"OK"
    return b"BAD"


def frame(text: bytes) -> bytes:
    return struct.pack("!I", len(text)) + text


async def client(reader, writer):
    try:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            if not 1 <= length <= 1024:
                writer.write(frame(b"BAD"))
                await writer.drain()
                writer.write_eof()
                await reader.read()
                break
            writer.write(frame(handle(await reader.readexactly(length))))
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass  # the normal end
    except OSError as e:
        print("client lost:", e, file=sys.stderr)
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(client, "0.0.0.0", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
