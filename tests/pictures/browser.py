# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a window, driven by its DevTools protocol over pipes."""

import base64
import fcntl
import json
import os
import select
import subprocess
import sys
import time

PATIENCE = 60                   # seconds that anything may take

# Chromium reads commands from descriptor 3 and writes to 4.
START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""

KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}


def _pipe():
    """A pipe, whose descriptors are none of those that Chromium uses."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """A browser with one page."""

    def __init__(self, profile):
        read, self._out = _pipe()
        self._in, write = _pipe()
        command = ["chromium", "--headless", "--remote-debugging-pipe",
                   f"--user-data-dir={profile}", "--disable-gpu", "--hide-scrollbars",
                   "--disable-extensions", "--disable-dev-shm-usage",
                   "--disable-background-networking", "--no-first-run",
                   "--force-color-profile=srgb", "--force-device-scale-factor=1"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        self._process = subprocess.Popen(
            [sys.executable, "-c", START, str(read), str(write), *command, "about:blank"],
            pass_fds=(read, write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read)
        os.close(write)
        self._got = b""
        self._number = 0
        self._session = None
        self._events = []
        self.asked_for = []     # what the page that is shown has asked for
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target,
                                  flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    def close(self):
        """End the browser and wait for it."""
        try:
            self._session = None
            self.call("Browser.close")
            self._process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def _message(self):
        """The next message of the browser."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._got:
            ready, _, _ = select.select([self._in], [], [], max(0, end - time.monotonic()))
            some = os.read(self._in, 1 << 20) if ready else b""
            if not some:
                raise RuntimeError("chromium says nothing")
            self._got += some
        text, self._got = self._got.split(b"\0", 1)
        message = json.loads(text)
        self._events.append(message.get("method"))
        if message.get("method") == "Network.requestWillBeSent":
            self.asked_for.append(message["params"]["request"]["url"])
        return message

    def call(self, method, **parameters):
        """The result of a command of the protocol."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        while True:
            message = self._message()
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def open(self, path, width=1280, height=1200, dark=False, scripts=True):
        """Show a file."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._events.clear()
        self.asked_for.clear()
        self.call("Page.navigate", url=f"file://{path}")
        while "Page.loadEventFired" not in self._events:
            self._message()

    def evaluate(self, expression):
        """The value of an expression of JavaScript."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression[:200]}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def press(self, key):
        """Press a key."""
        code, text = KEYS[key]
        event = {"key": key, "code": {" ": "Space"}.get(key, key),
                 "windowsVirtualKeyCode": code}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.call("Input.dispatchKeyEvent", **down, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def write(self, text):
        """Write into what has the focus."""
        self.call("Input.insertText", text=text)

    def click(self, x, y):
        """Click at a place."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                      clickCount=1)

    def screenshot(self, clip=None):
        """What is in the window, or a part (x, y, width and height), as PNG."""
        more = {"clip": dict(zip(("x", "y", "width", "height"), clip), scale=1)} if clip else {}
        return base64.b64decode(self.call("Page.captureScreenshot", **more)["data"])
