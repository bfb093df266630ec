"""The server under measurement: the real program on a free port, with a data directory of its own."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# For who measures from one address and is one user: as good as no limit.
ROOMY = {
    f"PLAINSIGHT_LIMITS__{name}": "1000000"
    for name in (
        *("CONNECTIONS_PER_ADDRESS", "SOCKETS_PER_ADDRESS", "REQUESTS_PER_S", "REQUEST_BURST"),
        *("SOCKETS_PER_USER", "USER_REQUESTS_PER_S", "USER_REQUEST_BURST", "COMMANDS_PER_S", "COMMAND_BURST"),
    )
}


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def load(binary, *arguments):
    """The command of the load tool, which the release build puts beside the program."""
    return [binary.with_name("plainsight-load"), *map(str, arguments)]


def operator_token(binary, data):
    """Makes an operator in a data directory that nothing has been started on, and a token that may do all it may."""
    add = [binary, "user", "add", "operator", "--role", "operator", "--password-stdin", "--data", data]
    subprocess.run(add, cwd=ROOT, input=secrets.token_urlsafe(), text=True, stdout=subprocess.DEVNULL, check=True)
    scope = ["--scope", "read,trade,ingest", "--expires", "1d"]
    return output(binary, "token", "create", "--user", "operator", *scope, "--data", data)


class Server:
    """One that runs until the end of its block. `limits` are settings of `[limits]` by their environment variables."""

    def __init__(self, binary, site, *arguments, limits=ROOMY, **environment):
        self.data = tempfile.mkdtemp(prefix="plainsight-bench-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.token = operator_token(binary, self.data)
        command = [binary, "serve", "--addr", f"127.0.0.1:{self.port}", "--data", self.data, *arguments]
        environ = {**os.environ, "LEPTOS_SITE_ROOT": str(site), "PLAINSIGHT_LOG__FILTER": "error", **limits, **environment}
        self.started = time.monotonic()
        self.child = subprocess.Popen(command, cwd=ROOT, env=environ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(timeout=30)
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def environment(self):
        """For programs that are to be an operator here."""
        return {**os.environ, "PLAINSIGHT_TOKEN": self.token}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self):
        return f"ws://127.0.0.1:{self.port}/v1/ws"

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read().decode()

    def health(self):
        try:
            return json.loads(self.get("/health"))
        except OSError:
            return None

    def until(self, condition, seconds=300):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            health = self.health()
            if health and condition(health):
                return health
            time.sleep(0.05)
        raise SystemExit("the server did not get there in time")
