"""What a flood does to a server with its default limits, and to who uses it honestly meanwhile.

Server, honest clients and abusers share the machine; the abusers are niced, and each kind comes from addresses of its own.
"""

import json
import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

from server import ROOT, Server, load

HONEST = 100
SECONDS = 60
RUNS = int(os.environ.get("FLOOD_RUNS", "3"))
# Decisions come every 10 s of market time for each symbol, in some steps each.
SPEED = "20"


class Memory(threading.Thread):
    """The highest resident memory of a process, looked at four times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status, self.peak, self.stopped = Path(f"/proc/{pid}/status"), 0, threading.Event()

    def now(self):
        line = next(line for line in self.status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1000

    def run(self):
        while not self.stopped.wait(0.25):
            self.peak = max(self.peak, self.now())


def honest(binary, server):
    """100 clients of one address that follow what the agent does."""
    return load(binary, "clients", "--topic", "agent:paper", "--clients", HONEST, "--seconds", SECONDS, "--url", server.ws_url, "--json")


def once(binary, site):
    with Server(binary, site, "--speed", SPEED, limits={}) as server:
        server.until(lambda health: health["ready"])
        time.sleep(5)
        quiet = json.loads(subprocess.run(honest(binary, server), cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        memory = Memory(server.child.pid)
        before = memory.now()
        memory.start()
        clients = subprocess.Popen(honest(binary, server), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        time.sleep(2)
        attack = ["nice", "-n", "19", *load(binary, "flood", "--seconds", SECONDS, "--url", server.ws_url)]
        abusers = subprocess.run(attack, cwd=ROOT, capture_output=True, text=True, check=True)
        text, _ = clients.communicate(timeout=120)
        time.sleep(10)
        memory.stopped.set()
        return {"quiet": quiet, "flooded": json.loads(text), "abusers": json.loads(abusers.stdout), "memory": (before, memory.peak, memory.now())}


def flood(binary, site):
    runs = [once(binary, site) for _ in range(RUNS)]

    def middle(figure):
        values = [value for value in map(figure, runs) if value is not None]
        return statistics.median(values) if values else None

    def clients(name):
        found = [run[name] for run in runs]
        parts = [statistics.median(run["latency_ms"][part] for run in found) for part in ("p50", "p99", "max")]
        lost = sum(run["gaps"] + run["duplicates"] for run in found) + sum(HONEST - run["live"] for run in found)
        return f"{' / '.join(f'{part:.2f}' for part in parts)}; {lost}"

    ratio = middle(lambda run: run["flooded"]["latency_ms"]["p99"] / run["quiet"]["latency_ms"]["p99"])
    rows = [
        (f"{HONEST} honest clients, quiet: delay p50 / p99 / max, ms; gaps, duplicates and clients lost in all runs", clients("quiet")),
        ("the same while it is flooded", clients("flooded")),
        (f"p99 flooded / quiet, median of {RUNS} runs", f"{ratio:.2f}"),
        ("resident memory before / highest / 10 s after, MB", " / ".join(f"{middle(lambda run: run['memory'][index]):.0f}" for index in range(3))),
    ]
    for kind, what in [
        ("silent", "that never say hello (5 s)"),
        ("dripping", "whose headers come a byte a second (5 s)"),
        ("shouting", "that send as many commands as they can (at once)"),
        ("deaf", "that never read (10 s after the last byte could be sent)"),
    ]:
        found = [run["abusers"][kind] for run in runs]

        def part(*names):
            return middle(lambda run: run["abusers"][kind][names[0]] if len(names) == 1 else run["abusers"][kind][names[0]][names[1]])

        count, addresses = found[0]["abusers"], found[0]["addresses"]
        label = f"{count:,} {what}, {addresses} addresses: closed after p50 / p99 / max, ms; let in at first; came back: let in / refused before the upgrade; still in at the end"
        lasted = " / ".join("–" if part("lasted_ms", name) is None else f"{part('lasted_ms', name):,.0f}" for name in ("p50", "p99", "max"))
        rows.append((label, f"{lasted}; {part('let_in'):,.0f}; {part('let_in_again'):,.0f} / {part('refused_again'):,.0f}; {part('still_in_at_the_end'):,.0f}"))
    return rows
