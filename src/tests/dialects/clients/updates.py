"""Dialect 3 with websockets and websocket-client."""

import asyncio
import json
import re
import time

import websocket
import websockets

from expect import MAYBE, NUMBER, TEXT, TOKEN, WS, Heard, cadence, fields, read

ADDRESS = f"{WS}/ws?token={TOKEN}"
CHANNELS = ["dashboard", "trades", "positions", "performance", "alerts"]
MONEY = re.compile(r"^-?\$\d{1,3}(,\d{3})*\.\d\d$")


def frame(kind, **data):
    return json.dumps({"type": kind, "data": data, "timestamp": "now"})


def check(heard):
    for now in heard.all("dashboard_update"):
        fields(now, total_value=TEXT, daily_pnl=TEXT, open_positions=int, win_rate=TEXT)
        assert MONEY.match(now["total_value"]) and MONEY.match(now["daily_pnl"]), now
        assert re.match(r"^(\d+\.\d%|n/a)$", now["win_rate"]), now
    for trade in heard.all("trade_update"):
        fields(trade, id=TEXT, time=TEXT, symbol=TEXT, side=TEXT, price=NUMBER, quantity=NUMBER, value=NUMBER)
    for position in heard.all("position_update"):
        fields(position, id=TEXT, symbol=TEXT, side=TEXT, quantity=NUMBER, entry_price=MAYBE, current_price=MAYBE, pnl=NUMBER)
    for now in heard.all("performance_update"):
        fields(now, total_return=MAYBE, sharpe_ratio=MAYBE, win_rate=MAYBE)
    for event in ("dashboard_update", "trade_update", "position_update", "performance_update"):
        assert heard.all(event), f"no {event}: {list(heard.messages)}"


async def whole():
    heard = Heard()
    async with websockets.connect(ADDRESS) as socket:

        async def listen(seconds):
            began = time.monotonic()
            while time.monotonic() - began < seconds:
                try:
                    told = read(await asyncio.wait_for(socket.recv(), 0.5))
                except asyncio.TimeoutError:
                    continue
                assert {"type", "data", "timestamp"} <= set(told), told
                heard.add(told["type"], told["data"])

        await socket.send(frame("subscribe", channels=[*CHANNELS, "weather"]))
        await listen(15)
        assert heard.all("subscribed") == [{"channels": CHANNELS, "rejected": ["weather"]}], heard.all("subscribed")
        check(heard)
        cadence("dashboard_update", heard.times("dashboard_update")[1:], 1)
        await socket.send(frame("ping", nonce=7))
        await socket.send(frame("dance"))
        await socket.send(frame("subscribe"))
        await listen(1)
        assert heard.all("pong") == [{"nonce": 7}], heard.all("pong")
        assert [error["code"] for error in heard.all("error")] == ["unknown_type", "missing_channels"], heard.all("error")
        await socket.send(frame("unsubscribe", channels=CHANNELS))
        await listen(0.5)
        assert heard.all("unsubscribed"), list(heard.messages)
        heard.clear()
        await listen(2.5)
        assert not heard.messages, f"it is not silent: {list(heard.messages)}"


async def partial():
    """Only what has changed, said to be so, and enough to know the whole."""
    known, count = {}, 0
    async with websockets.connect(ADDRESS) as socket:
        await socket.send(frame("subscribe", channels=["dashboard", "positions", "trades"], partial=True))
        began = time.monotonic()
        while time.monotonic() - began < 6:
            told = read(await asyncio.wait_for(socket.recv(), 5))
            if not told["type"].endswith("_update"):
                continue
            assert told["partial"] is True, told
            data = told["data"]
            if told["type"] == "dashboard_update":
                assert data and all(known.get(name) != value for name, value in data.items()), (known, told)
                assert known or len(data) == 4, "the first is whole"
                known.update(data)
                count += 1
            else:
                assert "id" in data, told
    assert count > 2 and len(known) == 4, (count, known)


def blocking():
    socket = websocket.create_connection(f"{WS}/ws", header=[f"Authorization: Bearer {TOKEN}"], timeout=10)
    socket.send(frame("subscribe", channels=["dashboard"]))
    assert read(socket.recv())["type"] == "subscribed"
    assert read(socket.recv())["type"] == "dashboard_update", "the first comes at once"
    socket.close()


async def main():
    await asyncio.gather(whole(), partial())


asyncio.run(main())
blocking()
print("ok")
