"""Dialect 1 with python-socketio: a line each time that it is connected, and nothing that makes it come back."""

import asyncio
import os
import sys

import socketio


async def main() -> None:
    url, transport = sys.argv[1:]
    client = socketio.AsyncClient()
    client.on("connected", lambda _: print("connected", flush=True))
    await client.connect(url, transports=[transport], auth={"token": os.environ["PLAINSIGHT_TOKEN"]})
    await asyncio.Event().wait()


asyncio.run(main())
