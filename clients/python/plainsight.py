"""A client of Plainsight's native protocol.

    async with Client("ws://127.0.0.1:3000/v1/ws", token="…") as client:
        await client.subscribe("portfolio:paper")
        await client.subscribe("trades:paper", history=10)
        async for push in client:
            print(push["topic"], push["data"])

It comes back by itself after a lost connection and goes on where it stood: of a log (trades, orders,
decisions, agent, alerts, quality) every publication comes exactly once. Needs Python 3.11 and `websockets`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from plainsight_types import ErrorFrame, LagRule, NewOrder, OkFrame, ServerFrame

# Close codes that say not to come back: bad token, bad frame, forbidden, version.
FINAL = range(4500, 4600)
# Between two attempts, s: doubled up to the longest, each drawn between zero and that.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
# Pushes that wait for whoever iterates. When they are too many nothing more is read, and the server's rule
# for slow readers applies: `lag`, and from there the log is resumed.
WAITING = 1_000
TIMEOUT = 10.0

Push = dict[str, Any]


class Refused(Exception):
    """The server's answer to a command that it does not carry out."""

    def __init__(self, error: ErrorFrame) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error


class Disconnected(Exception):
    """The connection was lost before an answer came. Whether the command was carried out is not known: send an
    order again under the same `client_order_id`."""


class Closed(Exception):
    """The server closed the connection for good."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code


class Client:
    def __init__(self, url: str, token: str | None = None, name: str = "plainsight.py") -> None:
        self._url, self._token, self._name = url, token, name
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        # Pushes, and at last the reason for the end.
        self._pushes: asyncio.Queue[Push | Exception] = asyncio.Queue(WAITING)
        self._answers: dict[int, asyncio.Future[OkFrame]] = {}
        # What is subscribed to, as it was asked for; where each topic stands: epoch and offset.
        self._wishes: dict[str, dict[str, Any]] = {}
        self._places: dict[str, tuple[str, int]] = {}
        # Topics that are being resumed: what comes meanwhile comes again.
        self._resuming: dict[str, int] = {}
        self._last_id = 0
        self._error: Exception | None = None

    async def __aenter__(self) -> Client:
        self._task = asyncio.create_task(self._run())
        await self._is_ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def subscribe(
        self,
        topic: str,
        *,
        history: int | None = None,
        max_rate_hz: float | None = None,
        lag: LagRule | None = None,
        since: tuple[str, int] | None = None,
    ) -> OkFrame:
        """`market:BTCUSDT`, `market:*`, `trades:paper`, …; `since` is the (epoch, offset) that was seen last."""
        options = {"history": history, "max_rate_hz": max_rate_hz, "lag": lag}
        wish = {"topic": topic} | {name: value for name, value in options.items() if value is not None}
        first = dict(wish)
        if since is not None:
            self._places[topic] = since
            first["since"] = {"epoch": since[0], "offset": since[1]}
        self._wishes[topic] = {name: value for name, value in wish.items() if name != "history"}
        answer = await self.command("subscribe", topics=[first])
        for error in answer.get("errors", []):
            self._wishes.pop(topic, None)
            message: Any = {"type": "error", "id": answer["id"], "field": None, "temporary": False, "retry_ms": None}
            raise Refused(cast(ErrorFrame, message | {"code": error["code"], "message": error["message"]}))
        return answer

    async def unsubscribe(self, topic: str) -> OkFrame:
        self._wishes.pop(topic, None)
        answer = await self.command("unsubscribe", topics=[topic])
        self._places.pop(topic, None)
        return answer

    async def order(self, order: NewOrder, bot: str | None = None) -> OkFrame:
        return await self.command("order", order=order, bot=bot)

    async def cancel(self, order: str, bot: str | None = None) -> OkFrame:
        return await self.command("cancel", order=order, bot=bot)

    async def command(self, kind: str, **fields: Any) -> OkFrame:
        """Any command of the protocol, by its `type`.

        Raises `Refused`, `Disconnected`, or `Closed`.
        """
        await self._is_ready()
        socket = self._socket
        if socket is None:
            raise Disconnected("there is no connection")
        return await self._ask(socket, kind, fields)

    def place(self, topic: str) -> tuple[str, int] | None:
        """The (epoch, offset) of the newest push: a later program can go on from there by `since`."""
        return self._places.get(topic)

    async def __aiter__(self) -> AsyncIterator[Push]:
        while True:
            push = await self._pushes.get()
            if isinstance(push, Exception):
                raise push
            yield push

    async def _is_ready(self) -> None:
        await self._ready.wait()
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                protocol = Subprotocol("plainsight.v1.json")
                async with connect(self._url, subprotocols=[protocol], max_size=None) as socket:
                    await self._greet(socket)
                    wait = FIRST_WAIT
                    await self._read(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in FINAL:
                    return await self._end(Closed(closed.rcvd.code, closed.rcvd.reason))
            except (OSError, TimeoutError, InvalidHandshake, InvalidMessage):
                pass
            except Exception as error:  # a fault of this client: nobody shall wait for it
                return await self._end(error)
            finally:
                self._lose()
            await asyncio.sleep(random.uniform(0, wait))
            wait = min(2 * wait, LONGEST_WAIT)

    async def _end(self, error: Exception) -> None:
        self._error = error
        self._ready.set()
        await self._pushes.put(error)

    def _lose(self) -> None:
        self._socket = None
        if self._error is None:
            self._ready.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Disconnected("the connection was lost"))
        self._answers.clear()
        self._resuming.clear()

    async def _greet(self, socket: ClientConnection) -> None:
        hello: dict[str, Any] = {"type": "hello", "client": self._name}
        if self._token is not None:
            hello["token"] = self._token
        await socket.send(json.dumps(hello))
        message = await asyncio.wait_for(socket.recv(), TIMEOUT)
        first = json.loads(str(message).splitlines()[0])
        if first["type"] != "welcome":
            raise Refused(first)
        if self._wishes:
            # The answer comes while the socket is read.
            self._send_wishes(socket, list(self._wishes))
        self._socket = socket
        self._ready.set()

    def _send_wishes(self, socket: ClientConnection, topics: list[str]) -> None:
        wishes = []
        for topic in topics:
            wish = dict(self._wishes.get(topic, {"topic": topic}))
            if topic in self._places:
                epoch, offset = self._places[topic]
                wish["since"] = {"epoch": epoch, "offset": offset}
            wishes.append(wish)
        asking = asyncio.create_task(self._ask(socket, "subscribe", {"topics": wishes}))
        # Where the connection is lost meanwhile the next one asks again.
        asking.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _ask(self, socket: ClientConnection, kind: str, fields: dict[str, Any]) -> OkFrame:
        self._last_id += 1
        id = self._last_id
        answer: asyncio.Future[OkFrame] = asyncio.get_running_loop().create_future()
        self._answers[id] = answer
        if kind == "subscribe":
            self._resuming |= {wish["topic"]: id for wish in fields["topics"] if "since" in wish}
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            await socket.send(json.dumps({"type": kind, "id": id} | given))
        except ConnectionClosed as closed:
            self._answers.pop(id, None)
            raise Disconnected("the connection was lost") from closed
        return await answer

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            for line in str(message).splitlines():
                await self._take(socket, json.loads(line))

    async def _take(self, socket: ClientConnection, frame: ServerFrame) -> None:
        match frame["type"]:
            case "push":
                await self._take_push(socket, cast(Push, frame))
            case "ok":
                for begun in frame.get("topics", []):
                    self._places[begun["topic"]] = (begun["epoch"], begun["offset"])
                self._answered(frame["id"])
                if (answer := self._answers.pop(frame["id"], None)) and not answer.done():
                    answer.set_result(frame)
            case "error" if frame["id"] is not None:
                self._answered(frame["id"])
                if (answer := self._answers.pop(frame["id"], None)) and not answer.done():
                    answer.set_exception(Refused(frame))
            case "resync":
                self._places[frame["topic"]] = (frame["epoch"], frame["offset"])
            case "lag":
                self._resume(socket, frame["topic"])
            case _:  # welcome, pong, resumed, heartbeat, closing: nothing to be done
                pass

    def _answered(self, id: int) -> None:
        self._resuming = {topic: asked for topic, asked in self._resuming.items() if asked != id}

    def _resume(self, socket: ClientConnection, topic: str) -> None:
        if topic not in self._resuming:
            self._send_wishes(socket, [topic])

    async def _take_push(self, socket: ClientConnection, push: Push) -> None:
        topic = push["topic"]
        epoch, seen = self._places.get(topic, (push["epoch"], push["first"] - 1))
        if topic in self._resuming or push["last"] <= seen and push["epoch"] == epoch:
            return
        if push["epoch"] != epoch or push["first"] > seen + 1:
            # Something is missing.
            return self._resume(socket, topic)
        self._places[topic] = (epoch, push["last"])
        await self._pushes.put(push)
