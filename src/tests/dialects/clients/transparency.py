"""Dialect 1 with python-socketio, over both transports, asynchronous and not."""

import asyncio
import threading
import time
import urllib.request

import socketio

from expect import MAYBE, NUMBER, TEXT, TOKEN, URL, Heard, cadence, fields, read

STREAMS = ["trade_feed", "portfolio_update", "ai_decision", "performance_metrics"]
EVENTS = [*STREAMS, "ai_decision_outcome", "connected", "subscription_confirmed", "history", "pong", "error"]


def check(heard):
    """Every event with every field."""
    for trade in heard.all("trade_feed"):
        fields(trade, id=TEXT, timestamp=TEXT, symbol=TEXT, side=TEXT, quantity=NUMBER, price=NUMBER, total_value=NUMBER, fee=NUMBER, status=TEXT, type=TEXT)
        assert trade["id"].startswith("trade-") and "-" in trade["symbol"], trade
        assert trade["status"] == "filled" and trade["side"] in ("buy", "sell"), trade
    ids = [trade["id"] for trade in heard.all("trade_feed")]
    assert ids and len(ids) == len(set(ids)), "each fill comes once"
    for now in heard.all("portfolio_update"):
        fields(now, timestamp=TEXT, total_equity=NUMBER, cash_balance=NUMBER, invested=NUMBER, total_pnl=NUMBER, total_pnl_percent=MAYBE)
        fields(now, day_pnl=NUMBER, day_pnl_percent=MAYBE, positions_count=int, open_orders=int)
    for made in heard.all("ai_decision"):
        fields(made, id=TEXT, timestamp=TEXT, model_name=TEXT, symbol=TEXT, prediction=dict, reasoning=TEXT, outcome=TEXT)
        fields(made["prediction"], direction=TEXT, confidence=float, price_target=MAYBE, time_horizon=TEXT)
        assert made["id"].startswith("dec-") and made["outcome"] == "pending", made
    assert heard.all("ai_decision"), "no decision"
    for judged in heard.all("ai_decision_outcome"):
        fields(judged, id=TEXT, outcome=TEXT, realised_return=MAYBE)
    for now in heard.all("performance_metrics"):
        fields(now, timestamp=TEXT, period=TEXT, total_return=MAYBE, sharpe_ratio=MAYBE, max_drawdown=MAYBE, win_rate=MAYBE)
        fields(now, profit_factor=MAYBE, total_trades=MAYBE, api_latency_ms=MAYBE, websocket_connections=int)


async def asynchronous(transport, seconds):
    client, heard = socketio.AsyncClient(), Heard()
    for event in EVENTS:
        client.on(event, lambda data, event=event: heard.add(event, data))

    async def until(event, count=1):
        for _ in range(200):
            if len(heard.all(event)) >= count:
                return heard.all(event)[count - 1]
            await asyncio.sleep(0.05)
        raise AssertionError(f"{transport}: no {event}; heard {list(heard.messages)}")

    await client.connect(URL, transports=[transport], auth={"token": TOKEN})
    connected = await until("connected")
    fields(connected, message=TEXT, server_time=TEXT, api_version=TEXT, features=list)
    assert connected["api_version"] == "2.0.0", connected
    await client.emit("subscribe", {"streams": [*STREAMS, "weather"]})
    confirmed = await until("subscription_confirmed")
    assert confirmed == {"streams": STREAMS, "status": "subscribed", "rejected": ["weather"]}, confirmed
    for event in ("portfolio_update", "performance_metrics"):
        await until(event)
        assert heard.times(event)[0] - heard.times("subscription_confirmed")[0] < 0.5, f"{event} comes at once"
    await asyncio.sleep(seconds)
    check(heard)
    # The first one came when it was asked for.
    cadence("portfolio_update", heard.times("portfolio_update")[1:], 0.8)
    if seconds > 14:
        metrics = heard.times("performance_metrics")[1:]
        assert 2 <= len(metrics) <= 4, f"{len(metrics)} performance_metrics in {seconds} s"

    await client.emit("ping", {"timestamp": "then"})
    assert (await until("pong"))["client_timestamp"] == "then"
    assert await client.call("ping", {"timestamp": "acknowledged"}, timeout=20) is None
    await client.emit("subscribe", {"streams": ["trade_feed"], "history": 3})
    history = await until("history")
    assert history["stream"] == "trade_feed" and 1 <= len(history["items"]) <= 3, history
    assert history["items"] == sorted(history["items"], key=lambda trade: trade["timestamp"]), "oldest first"
    first = history["items"][0]["id"]
    await client.emit("subscribe", {"streams": ["trade_feed"], "since": {"trade_feed": first}})
    later = await until("history", 2)
    assert first not in [trade["id"] for trade in later["items"]] and later["complete"], later
    # One at a time, in order, without a hole.
    await client.emit("subscribe", {"streams": ["trade_feed"], "since": {"trade_feed": first}, "history": 1})
    page = await until("history", 3)
    assert len(page["items"]) <= 1, page
    if len(later["items"]) > 1:
        assert page["items"] == later["items"][:1] and not page["complete"], (page, later)
    await client.emit("subscribe", {"streams": ["trade_feed"], "since": {"trade_feed": "trade-none"}})
    assert (await until("history", 4))["complete"] is False
    await client.emit("no such event", {"a": 1})
    fields(await until("error"), code=TEXT, message=TEXT)
    await client.emit("subscribe", {"streams": 5})
    await until("error", 2)

    await client.emit("unsubscribe", {"streams": STREAMS})
    await until("subscription_confirmed", 6)
    heard.clear()
    await asyncio.sleep(2.5)
    assert not heard.messages, f"it is not silent: {list(heard.messages)}"

    await client.disconnect()
    heard.clear()
    await client.connect(URL, transports=[transport], auth={"token": TOKEN})
    await until("connected")
    await client.disconnect()


async def turned_away():
    """A token that is none is told so, and lets nobody in."""
    client, reasons = socketio.AsyncClient(reconnection=False), []
    client.on("connect_error", lambda reason: reasons.append(reason))
    try:
        await client.connect(URL, transports=["websocket"], auth={"token": "ps_none"})
        raise AssertionError("anybody gets in")
    except socketio.exceptions.ConnectionError:
        pass
    finally:
        await client.disconnect()


def synchronous():
    client, heard, seen = socketio.Client(), Heard(), threading.Event()
    client.on("connected", lambda data: heard.add("connected", data))

    @client.on("trade_feed")
    def on_trade(data):
        heard.add("trade_feed", data)
        seen.set()

    client.connect(URL, auth={"token": TOKEN})
    client.emit("subscribe", {"streams": ["trade_feed"]})
    assert seen.wait(20), "no trade"
    assert heard.all("connected")
    client.disconnect()
    time.sleep(0.1)


async def main():
    await asyncio.gather(asynchronous("websocket", 15), asynchronous("polling", 6), turned_away())


def health():
    with urllib.request.urlopen(f"{URL}/health") as answer:
        told = read(answer.read())
    fields(told, status=TEXT, timestamp=TEXT, version=TEXT)
    assert told["status"] == "healthy", told


asyncio.run(main())
synchronous()
health()
print("ok")
