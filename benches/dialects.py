"""Clients of all five older dashboards at once, and what they cost a server with its default cadences.

Server and clients share the machine; the load tool is a process of its own, and looks at the server's processor time and
memory from outside: first without any client, then with all of them. A position is held, so that what is said only where
something has changed is said.
"""

import json
import os
import statistics
import subprocess
import time
import urllib.request

from server import ROOT, Server, load

CLIENTS = 200
SECONDS = 60
ALONE_S = 20
SPEED = "10"
RUNS = int(os.environ.get("DIALECTS_RUNS", "3"))


def buy(server):
    order = {"symbol": "BTCUSDT", "side": "buy", "type": "market", "quantity": "0.01"}
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/orders", json.dumps(order).encode(), headers), timeout=5).close()


def once(binary, site):
    with Server(binary, site, "--speed", SPEED) as server:
        server.until(lambda health: health["ready"])
        time.sleep(5)
        buy(server)

        def measured(clients, seconds):
            command = load(binary, "dialects", "--clients", clients, "--seconds", seconds, "--url", server.url, "--pid", server.child.pid, "--json")
            return json.loads(subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True).stdout)

        return {"alone": measured(0, ALONE_S), "with": measured(CLIENTS, SECONDS)}


def faults(found):
    """How many there were in all runs, and which."""
    counts = {}
    for told in found:
        for name, count in told["errors"].items():
            counts[name] = counts.get(name, 0) + count
    named = "".join(f", {count} {name}" for name, count in counts.items())
    return f"{sum(counts.values())}{named}"


def gap(runs):
    """One cadence in all runs: its mean, and the longest that any client has waited."""
    means = [run["mean_ms"] for run in runs if run["mean_ms"] is not None]
    mean = f"{statistics.median(means):,.0f}" if means else "–"
    when = ", where something has changed" if runs[0]["on_change"] else ""
    return f"`{runs[0]['event']}` {mean} / {max(run['longest_ms'] for run in runs):,.0f} ({runs[0]['every_ms']:,.0f}{when})"


def dialects(binary, site):
    runs = [once(binary, site) for _ in range(RUNS)]

    def middle(figure):
        return statistics.median(map(figure, runs))

    def memory(moment):
        return f"{middle(lambda run: run['with']['server'][moment]) / 1e6:.0f}"

    def messages_per_s(run):
        return sum(told["messages_per_s"] for told in run["with"]["dialects"])

    rows = [
        (f"the server without a client, {ALONE_S} s: processor, % of one core", f"{middle(lambda run: 100 * run['alone']['server']['cpu']):.1f}"),
        (f"with all {5 * CLIENTS:,} clients, {SECONDS} s: processor, % of one core (the clients', beside it)", f"{middle(lambda run: 100 * run['with']['server']['cpu']):.1f} ({middle(lambda run: 100 * run['with']['client_cpu']):.1f})"),
        ("resident memory before / with all clients, at the beginning / highest, MB", " / ".join(map(memory, ("resident_before", "resident_start", "resident_peak")))),
        (f"messages/s in all; errors in all runs", f"{middle(messages_per_s):,.0f}; {faults([told for run in runs for told in run['with']['dialects']])}"),
    ]
    for place, name in enumerate(told["dialect"] for told in runs[0]["with"]["dialects"]):
        found = [run["with"]["dialects"][place] for run in runs]
        per_s, bytes_per_s = (statistics.median(told[figure] for told in found) for figure in ("messages_per_s", "bytes_per_s"))
        connected, stayed = (min(told[figure] for told in found) for figure in ("connected", "connected_at_the_end"))
        counts = [told["messages_of_a_client"] for told in found if told["connected"]]
        fewest, most = ([count[figure] for count in counts] for figure in ("least", "most"))
        cadences = zip(*(told["gaps"] for told in found))
        rows += [
            (f"{name}: connected / at the end; messages/s; kB/s; errors", f"{connected} / {stayed}; {per_s:,.0f}; {bytes_per_s / 1000:,.0f}; {faults(found)}"),
            (f"{name}: messages of one client, fewest / most", f"{min(fewest, default=0):,} / {max(most, default=0):,}"),
            (f"{name}: between two of them at one client, mean / longest, ms (said every)", "; ".join(gap(runs) for runs in cadences)),
        ]
    return rows
