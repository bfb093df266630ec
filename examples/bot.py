#!/usr/bin/env python3
"""A first bot: it tells Plainsight one decision and one fill, and tells them only once.

    export PLAINSIGHT_TOKEN=$(plainsight token create --user NAME --scope read,ingest --expires 30d)
    python3 examples/bot.py --url http://127.0.0.1:3000 --bot my-bot --once
"""
import argparse, http.client, json, os, random, time, urllib.error, urllib.request, uuid

TOKEN = "give an operator's, with the scopes read and ingest, by --token or PLAINSIGHT_TOKEN"


def call(url, body=None):
    """Asks until there is an answer. Events keep their ids, so telling them again changes nothing."""
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(1_000_000):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, HEADERS), timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                given = "the token is not taken" if HEADERS else "a token is missing"
                raise SystemExit(f"{given}; {TOKEN}: {error.read().decode()}")
            if error.code < 500 and error.code != 429:  # our mistake: it would be the same next time
                raise SystemExit(f"refused: {error.read().decode()}")
            problem = error
        except (OSError, http.client.HTTPException) as error:  # no server, or not all of its answer
            problem = error
        delay = random.uniform(0.1, min(10, 0.25 * 2 ** min(attempt, 10)))
        print(f"{problem}: once more in {delay:.1f} s", flush=True)
        time.sleep(delay)


def trade(url, bot, symbol):
    price = call(f"{url}/v1/candles?symbol={symbol}&interval=1m&limit=1")[-1]["close"]
    side, confidence = random.choice(["buy", "sell"]), round(random.uniform(0.5, 0.9), 2)
    decision = {"type": "decision", "id": f"d-{uuid.uuid4()}", "model": "coin-toss", "symbol": symbol,
                "direction": "up" if side == "buy" else "down", "confidence": confidence,
                "horizon": "5m", "reasoning": "A coin was tossed."}
    fill = {"type": "fill", "id": f"f-{uuid.uuid4()}", "symbol": symbol, "side": side, "quantity": "0.01",
            "price": price, "fee": "0.1", "decision": decision["id"]}
    print(f"{side} {symbol} at {price}: {decision['id']} {fill['id']}", flush=True)
    answer = call(f"{url}/v1/bots/{bot}/events", [decision, fill])
    print(f"{answer['recorded']} recorded, {answer['duplicates']} known, {answer['rejected']} rejected", flush=True)


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--url", default="http://127.0.0.1:3000")
arguments.add_argument("--bot", default="my-bot")
arguments.add_argument("--symbol", default="BTCUSDT")
arguments.add_argument("--token", default=os.environ.get("PLAINSIGHT_TOKEN"), help=f"{TOKEN} (others can see arguments)")
how_often = arguments.add_mutually_exclusive_group(required=True)
how_often.add_argument("--once", action="store_true")
how_often.add_argument("--every", type=float, metavar="SECONDS")
options = arguments.parse_args()
HEADERS = {"Authorization": f"Bearer {options.token}"} if options.token else {}
while True:
    trade(options.url, options.bot, options.symbol)
    if options.once:
        break
    time.sleep(options.every)
