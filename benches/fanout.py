#!/usr/bin/env python3
"""Measures fan-out to many clients and writes its section of docs/benchmarks.md.

Every scenario runs on our server and on two baselines in turn, in the same run: the server alone on
core 0, the clients on core 1, over loopback. Figures are medians. Standard library only.
Usage: benches/fanout.py <directory of the release build> [--quick] [--only NAME] [--write]
"""

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- fanout:begin -->", "<!-- fanout:end -->"
SERVER_CORE, LOAD_CORE = 0, 1
# Pushes of about 220 bytes: the rest of one is about 210.
PAD = 8
# From here on a user would call it late.
LATE_MS = 100
COMPLETE = 0.98


class NotRun(Exception):
    """Why a figure is missing."""


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


class Kind:
    """A server to measure: its column in the tables and how it is started."""

    def __init__(self, title, *command):
        self.title, self.command = title, command


class Server:
    """One server process, alone on its core."""

    def __init__(self, kind, rate):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [*kind.command, "--port", str(self.port), "--rate", str(rate), "--pad", str(PAD)]
        self.told, self.noise = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(command, cwd=ROOT, stdout=self.told, stderr=self.noise, preexec_fn=pinned(SERVER_CORE))
        self.figures = {}

    def __enter__(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        self.__exit__()
        self.noise.seek(0)
        raise NotRun((self.noise.read().strip().splitlines() or ["the server did not start"])[-1].removeprefix("plainsight-load: "))

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.told.seek(0)
        lines = self.told.read().strip().splitlines()
        # Only ours says at its end what it did.
        self.figures = json.loads(lines[-1]) if lines else {}

    def load(self, *arguments, timeout=240):
        """Runs the load tool against this server and gives its figures."""
        url = f"ws://127.0.0.1:{self.port}/v1/ws"
        command = [LOAD, *map(str, arguments), "--url", url, "--pid", str(self.child.pid), "--json"]
        try:
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, preexec_fn=pinned(LOAD_CORE))
        except subprocess.TimeoutExpired:
            raise NotRun("the clients did not finish in time") from None
        if run.returncode != 0:
            raise NotRun((run.stderr.strip().splitlines() or ["the clients failed"])[-1].removeprefix("plainsight-load: "))
        return json.loads(run.stdout)


def in_turn(measure):
    """`measure(kind)` for every kind in turn, as often as asked for: lists of figures by title. A kind that cannot be measured
    has the reason instead of figures."""
    found = {kind.title: [] for kind in KINDS}
    for _ in range(RUNS):
        for kind in KINDS:
            if isinstance(found[kind.title], list):
                try:
                    found[kind.title].append(measure(kind))
                except NotRun as reason:
                    found[kind.title] = f"not run: {reason}"
    return found


def row(label, found, cell):
    """One line of a table: the cell of each kind's runs."""
    return [label, *(cell(runs) if isinstance(runs, list) else runs for runs in found.values())]


def figure(runs, *path):
    def one(run):
        for part in path:
            run = (run or {}).get(part)
        return run

    return median([one(run) for run in runs])


def total(runs, name):
    return sum(run[name] for run in runs)


def faults(runs):
    return f"{total(runs, 'gaps'):,} / {total(runs, 'duplicates'):,}"


def follow(kind, clients, rate, seconds, *arguments):
    with Server(kind, rate) as server:
        found = server.load("clients", "--clients", clients, "--seconds", seconds, "--warmup", 1 if QUICK else 2, *arguments)
    found["complete"] = found["deliveries_per_s"] / (rate * clients)
    return found


def latency():
    rows = []
    for clients, rate in [(100, 100), (1_000, 10), (1_000, 50), (5_000, 4)]:
        found = in_turn(lambda kind: follow(kind, clients, rate, 3 if QUICK else 10))
        what = f"{clients:,} × {rate}/s"
        rows += [
            row(f"{what}: p50 / p99 / max, ms", found, lambda runs: " / ".join(number(figure(runs, "latency_ms", part), 2) for part in ("p50", "p99", "max"))),
            row(f"{what}: server's processor time, µs per delivery", found, lambda runs: number(figure(runs, "server", "cpu_us_per_delivery"), 2)),
            row(f"{what}: delivered, % of expected; gaps / duplicates", found, lambda runs: f"{100 * figure(runs, 'complete'):.1f}; {faults(runs)}"),
        ]
    return rows


def probe(kind, clients, rate):
    """The figures at this rate, when everything arrived in time; else nothing."""
    try:
        found = follow(kind, clients, rate, 2 if QUICK else 5)
    except NotRun:
        return None
    late = (found["latency_ms"] or {"p99": LATE_MS})["p99"] >= LATE_MS
    return None if late or found["complete"] < COMPLETE else found


def most(kind, clients, memory):
    """The highest rate that is still in time: doubled until it is too high, then narrowed down to 5 %. `memory` keeps what was
    found, so that the next run starts near it."""
    key = (kind.title, clients)
    with Server(kind, 1):
        pass  # One that does not start at all says why, here.
    good, bad, best = 0, None, None
    rate = memory.get(key, 20_000 / clients)
    while bad is None or good == 0 or bad / good > 1.05:
        # Twice: something else on the machine may have had the core for a moment.
        found = probe(kind, clients, rate) or probe(kind, clients, rate)
        if found:
            good, best = rate, found
        else:
            bad = rate
        if bad is None:
            rate *= 1.25 if key in memory else 2
        elif good == 0:
            rate /= 2
            if rate * clients < 100:
                raise NotRun(f"p99 is over {LATE_MS} ms at any rate")
        else:
            rate = (good * bad) ** 0.5
    memory[key] = good
    return best


def throughput(counts):
    rows, memory = [], {}
    for clients in counts:
        found = in_turn(lambda kind: most(kind, clients, memory))
        rows += [
            row(f"{clients:,} clients: deliveries/s", found, lambda runs: number(figure(runs, "deliveries_per_s"))),
            row(f"{clients:,} clients: at p99, ms; µs per delivery; share of the load's own core", found, lambda runs: "; ".join(
                [number(figure(runs, "latency_ms", "p99"), 1), number(figure(runs, "server", "cpu_us_per_delivery"), 2), number(figure(runs, "client_cpu"), 2)])),
        ]
    return rows


def idle():
    rows = []
    for clients in (5_000, 10_000):
        def measure(kind):
            with Server(kind, 0) as server:
                return server.load("clients", "--idle", "--clients", clients, "--seconds", 1)

        found = in_turn(measure)
        rows.append(row(f"{clients:,} connections: bytes each", found, lambda runs: number(figure(runs, "server", "bytes_per_connection"))))
    return rows


def storm():
    rows = []
    for clients in (2_000, 10_000):
        def measure(kind):
            # As many deliveries a second for few clients as for many.
            with Server(kind, 10_000 / clients) as server:
                found = server.load("storm", "--clients", clients, "--seconds", 2 if QUICK else 3)
            found["store_queries"] = server.figures.get("store_queries")
            return found

        found = in_turn(measure)
        rows += [
            row(f"{clients:,} cut at once: all back after, ms (half after)", found, lambda runs: f"{number(figure(runs, 'all_back_ms'))} ({number(figure(runs, 'back_ms', 'p50'))})"),
            row(f"{clients:,} cut at once: resumed, % (the least of the runs)", found, lambda runs: f"{min(100 * run['resumed'] / clients for run in runs):.1f}"),
            row(f"{clients:,} cut at once: gaps / duplicates; queries to the store", found, lambda runs: f"{faults(runs)}; {number(figure(runs, 'store_queries'))}"),
        ]
    return rows


def slow():
    clients, never, rate, seconds = 500, 50, 200, 10 if QUICK else 60
    without = in_turn(lambda kind: follow(kind, clients - never, rate, seconds))
    found = in_turn(lambda kind: follow(kind, clients, rate, seconds, "--slow", never))

    def grown(runs):
        return median([(run["server"]["resident_peak"] - run["server"]["resident_start"]) / 1e6 for run in runs])

    def ends(runs):
        last = runs[-1]["slow"]
        ended = [f"{count} {reason}" for reason, count in last["closes"].items()] + [f"{last['still_open']} still open"]
        return f"{', '.join(ended)}; {last['gaps']:,}"

    return [
        row(f"the other {clients - never}: p99, ms", found, lambda runs: number(figure(runs, "latency_ms", "p99"), 2)),
        row(f"{clients - never} without slow ones: p99, ms", without, lambda runs: number(figure(runs, "latency_ms", "p99"), 2)),
        row("the server's resident memory grew by, MB (without slow ones)", {kind.title: found[kind.title] if isinstance(found[kind.title], str) else [found[kind.title], without[kind.title]] for kind in KINDS},
            lambda both: f"{grown(both[0]):.1f} ({grown(both[1]):.1f})" if isinstance(both[1], list) else both[1]),
        row("gaps / duplicates of the others", found, faults),
        row("how the slow ones ended; gaps that they found when they read at last", found, ends),
    ]


SCENARIOS = {
    "latency": ("Delay from publication to the client", latency),
    "most": (f"The most deliveries a second at 1,000 clients with p99 under {LATE_MS} ms", lambda: throughput([1_000])),
    "idle": ("Memory of an idle connection", idle),
    "storm": ("All clients cut at once (by a reset) and back at once", storm),
    "slow": ("Slow readers: 50 of 500 never read, 200 messages/s", slow),
    "cores": (f"The most deliveries a second of one core, p99 under {LATE_MS} ms", lambda: throughput([100, 1_000, 10_000])),
}


def table(rows):
    head = ["what", *(kind.title for kind in KINDS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def measured():
    """The tables of the page by their titles, as they were measured before."""
    page = PAGE.read_text() if PAGE.exists() else ""
    if BEGIN not in page or END not in page:
        return {}
    section = page.split(BEGIN, 1)[1].split(END, 1)[0].split("\nNot run here:", 1)[0]
    tables = (part.split("\n", 1) for part in section.split("\n### ")[1:])
    return {title: body.strip() for title, body in tables}


def write(section):
    """Puts the section in the place of the one before, or at the end; keeps the rest of the page."""
    page = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n"
    if BEGIN in page and END in page:
        before, rest = page.split(BEGIN, 1)
        page = before + section + rest.split(END, 1)[1]
    else:
        page = page.replace("\nNot run: fan-out to many clients (make bench-fanout).\n", "").rstrip() + f"\n\n{section}\n"
    PAGE.write_text(page)
    print(f"wrote {PAGE.relative_to(ROOT)}")


def main():
    missing = ["a real network, TLS, clients on other machines, browsers by the thousand"]
    changed = " with uncommitted changes" if output("git", "status", "--porcelain", "--untracked-files=no") else ""
    commit = f"{output('git', 'rev-parse', '--short=12', 'HEAD')}{changed}"
    text = [
        BEGIN,
        "## Fan-out to many clients",
        "",
        f"Made by `make bench-fanout`; do not edit. Pushes of about 220 bytes, server pinned to core {SERVER_CORE}, all clients on core {LOAD_CORE},",
        "loopback, the servers in turn. `broadcast` is the same service as one would write it in an",
        "evening: axum, a tokio broadcast channel, a task and a copy of the text for each client; it reads nothing beside, which",
        "would cost it more than sending. `fastwebsockets` is that on the crate of this name. Neither resumes. Processor time includes the kernel's part of sending and, on loopback, of receiving.",
        "",
        f"Machine: {machine()}.",
    ]
    known = measured()
    for name, (title, measure) in SCENARIOS.items():
        if ARGS.only and name not in ARGS.only:
            # What was measured at another time stays, with its own commit.
            if title in known:
                text += ["", f"### {title}", "", known[title]]
            else:
                missing.append(f"`{name}`: {title[0].lower()}{title[1:]}")
            continue
        print(f"{title} …", file=sys.stderr, flush=True)
        load = os.getloadavg()[0]
        rows = measure()
        runs = "one run" if RUNS == 1 else f"medians of {RUNS} runs"
        text += ["", f"### {title}", "", f"Commit {commit}; {runs}{' (short)' if QUICK else ''}; load average before {load:.1f}.", "", table(rows)]
    text += ["", "Not run here:", "", *(f"- {what}" for what in missing), END]
    section = "\n".join(text)
    if ARGS.write or not (QUICK or ARGS.only):
        write(section)
    else:
        print(section)


def arguments():
    parser = argparse.ArgumentParser(description="Measures fan-out to many clients.")
    parser.add_argument("release", type=Path, help="directory of the release build: plainsight-load and examples/baseline")
    parser.add_argument("--quick", action="store_true", help="one short run of everything, printed and not written")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="NAME", help=f"one scenario, printed and not written: {', '.join(SCENARIOS)}")
    parser.add_argument("--runs", type=int, help="runs of everything instead of three (one, with --quick)")
    parser.add_argument("--write", action="store_true", help="write the page in any case; tables that were not measured now stay")
    return parser.parse_args()


ARGS = arguments()
QUICK = ARGS.quick
RUNS = ARGS.runs or (1 if QUICK else 3)
LOAD = ARGS.release.resolve() / "plainsight-load"
BASELINE = ARGS.release.resolve() / "examples/baseline"
KINDS = [Kind("ours", LOAD, "server"), Kind("broadcast", BASELINE), Kind("fastwebsockets", BASELINE, "--fastwebsockets")]
main()
