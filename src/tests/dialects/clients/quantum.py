"""Dialect 5 with websockets and websocket-client: five messages in a row, each complete."""

import asyncio
import time
import urllib.request

import websocket
import websockets

from expect import NUMBER, TEXT, TOKEN, URL, WS, cadence, fields, read

ADDRESS = f"{WS}/stream/live?token={TOKEN}"
NUMBERS = ("timestamp", "cpu", "ram", "containers", "accuracy", "latency", "sharpe", "pnl", "positions", "exposure", "risk", "volatility")


async def whole():
    times = []
    async with websockets.connect(ADDRESS) as socket:
        for _ in range(6):
            told = read(await asyncio.wait_for(socket.recv(), 10))
            times.append(time.monotonic())
            # Its clients compute with every one of them.
            fields(told, **{name: NUMBER for name in NUMBERS}, datetime=TEXT, regime=TEXT, undefined=list, source=TEXT)
            assert "containers" in told["undefined"] or told["containers"] > 0, told
            assert abs(told["timestamp"] - time.time()) < 5, told
        with urllib.request.urlopen(f"{URL}/stream/health") as answer:
            health = read(answer.read())
        assert health["status"] == "ok" and health["connections"] >= 1, health
    cadence("frames", times[1:], 3)


def blocking():
    socket = websocket.create_connection(ADDRESS, timeout=10)
    assert "pnl" in read(socket.recv()), "the first comes at once"
    socket.close()


asyncio.run(whole())
blocking()
print("ok")
