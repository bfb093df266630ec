#!/usr/bin/env python3
"""Measures the release build as a whole and writes docs/benchmarks.md.

Every figure is the median of several runs of whole processes on this machine; two ways of doing the
same thing are run in turn and compared by their ratio. What cannot be run here is named as not run.
Standard library only. Usage: benches/report.py <binary> <site directory> [beginning of a section's title …]; the
others keep what an earlier run found, on whatever commit that was.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from dialects import dialects
from flood import flood
from server import ROOT, Server, output

DAY = ROOT / "../shared/data/binance_aggtrades_btcusdt_20240101/BTCUSDT-aggTrades-2024-01-01.zip"
PAGE = ROOT / "docs/benchmarks.md"
RUNS = 5
# With the features that the release build has: nothing is compiled twice.
BENCH = ("cargo", "bench", "--quiet", "--no-default-features", "--features", "ssr", "--bench")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def whole_process(command):
    """Wall seconds, standard output and peak memory in MB of one run."""
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - started
    if status != 0:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return seconds, text, usage.ru_maxrss / 1000


def spread(values):
    return f"{statistics.median(values):,.2f} ({min(values):,.2f} – {max(values):,.2f})"


def replay(binary):
    runs = [whole_process([binary, "replay", DAY, "--seed", "1"]) for _ in range(RUNS)]
    answers = [json.loads(text) for _, text, _ in runs]
    assert len({answer["event_log_hash"] for answer in answers}) == 1, "runs differ"
    rows = answers[0]["rows"]
    rates = [rows / seconds for seconds, _, _ in runs]
    return [
        ("rows", f"{rows:,}"),
        ("wall time of the process, s", spread([seconds for seconds, _, _ in runs])),
        ("rows/s by wall time, unzip and default model included", f"{statistics.median(rates):,.0f}"),
        ("peak resident memory, MB", spread([memory for _, _, memory in runs])),
    ]


def journalled(binary, site):
    """The whole day through journal and hub, as fast as it goes, at both durabilities in turn."""
    rates = {"normal": [], "full": []}
    for _ in range(3):
        for mode, found in rates.items():
            arguments = ["--feed", f"replay:{DAY}", "--speed", "max"]
            with Server(binary, site, *arguments, PLAINSIGHT_STORE__SYNCHRONOUS=mode) as server:
                health = server.until(lambda health: health["feed"]["state"] == "ended")
                found.append(health["feed"]["rows"] / (time.monotonic() - server.started))
    ratio = statistics.median(a / b for a, b in zip(rates["normal"], rates["full"]))
    return [
        ("rows/s, journalled and published, synchronous = normal", spread(rates["normal"])),
        ("the same, synchronous = full", spread(rates["full"])),
        ("normal / full", f"{ratio:.2f}"),
    ]


def latency(binary, site):
    """From an item's arrival to its publication, as the server measures it."""
    with Server(binary, site, "--speed", "10") as server:
        server.until(lambda health: health["process"]["uptime_s"] >= 30)
        health = server.health()
    rows = []
    for name, label in [("received_to_journalled", "arrival → committed"), ("received_to_published", "arrival → published")]:
        found = health[name]
        rows.append((f"{label}, µs: p50 / p95 / p99 (n)", f"{found['p50_us']} / {found['p95_us']} / {found['p99_us']} ({found['n']:,})"))
    rows.append(("resident memory after 30 s, MB", f"{health['process']['resident_bytes'] / 1e6:.0f}"))
    return rows


RESTING = 10_000


def reaction(binary, site):
    """From a tick's arrival to the journalled publication of what it triggers."""
    if not shutil.which("node"):
        return [("reaction through the journal", "not run: node is not installed (make setup-test)")]
    money = {"PLAINSIGHT_EXCHANGE__INITIAL_CASH": "100000000", "PLAINSIGHT_AGENT__ENABLED": "false"}
    rows = []
    for count in (0, RESTING):
        with Server(binary, site, "--speed", "10", **money) as server:
            server.until(lambda health: health["ready"])
            time.sleep(3)
            command = ["node", "--experimental-websocket", ROOT / "benches/reaction.mjs", server.url, str(count), "40"]
            found = json.loads(subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True).stdout)
        rows.append((f"arrival → published trigger, {count:,} resting, µs: p50 / p99 / max (n)", f"{found['p50']} / {found['p99']} / {found['max']} ({found['n']:,})"))
    return rows


def nanoseconds(name):
    """The median that criterion found last."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "criterion"
    # criterion makes one directory of a name, whatever is in it; a group is a directory around it.
    path = target.joinpath(*(part.replace("/", "_") for part in name.split("|"))) / "new/estimates.json"
    return json.loads(path.read_text())["median"]["point_estimate"] if path.exists() else None


def decisions():
    """What deciding, scoring and sealing cost, by criterion."""
    for bench in ("decisions", "scores", "seal"):
        subprocess.run([*BENCH, bench, "--", "--warm-up-time", "1", "--measurement-time", "3"], cwd=ROOT, capture_output=True, check=True)
    figures = [
        ("one decision: market to forecast, rules, record, judgement, lesson, score, both entries sealed, µs", "decision/whole", 1e3),
        ("of it the online model, features included, 5m / 4h, µs", ("decision|online-logistic/5m", "decision|online-logistic/4h"), 1e3),
        ("one lesson, µs", "decision|lesson", 1e3),
        ("one score, 200 groups full, µs", "scores|score one resolved decision", 1e3),
        ("one order sealed: canonical form, hash, tree, µs", "seal_entry|canonical_hash_frontier", 1e3),
        ("an ONNX model (a small network) asked and answered outside, thread to thread, µs", "decision|mlp/5m/asked", 1e3),
        ("inclusion proof, 1,000,000 entries, from the database, ms", "proof|inclusion", 1e6),
        ("consistency proof, 1,000,000 entries, from the database, ms", "proof|consistency", 1e6),
        ("what `models:<bot>` shows, 3 symbols with a day of minutes, µs", "models/3 symbols, a day", 1e3),
    ]
    rows = []
    for what, names, unit in figures:
        found = [nanoseconds(name) for name in ([names] if isinstance(names, str) else names)]
        rows.append((what, " / ".join("not run" if time is None else f"{time / unit:,.2f}" for time in found)))
    return rows


def core():
    """The synchronous core by itself, by criterion: medians with their 95 % intervals."""
    run = subprocess.run([*BENCH, "exchange"], cwd=ROOT, capture_output=True, text=True, check=True)
    ticks = {count: nanoseconds(f"tick|{count}") for count in (0, 1_000, 10_000, 100_000)}
    rows = [(f"ticks/s with {count:,} resting orders, one in ten trailing (ratio to none)", f"{1e9 / time:,.0f} ({time / ticks[0]:.2f})") for count, time in ticks.items()]
    found = json.loads(run.stdout.strip().splitlines()[-1])["reaction_us"]
    rows.append((f"tick → trigger in the core, {RESTING:,} resting, µs: p50 / p99 / max (n)", f"{found['p50']} / {found['p99']} / {found['max']} ({found['n']:,})"))
    rows.append(("revaluation of 1,000 positions and their account, ms", f"{nanoseconds('revaluation_1000') / 1e6:.2f}"))
    day = {count: nanoseconds(f"recorded_day|{count}") for count in (0, RESTING)}
    if all(day.values()):
        trades = 863_402
        for count, time in day.items():
            rows.append((f"the recorded day with {count:,} conditional orders, rows/s (ratio to none)", f"{trades / (time / 1e9):,.0f} ({time / day[0]:.2f})"))
    return rows


def browser(binary, site):
    """From navigation to a hydrated page, in Chromium."""
    script = ROOT / "end2end/measure-hydration.mjs"
    if not script.exists() or not (ROOT / "node_modules/@playwright/test").exists():
        return [("navigation → hydrated", "not run: Playwright is not installed (make setup-test)")]
    with Server(binary, site) as server:
        server.until(lambda health: health["ready"])
        time.sleep(3)
        found = subprocess.run(["node", script, server.url], cwd=ROOT, env=server.environment, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return [("navigation → hydrated", f"not run: {found.stderr.strip().splitlines()[-1:]}")]
    return [("navigation → hydrated, Overview", found.stdout.strip().replace("\n", "; "))]


def sizes(site):
    rows = []
    for path in sorted((site / "pkg").glob("*.wasm")):
        packed = path.with_suffix(".wasm.br")
        rows.append((f"{path.name}, kB raw / brotli", f"{path.stat().st_size / 1000:,.0f} / {packed.stat().st_size / 1000:,.0f}"))
    return rows


def table(rows):
    return "\n".join(["| what | figure |", "| --- | --- |", *(f"| {what} | {figure} |" for what, figure in rows)])


def fanout():
    """The section that benches/fanout.py wrote, as it stands."""
    begin, end = "<!-- fanout:begin -->", "<!-- fanout:end -->"
    page = PAGE.read_text() if PAGE.exists() else ""
    if begin not in page or end not in page:
        return "Not run: fan-out to many clients (make bench-fanout)."
    return begin + page.split(begin, 1)[1].split(end, 1)[0] + end


def kept(title):
    """A section's table as an earlier run wrote it."""
    page = PAGE.read_text() if PAGE.exists() else ""
    found = page.split(f"## {title}\n", 1)
    return found[1].split("\n## ", 1)[0].split("<!--", 1)[0].strip() if len(found) == 2 else "Not run."


def main():
    binary, site = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    sections = [("WASM", lambda: sizes(site))]
    if DAY.exists():
        sections.append(("Offline replay of a recorded day", lambda: replay(binary)))
        sections.append(("The same day through journal and hub", lambda: journalled(binary, site)))
    sections.append(("Latency, simulated feed at ten times market time", lambda: latency(binary, site)))
    sections.append(("Paper exchange, the core by itself", core))
    sections.append(("Paper exchange, through journal and hub, simulated feed at ten times market time", lambda: reaction(binary, site)))
    sections.append(("Decisions and the sealed log", decisions))
    sections.append(("Flood: everything at once that a server must not be troubled by, for a minute", lambda: flood(binary, site)))
    sections.append(("Five dialects: 200 clients of each at once for a minute, simulated feed at ten times market time", lambda: dialects(binary, site)))
    sections.append(("Browser", lambda: browser(binary, site)))
    text = [
        "# Benchmarks",
        "",
        "Made by `make bench`; do not edit. Medians, with the smallest and largest run in brackets. Machines are",
        "noisy: compare the ratios of one run, not figures of two.",
        "",
        f"- commit: {output('git', 'rev-parse', '--short=12', 'HEAD')}{' with uncommitted changes' if output('git', 'status', '--porcelain', '--untracked-files=no') else ''}",
        f"- machine: {processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        f"- rustc: {output('rustc', '--version')}",
    ]
    wanted = sys.argv[3:]
    for title, measure in sections:
        if wanted and not any(title.startswith(start) for start in wanted):
            text += ["", f"## {title}", "", kept(title)]
            continue
        print(f"{title} …", flush=True)
        text += ["", f"## {title}", "", table(measure())]
    if not DAY.exists():
        text += ["", f"Not run: the replays, because {DAY.parent} is absent."]
    text += ["", fanout()]
    PAGE.write_text("\n".join(text) + "\n")
    print("wrote docs/benchmarks.md")


main()
