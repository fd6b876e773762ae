"""A real Chromium, headless, through its DevTools protocol: what a page draws, logs and looks like."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BINARY = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One tab.

    :param console: what scripts logged as errors or warnings, uncaught errors and what a policy refused.
    :param requests: addresses that the page asked for.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._count = 0
        self.console: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")

    def open(self, page: Path, *, width: int = 1100, height: int = 900, dark: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=page.as_uri())
        self.wait_until("document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """Return what a JavaScript expression gives, as plain JSON."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait_until(self, expression: str, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < end, f"never true: {expression}; console: {self.console}"
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        taken = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        self._connection.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._connection.recv(timeout=30))
            if told.get("id") == self._count:
                assert "error" not in told, told
                return dict(told["result"])
            self._note(told)

    def _note(self, told: dict[str, Any]) -> None:
        about = told.get("params", {})
        if told["method"] == "Runtime.exceptionThrown":
            self.console.append(json.dumps(about["exceptionDetails"]))
        elif told["method"] == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.console.append(json.dumps(about["args"]))
        elif told["method"] == "Log.entryAdded":
            self.console.append(f"{about['entry']['level']}: {about['entry']['text']}")
        elif told["method"] == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium of its own, ended at the end."""
    assert BINARY is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        started = subprocess.Popen(
            [BINARY, *options, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(_tab(Path(profile)), max_size=None) as connection:
                yield Browser(connection)
        finally:
            started.terminate()
            started.wait(timeout=10)


def _tab(profile: Path) -> str:
    """Return the address of the first tab, once the browser listens on a port of loopback."""
    for _ in range(200):
        with suppress(OSError, IndexError):
            port = (profile / "DevToolsActivePort").read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                return str(next(tab for tab in json.load(answer) if tab["type"] == "page")["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError("Chromium did not start within ten seconds")
