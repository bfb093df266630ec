"""What all clients check: fields with their types, cadences, silence."""

import json
import os
import sys
import time

URL = sys.argv[1]
WS = URL.replace("http", "ws", 1)
TOKEN = os.environ["PLAINSIGHT_TOKEN"]
NUMBER = (int, float)
TEXT = str
# A figure that may be undefined.
MAYBE = (int, float, type(None))


def fields(found, **expected):
    """Every field is there and of its type; `found` may have more."""
    for name, kind in expected.items():
        assert name in found, f"{name} is missing in {found}"
        value = found[name]
        # A bool is an int to Python, and no number to anybody else.
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        assert is_right, f"{name} is {value!r} in {found}"


def cadence(name, times, expected):
    """The mean distance of these moments is as expected, within a fifth."""
    assert len(times) > 3, f"{name} came {len(times)} times"
    mean = (times[-1] - times[0]) / (len(times) - 1)
    assert 0.8 * expected <= mean <= 1.2 * expected, f"{name} every {mean:.2f} s, not {expected} s"


class Heard:
    """Messages by their names, with the moments at which they came."""

    def __init__(self):
        self.messages = {}

    def add(self, name, data):
        self.messages.setdefault(name, []).append((time.monotonic(), data))

    def all(self, name):
        return [data for _, data in self.messages.get(name, [])]

    def times(self, name):
        return [at for at, _ in self.messages.get(name, [])]

    def clear(self):
        self.messages.clear()


def read(text):
    return json.loads(text)
