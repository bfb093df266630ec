#!/usr/bin/env python3
"""Writes vectors.json beside this file: what scikit-learn, statsmodels and numpy say of some series of
decisions, for src/engine/scores/fixtures.rs to hold ours against.

    pip install numpy==2.4.6 scikit-learn==1.9.1 statsmodels==0.15.0
    python3 src/tests/scores/make_vectors.py

p is the confidence, o whether the decision was right, r the return that came. The i-th decision expected
up, down, flat in turn. Nothing of ours is in here: the Brier score, the log loss, the curve and the bands
are those libraries'; what none of them has (Murphy's decomposition with what is left within bins, the
expected calibration error) is computed by its definition from calibration_curve's own bins.
"""

import json
import pathlib

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss
from statsmodels.stats.proportion import proportion_confint

BINS = 10
EDGES = np.linspace(0.0, 1.0, BINS + 1)
rng = np.random.default_rng(20240131)


def own_direction(r):
    """Up: r, down: -r, flat: -|r|."""
    turn = np.arange(len(r)) % 3
    return np.select([turn == 0, turn == 1], [r, -r], -np.abs(r))


def band(hits, n):
    low, high = proportion_confint(hits, n, alpha=0.05, method="wilson")
    return float(low), float(high)


def figures(p, o, r):
    n = len(p)
    if n == 0:
        return None
    gain = own_direction(r)
    low, high = band(int(o.sum()), n)
    true, pred = calibration_curve(o, p, pos_label=1, n_bins=BINS, strategy="uniform")
    of = np.searchsorted(EDGES[1:-1], p)
    bins = []
    reliability = resolution = within = ece = 0.0
    base = o.mean()
    filled = 0
    for k in range(BINS):
        inside = of == k
        count = int(inside.sum())
        if count == 0:
            bins.append(None)
            continue
        hits = int(o[inside].sum())
        k_low, k_high = band(hits, count)
        # The library's own curve has an entry for each bin that is not empty.
        bar_p, bar_o = float(pred[filled]), float(true[filled])
        filled += 1
        reliability += count * (bar_p - bar_o) ** 2
        resolution += count * (bar_o - base) ** 2
        variance = ((p[inside] - bar_p) ** 2).sum()
        covariance = ((p[inside] - bar_p) * (o[inside] - bar_o)).sum()
        within += variance - 2 * covariance
        ece += count * abs(bar_o - bar_p)
        bins.append(
            {
                "n": count,
                "hits": hits,
                "confidence": bar_p,
                "hit_rate": bar_o,
                "low": k_low,
                "high": k_high,
                "mean_return": float(gain[inside].mean()),
            }
        )
    assert filled == len(true)
    found = {
        "hits": int(o.sum()),
        "hit_rate": float(base),
        "low": low,
        "high": high,
        "brier": float(brier_score_loss(o, p, pos_label=1, labels=[0, 1])),
        "reliability": float(reliability / n),
        "resolution": float(resolution / n),
        "uncertainty": float(base * (1 - base)),
        "within": float(within / n),
        "log_loss": float(log_loss(o, p, labels=[0, 1])),
        "ece": float(ece / n),
        "mean_return": float(gain.mean()),
        "bins": bins,
    }
    parts = found["reliability"] - found["resolution"] + found["uncertainty"] + found["within"]
    assert abs(parts - found["brier"]) < 1e-14, (parts, found["brier"])
    return found


def case(name, p, o, r=None):
    p = np.asarray(p, dtype=float)
    o = np.asarray(o, dtype=int)
    r = returns(len(p)) if r is None else np.asarray(r, dtype=float)
    return {
        "name": name,
        "p": p.tolist(),
        "o": o.tolist(),
        "r": r.tolist(),
        "figures": figures(p, o, r),
    }


def returns(n):
    return rng.normal(0, 0.002, n).round(6)


def drawn(p):
    """As often right as p says."""
    return (rng.random(len(p)) < p).astype(int)


def uniform(n):
    return rng.random(n).round(6)


def long():
    """Too long to be written down: by formula, the same one on the other side."""
    n = 100_000
    i = np.arange(n, dtype=np.int64)
    p = ((7919 * i + 13) % 100_003) / 100_003
    o = (((104_729 * i + 7) % 1009) / 1009 < p).astype(int)
    r = ((6271 * i + 11) % 2003 - 1000) / 250_000
    return {"name": "long", "n": n, "figures": figures(p, o, r)}


def market():
    closes = (100 * np.cumprod(1 + rng.normal(0, 0.001, 300))).round(4)
    r = closes[1:] / closes[:-1] - 1
    hour = r[-60:]
    return {
        "closes": closes.tolist(),
        "volatility": float(r.std(ddof=1) * np.sqrt(525_600)),
        "hour_volatility": float(hour.std(ddof=1) * np.sqrt(525_600)),
        "trend": float((closes[-1] / closes[-61] - 1) / (hour.std(ddof=1) * np.sqrt(60))),
    }


def risk():
    weights = np.array([0.6, -0.25, 0.1])
    r = rng.normal(0, 0.001, (3, 200)).round(6)
    return {
        "weights": weights.tolist(),
        "minute_returns": r.tolist(),
        "var": float(np.percentile(weights @ r, 5) * np.sqrt(1440)),
    }


def main():
    edges = EDGES.tolist()
    around = sorted({x for e in edges for x in (np.nextafter(e, 0), e, np.nextafter(e, 1))} | {0.3, 0.6, 0.7})
    grouped = rng.choice([0.05, 0.35, 0.52, 0.55, 0.61, 0.75, 0.98], 1000)
    five, thirty, thousand = uniform(5), uniform(30), uniform(1000)
    vectors = {
        "cases": [
            case("nothing", [], []),
            case("one right", [0.7], [1]),
            case("one wrong", [0.7], [0]),
            case("five", five, drawn(five)),
            case("thirty", thirty, drawn(thirty)),
            case("a thousand, uniform", thousand, drawn(thousand)),
            case("a thousand, grouped", grouped, drawn(grouped)),
            case("edges, right and wrong in turn", edges * 2, np.arange(2 * len(edges)) % 2),
            case("around the edges", around, drawn(np.array(around))),
            case("all right", five.tolist() + [1.0], np.ones(6)),
            case("all wrong", five.tolist() + [0.0], np.zeros(6)),
            case("certain and wrong", [0.0, 1.0, 1.0], [1, 0, 0]),
            case("certain and right", [0.0, 1.0, 1.0], [0, 1, 1]),
        ],
        "long": long(),
        "market": market(),
        "risk": risk(),
    }
    path = pathlib.Path(__file__).with_name("vectors.json")
    path.write_text(json.dumps(vectors, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
