"""Dialect 4 with websockets and websocket-client."""

import asyncio
import json
import time

import websocket
import websockets

from expect import MAYBE, NUMBER, TEXT, TOKEN, WS, Heard, cadence, fields, read

ADDRESS = f"{WS}/api/ws/realtime?token={TOKEN}"


def act(action, **more):
    return json.dumps({"action": action, **more})


def check(heard):
    for now in heard.all("MARKET_UPDATE"):
        fields(now, symbol=TEXT, price=NUMBER, priceChange=MAYBE, priceChangePercent=MAYBE, high=MAYBE, low=MAYBE, volume=MAYBE, timestamp=int)
        assert now["symbol"] == "BTCUSDT", "only what was subscribed to"
    for now in heard.all("POSITION_UPDATE"):
        fields(now, positions=list, timestamp=int)
        for row in now["positions"]:
            fields(row, id=TEXT, symbol=TEXT, type=TEXT, quantity=NUMBER, entry_price=MAYBE, current_price=MAYBE, current_pnl=NUMBER, timestamp=int, status=TEXT)
            assert row["type"] in ("LONG", "SHORT"), row
    for now in heard.all("PORTFOLIO_UPDATE"):
        fields(now, portfolio=dict, timestamp=int)
        fields(now["portfolio"], balance=NUMBER, total_pnl=NUMBER, realized_pnl=NUMBER, unrealized_pnl=NUMBER, positions_count=int)
    kinds = {"TRAILING_STOP", "OCO", "BRACKET", "STOP", "STOP_LIMIT", "LIMIT", "MARKET"}
    for changed in heard.all("ORDER_UPDATE"):
        fields(changed, orderType=TEXT, order=dict, timestamp=int)
        assert changed["orderType"] in kinds, changed
    for event in ("MARKET_UPDATE", "POSITION_UPDATE", "PORTFOLIO_UPDATE", "ORDER_UPDATE"):
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
                heard.add(told["type"], told)

        asked = time.monotonic()
        await socket.send(act("subscribe_ticker", symbol="BTCUSDT"))
        await listen(1)
        assert heard.times("MARKET_UPDATE")[0] - asked < 1, "a price under a second"
        await listen(15)
        check(heard)
        cadence("POSITION_UPDATE", heard.times("POSITION_UPDATE")[1:], 1)
        cadence("PORTFOLIO_UPDATE", heard.times("PORTFOLIO_UPDATE")[1:], 2)
        prices = heard.times("MARKET_UPDATE")
        assert max(b - a for a, b in zip(prices, prices[1:])) < 1, "a price at least once a second"

        await socket.send(act("unsubscribe_ticker", symbol="BTCUSDT"))
        await listen(0.5)
        heard.clear()
        await listen(2)
        assert not heard.all("MARKET_UPDATE"), "it is not silent"
        for action in ("get_positions", "get_portfolio", "dance"):
            await socket.send(act(action))
        await socket.send(act("subscribe_ticker", symbol="NOSUCH"))
        await socket.send("no JSON")
        await listen(1)
        codes = [error["code"] for error in heard.all("ERROR")]
        assert codes == ["UNKNOWN_ACTION", "UNKNOWN_SYMBOL", "BAD_MESSAGE"], heard.all("ERROR")


def blocking():
    socket = websocket.create_connection(ADDRESS, timeout=10)
    kinds = {read(socket.recv())["type"] for _ in range(2)}
    assert kinds == {"POSITION_UPDATE", "PORTFOLIO_UPDATE"}, "both come at once"
    socket.close()


asyncio.run(whole())
blocking()
print("ok")
