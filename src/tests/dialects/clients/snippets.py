"""What the five systems' own documents show of a client, as short as it stands there: one case for each, by name."""

import asyncio
import json
import sys
import time
from datetime import datetime, timezone
from statistics import median
from urllib.request import Request, urlopen

import socketio
import websocket
import websockets

from expect import MAYBE, NUMBER, TEXT, TOKEN, URL, WS, fields, read

BEARER = {"Authorization": f"Bearer {TOKEN}"}
# Nothing takes so long unless it is broken.
PATIENCE = 30


def rest(path, body=None):
    """What our own API says of it."""
    headers = {**BEARER, "Content-Type": "application/json"}
    with urlopen(Request(URL + path, body and json.dumps(body).encode(), headers), timeout=PATIENCE) as answer:
        return read(answer.read())


def near(one, other):
    return abs(one - other) <= 1e-6 * max(1, abs(other))


def money(text):
    """A decimal number as a dashboard shows it."""
    amount = float(text)
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


async def transparency():
    """Socket.IO: subscribe and receive."""
    sio, events = socketio.AsyncClient(), asyncio.Queue()
    for name in ("connected", "subscription_confirmed", "portfolio_update", "trade_feed"):
        sio.on(name, lambda data, name=name: events.put_nowait((name, data)))

    async def received(wanted):
        while True:
            name, data = await asyncio.wait_for(events.get(), PATIENCE)
            if name == wanted:
                return data

    await sio.connect(URL, auth={"token": TOKEN})
    assert (await received("connected"))["api_version"] == "2.0.0"
    await sio.emit("subscribe", {"streams": ["portfolio_update", "trade_feed"]})
    confirmed = await received("subscription_confirmed")
    assert confirmed == {"streams": ["portfolio_update", "trade_feed"], "status": "subscribed"}, confirmed
    now = await received("portfolio_update")
    fields(now, timestamp=TEXT, total_equity=NUMBER, cash_balance=NUMBER, total_pnl=NUMBER, total_pnl_percent=NUMBER, positions_count=int)
    paid_in = now["total_equity"] - now["total_pnl"]
    assert abs(now["total_pnl_percent"] - now["total_pnl"] / paid_in * 100) < 1e-4, now
    trade = await received("trade_feed")
    fields(trade, id=TEXT, timestamp=TEXT, symbol=TEXT, side=TEXT, quantity=NUMBER, price=NUMBER, total_value=NUMBER, fee=NUMBER)
    assert near(trade["total_value"], trade["quantity"] * trade["price"]) and trade["fee"] > 0, trade
    await sio.disconnect()


async def finance():
    """A bearer token's portfolio stream, which is silent when nothing changes."""
    async with websockets.connect(f"{WS}/api/v1/bot/ws/portfolio", additional_headers=BEARER) as socket:

        async def received(seconds):
            frame = read(await asyncio.wait_for(socket.recv(), seconds))
            assert frame["event"] == "portfolio_update", frame
            fields(frame["data"]["balance"], total=NUMBER, available=NUMBER, currency=TEXT)
            fields(frame["data"], active_positions=int, unrealized_pnl=NUMBER, realized_pnl=NUMBER, total_pnl=NUMBER)
            return frame["data"]

        first = await received(PATIENCE)
        try:
            raise AssertionError(f"it is not silent: {await received(5)} after {first}")
        except asyncio.TimeoutError:
            pass
        # It was not deaf: what changes is told.
        rest("/v1/bots/mine/events", [{"type": "deposit", "id": "second", "amount": "500"}])
        second = await received(PATIENCE)
        assert second["balance"]["total"] == first["balance"]["total"] + 500, (first, second)


def updates():
    """`dashboard_update`: strings as a dashboard shows them."""
    socket = websocket.create_connection(f"{WS}/ws", subprotocols=["bearer", TOKEN], timeout=PATIENCE)
    socket.send(json.dumps({"type": "subscribe", "data": {"channels": ["dashboard"]}}))
    assert read(socket.recv())["type"] == "subscribed"
    told = read(socket.recv())
    now = rest("/v1/portfolio")
    rate = rest("/v1/performance")["windows"]["24h"]["metrics"]["win_rate"]["value"]
    assert told["type"] == "dashboard_update" and told["data"] == {
        "total_value": money(now["equity"]),
        "daily_pnl": money(now["day_pnl"]),
        "open_positions": now["open_positions"],
        "win_rate": f"{rate:.1%}",
    }, (told, now, rate)
    socket.close()


def trading():
    """`subscribe_ticker`, then prices, each within a second of the one before."""
    socket = websocket.create_connection(f"{WS}/api/ws/realtime?token={TOKEN}", timeout=PATIENCE)
    socket.send(json.dumps({"action": "subscribe_ticker", "symbol": "BTCUSDT"}))
    times, prices = [time.monotonic()], []
    while len(prices) < 15:
        told = read(socket.recv())
        if told["type"] == "MARKET_UPDATE":
            fields(told, symbol=TEXT, price=NUMBER, priceChange=MAYBE, high=MAYBE, low=MAYBE, volume=MAYBE, timestamp=int)
            assert told["symbol"] == "BTCUSDT", told
            times.append(time.monotonic())
            prices.append((told["timestamp"], told["price"]))
    # Half of them may come late on a machine that has much else to do.
    assert median(b - a for a, b in zip(times, times[1:])) < 1, times
    assert prices == sorted(prices, key=lambda price: price[0]) and len(set(prices)) > 5, prices
    candle = rest("/v1/candles?symbol=BTCUSDT&interval=1m")[-1]
    assert all(abs(price / float(candle["close"]) - 1) < 0.01 for _, price in prices), (prices, candle)
    socket.close()


async def quantum():
    """Five messages in a row."""
    now = rest("/v1/portfolio")
    async with websockets.connect(f"{WS}/stream/live?token={TOKEN}") as socket:
        told = [read(await asyncio.wait_for(socket.recv(), PATIENCE)) for _ in range(5)]
    numbers = ("timestamp", "cpu", "ram", "containers", "accuracy", "latency", "sharpe", "pnl", "exposure")
    for frame in told:
        fields(frame, **{name: NUMBER for name in numbers}, positions=int, datetime=TEXT)
        assert frame["datetime"] == f"{datetime.fromtimestamp(frame['timestamp'], timezone.utc):%Y-%m-%dT%H:%M:%S}", frame
        assert near(frame["pnl"], float(now["net_pnl"])) and frame["positions"] == now["open_positions"], (frame, now)
        assert frame["ram"] > 0 and 0 <= frame["accuracy"] <= 1, frame
    gaps = [b["timestamp"] - a["timestamp"] for a, b in zip(told, told[1:])]
    assert 2 < median(gaps[1:]) < 4, gaps


cases = {"transparency": transparency, "finance": finance, "updates": updates, "trading": trading, "quantum": quantum}
running = cases[sys.argv[2]]()
if running:
    asyncio.run(running)
print("ok")
