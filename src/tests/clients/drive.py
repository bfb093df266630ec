"""Drives the Python client for the integration tests: prints what happens, one JSON object a line."""

import asyncio
import json
import sys
import typing

import plainsight_types
from plainsight import Client, Closed, Refused

URL, TOKEN = sys.argv[1:3]


def tell(**what):
    print(json.dumps(what), flush=True)


async def main():
    # Every name in the types leads somewhere.
    types = [kind for kind in vars(plainsight_types).values() if typing.is_typeddict(kind)]
    for kind in types:
        typing.get_type_hints(kind)
    tell(types=len(types))

    async with Client(URL, TOKEN) as client:
        try:
            await client.subscribe("no:topic")
        except Refused as refused:
            tell(refused=refused.error["code"])
        try:
            await client.order({"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01"})
        except Refused as refused:
            tell(refused=refused.error["code"], field=refused.error["field"])
        order = {"symbol": "BTCUSDT", "side": "buy", "type": "limit", "quantity": "0.01", "price": "1000"}
        answer = await client.order(order)
        tell(order=answer["order"])
        await client.cancel(answer["order"])
        await client.subscribe("portfolio:paper")
        await client.subscribe("market:*")
        await client.subscribe("agent:mine", history=2)
        snapshots = set()
        async for push in client:
            if push["kind"] == "snapshot" and push["topic"] not in snapshots:
                snapshots.add(push["topic"])
                tell(snapshot=push["topic"])
            if push["topic"] == "agent:mine":
                tell(note=push["data"]["note"]["id"])
                if push["data"]["note"]["id"] == "n6":
                    break
    try:
        async with Client(URL, "made up") as client:
            tell(error="a wrong token is taken")
    except Closed as closed:
        tell(closed=closed.code)


asyncio.run(main())
