# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium, spoken to by its DevTools protocol over two pipes."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-sandbox",
         "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update",
         "--force-color-profile=srgb", "--font-render-hinting=none")


def find():
    """The program, or None."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    return None


class Browser:
    """One page in one browser; `errors` gathers what its console complains of."""

    def __init__(self, program, patience=60):
        self.home = tempfile.mkdtemp(prefix="vkept-browser.")
        self.patience = patience
        self.errors = []
        self.number = 0
        self.pending = b""
        self.events = []
        read_end, self.out = os.pipe()
        self.into, write_end = os.pipe()

        def place():
            # The browser reads what is 3 and writes what is 4.
            one, two = os.dup(read_end), os.dup(write_end)
            os.dup2(one, 3)
            os.dup2(two, 4)

        # A home of its own: nothing of the user's is read or left behind.
        env = dict(os.environ, HOME=self.home, XDG_CONFIG_HOME=self.home)
        self.process = subprocess.Popen(
            [program, *FLAGS, "--user-data-dir=" + self.home, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4, read_end, write_end), preexec_fn=place, env=env)
        os.close(read_end)
        os.close(write_end)
        self.session = None
        targets = self.ask("Target.getTargets")["targetInfos"]
        target = [t for t in targets if t["type"] == "page"][0]["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def message(self):
        """The next message of the browser."""
        until = time.monotonic() + self.patience
        while b"\0" not in self.pending:
            if not select.select([self.into], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.into, 1 << 20)
            if not more:
                raise EOFError("the browser has gone")
            self.pending += more
        line, self.pending = self.pending.split(b"\0", 1)
        return json.loads(line)

    def take(self, message):
        """Keeps an event; complaints are errors."""
        name, said = message.get("method"), message.get("params", {})
        if name == "Runtime.exceptionThrown":
            self.errors.append("exception: " + json.dumps(said["exceptionDetails"])[:600])
        elif name == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning",
                                                                   "assert"):
            self.errors.append("console: " + json.dumps(said["args"])[:600])
        elif name == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.errors.append("log: " + said["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            url = said["request"]["url"]
            if not url.startswith(("file:", "about:")):
                self.errors.append("network: " + url[:200])
        self.events.append(name)

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(method + ": " + message["error"]["message"])
                return message["result"]
            self.take(message)

    def open(self, path, fragment=""):
        # By way of an empty page: a change of the fragment alone would load nothing.
        for url in ("about:blank", "file://" + os.path.abspath(path) + fragment):
            self.events.clear()
            self.ask("Page.navigate", url=url)
            while "Page.loadEventFired" not in self.events:
                self.take(self.message())
        self.settle()

    def run(self, script):
        """The value of an expression in the page."""
        result = self.ask("Runtime.evaluate", expression=script, awaitPromise=True,
                          returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(script + ": " + json.dumps(result["exceptionDetails"])[:600])
        return result["result"].get("value")

    def settle(self):
        """Waits until two frames have been drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() =>"
                 " requestAnimationFrame(() => done(1))))")

    def key(self, name):
        code = {"Left": 37, "Up": 38, "Right": 39, "Down": 40}.get(name[5:], 0) \
            if name.startswith("Arrow") else {"Home": 36, "End": 35, "Tab": 9}.get(
                name, ord(name.upper()) if len(name) == 1 else 0)
        text = {"text": name} if len(name) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                     windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {}))
        self.settle()

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                     clickCount=1)
        self.settle()

    def size(self, width, height, phone=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.settle()

    def look(self, scheme="light", media=""):
        self.ask("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        self.settle()

    def screenshot(self, path, whole=False):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask(
                "Page.captureScreenshot", captureBeyondViewport=whole,
                format="png")["data"]))

    def pdf(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("Page.printToPDF",
                                                 printBackground=True)["data"]))
