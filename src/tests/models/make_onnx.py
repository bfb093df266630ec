#!/usr/bin/env python3
"""Makes the small ONNX models that the tests run, and what Python computes from them.

    pip install numpy==2.4.6 scikit-learn==1.9.1 onnx==1.23.2 skl2onnx==1.20.0 onnxruntime==1.31.1
    python src/tests/models/make_onnx.py

It writes, beside itself, `logistic.onnx`, `mlp.onnx`, `forest.onnx` (probabilities of down and
up), `single.onnx` (one value; NaN for a negative first feature), `narrow.onnx` and
`three_classes.onnx` (which must be refused), and `expected.json`: rows of eight features in the order
of docs/MODELS.md, and of each model the probability of "up" by scikit-learn and by onnxruntime.
The seed is fixed. Scaling is folded into the coefficients: a file takes the features as they are.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, save
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
FEATURES = 8
ROWS = 64
OPSET = {"": 17, "ai.onnx.ml": 3}


def training_data(rng):
    """A toy market: two features matter by themselves, two by their product."""
    x = np.clip(rng.normal(0.1, 1.1, (4_000, FEATURES)), -3, 3)
    log_odds = 0.8 * x[:, 0] - 0.6 * x[:, 1] + 0.5 * x[:, 3] * x[:, 7]
    return x, rng.random(len(x)) < 1 / (1 + np.exp(-log_odds))


def test_rows(rng):
    rows = np.clip(rng.normal(0, 1.4, (ROWS, FEATURES)), -3, 3).round(3)
    rows[0], rows[1], rows[2] = 0, 3, -3
    return rows.astype(np.float32)


def logistic(x, y):
    scaler = StandardScaler().fit(x)
    model = LogisticRegression().fit(scaler.transform(x), y)
    model.coef_ = model.coef_ / scaler.scale_
    model.intercept_ = model.intercept_ - model.coef_ @ scaler.mean_
    return model


def mlp(x, y):
    scaler = StandardScaler().fit(x)
    model = MLPClassifier((12,), random_state=1, max_iter=400).fit(scaler.transform(x), y)
    first = model.coefs_[0] / scaler.scale_[:, None]
    model.coefs_[0] = first
    model.intercepts_[0] = model.intercepts_[0] - scaler.mean_ @ first
    return model


def forest(x, y):
    """Not GradientBoostingClassifier: tract refuses the single `base_values` that skl2onnx writes."""
    return RandomForestClassifier(n_estimators=10, max_depth=3, random_state=1).fit(x, y)


def export(name, model, width=FEATURES):
    options = {id(model): {"zipmap": False}}
    sample = np.zeros((1, width), np.float32)
    file = to_onnx(model, sample, options=options, target_opset=OPSET, name=name)
    save(file, HERE / f"{name}.onnx")


def single():
    """The square root of the first feature as one value: NaN below 0, no probability above 1."""
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    nodes = [
        helper.make_node("Gather", ["features", "first"], ["value"], axis=1),
        helper.make_node("Sqrt", ["value"], ["up"]),
    ]
    first = helper.make_tensor("first", TensorProto.INT64, [1], [0])
    graph = helper.make_graph(
        nodes, "single", [value("features", [None, FEATURES])], [value("up", [None, 1])], [first]
    )
    imports = [helper.make_opsetid("", OPSET[""])]
    save(helper.make_model(graph, opset_imports=imports, ir_version=8), HERE / "single.onnx")


def main():
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(20240101)
    x, y = training_data(rng)
    rows = test_rows(rng)
    expected = {"rows": [[float(str(value)) for value in row] for row in rows], "models": {}}
    for name, make in {"logistic": logistic, "mlp": mlp, "forest": forest}.items():
        model = make(x, y)
        export(name, model)
        session = onnxruntime.InferenceSession(HERE / f"{name}.onnx")
        ours = session.run(["probabilities"], {"X": rows})[0][:, 1]
        theirs = model.predict_proba(rows.astype(np.float64))[:, 1]
        print(f"{name}: scikit-learn and onnxruntime differ by at most {abs(ours - theirs).max():.1e}")
        expected["models"][name] = {
            "scikit_learn": [round(float(p), 9) for p in theirs],
            "onnxruntime": [round(float(p), 9) for p in ours],
        }
    single()
    export("narrow", logistic(x[:, :7], y), 7)
    export("three_classes", logistic(x, y.astype(int) + (x[:, 2] > 1)))
    text = json.dumps(expected).replace("], [", "],\n[").replace("}, ", "},\n")
    (HERE / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
