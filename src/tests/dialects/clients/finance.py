"""Dialect 2 with websockets and websocket-client."""

import asyncio
import json
import time

import websocket
import websockets

from expect import MAYBE, NUMBER, TEXT, TOKEN, WS, Heard, cadence, fields, read

BASE = f"{WS}/api/v1/bot/ws"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def check_portfolio(data):
    fields(data, balance=dict, active_positions=int, unrealized_pnl=NUMBER, realized_pnl=NUMBER, total_pnl=NUMBER)
    fields(data["balance"], total=NUMBER, available=NUMBER, currency=TEXT)


def check_position(row):
    fields(row, id=TEXT, asset_pair=TEXT, side=TEXT, size=NUMBER, entry_price=MAYBE, current_price=MAYBE, unrealized_pnl=NUMBER, unrealized_pnl_pct=MAYBE)
    assert row["side"] in ("LONG", "SHORT"), row


def check_decision(data):
    fields(data, decision_id=TEXT, asset_pair=TEXT, action=TEXT, confidence=NUMBER, reasoning=TEXT, timestamp=TEXT)
    assert data["action"] in ("BUY", "SELL", "HOLD") and 0 <= data["confidence"] <= 100, data


async def listen(path, seconds, say=()):
    heard = Heard()
    async with websockets.connect(BASE + path, additional_headers=BEARER) as socket:
        began = time.monotonic()
        for frame in say:
            await socket.send(frame)
        while time.monotonic() - began < seconds:
            try:
                frame = read(await asyncio.wait_for(socket.recv(), 1))
            except asyncio.TimeoutError:
                continue
            assert set(frame) == {"event", "data", "timestamp"}, frame
            heard.add(frame["event"], frame["data"])
    return heard


async def portfolio():
    heard = await listen("/portfolio", 15)
    assert set(heard.messages) <= {"portfolio_update", "heartbeat", "error"}, heard.messages.keys()
    told = heard.all("portfolio_update")
    for data in told:
        check_portfolio(data)
    assert all(one != other for one, other in zip(told[1:], told[2:])), "only what has changed"
    cadence("portfolio_update", heard.times("portfolio_update")[1:], 2)
    assert heard.all("heartbeat"), "no heartbeat"


async def positions():
    heard = await listen("/positions", 12)
    told = heard.all("positions_update")
    assert len(told) > 2, "positions move"
    for data in told:
        fields(data, positions=list, open=list, closed=list, updated=list)
        for row in data["positions"] + data["open"] + data["closed"] + data["updated"]:
            check_position(row)


async def decisions():
    heard = await listen("/decisions", 4)
    assert heard.all("decision_made")
    for data in heard.all("decision_made"):
        check_decision(data)


async def agent():
    ping = json.dumps({"event": "ping", "data": {}})
    heard = await listen("", 12, [ping, json.dumps({"event": "dance"}), "no JSON"])
    assert heard.all("heartbeat"), "a ping is answered"
    assert [error["code"] for error in heard.all("error")[:2]] == ["unknown_event", "bad_message"], heard.all("error")
    for event in ("state_transition", "decision_made", "trade_executed", "portfolio_update", "position_updated"):
        assert heard.all(event), f"no {event}: {list(heard.messages)}"
    for step in heard.all("state_transition"):
        fields(step, **{"from": TEXT, "to": TEXT})
    for data in heard.all("decision_made"):
        check_decision(data)
    for data in heard.all("portfolio_update"):
        check_portfolio(data)
    for row in heard.all("position_opened") + heard.all("position_updated") + heard.all("position_closed"):
        check_position(row)
    for trade in heard.all("trade_executed"):
        fields(trade, trade_id=TEXT, asset_pair=TEXT, action=TEXT, size=NUMBER, price=NUMBER, fee=NUMBER, timestamp=TEXT)


def blocking():
    """websocket-client, with the token as a subprotocol."""
    socket = websocket.create_connection(BASE + "/portfolio", subprotocols=["bearer", TOKEN], timeout=10)
    frame = read(socket.recv())
    assert frame["event"] == "portfolio_update", frame
    socket.close()


async def turned_away():
    try:
        async with websockets.connect(BASE, additional_headers={"Authorization": "Bearer nothing"}):
            raise AssertionError("anybody gets in")
    except websockets.exceptions.InvalidStatus as refused:
        assert refused.response.status_code == 401, refused


async def main():
    await asyncio.gather(portfolio(), positions(), decisions(), agent(), turned_away())


asyncio.run(main())
blocking()
print("ok")
