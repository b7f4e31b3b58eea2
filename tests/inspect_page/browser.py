"""A headless Chromium that this process drives through two pipes, in the DevTools protocol."""

import base64
import json
import os
import select
import subprocess
import tempfile
import time

# The longest time that the browser takes for a command. A slow machine needs some seconds.
SECONDS = 120

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe""".split()


class Browser:
    """A browser with one open page. Ends with the `with` block."""

    def __init__(self, program, libraries=""):
        self.profile = tempfile.TemporaryDirectory(prefix="event-router-chromium-", ignore_cleanup_errors=True)
        # Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        shell = 'exec "$0" "$@" 3<&"$COMMANDS" 4>&"$ANSWERS"'
        variables = {"COMMANDS": str(commands), "ANSWERS": str(answers), "HOME": self.profile.name}
        if libraries:
            variables["LD_LIBRARY_PATH"] = libraries
        self.log = open(os.path.join(self.profile.name, "log"), "w+b")
        self.process = subprocess.Popen(
            ["bash", "-c", shell, program, *FLAGS, f"--user-data-dir={self.profile.name}/profile", "about:blank"],
            pass_fds=(commands, answers),
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        os.close(commands)
        os.close(answers)
        self.number, self.rest, self.session, self.events = 0, b"", None, []

    def __enter__(self):
        pages = self.call("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        return self

    def __exit__(self, *error):
        os.close(self.commands)
        self.process.kill()
        self.process.wait()
        os.close(self.answers)
        self.log.close()
        self.profile.cleanup()

    def call(self, method, **parameters):
        """Sends a command and returns its result. Keeps the events that arrive meanwhile."""
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data) :]
        answer = self._wait_for(method, lambda message: message.get("id") == number)
        if "error" in answer:
            raise SystemExit(f"{method} failed: {answer['error']['message']}")
        return answer["result"]

    def open(self, url, width, dark):
        """Opens a page in a window of this width, in light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self.events.clear()
        opened = self.call("Page.navigate", url=url)
        if "errorText" in opened:
            raise SystemExit(f"{url} cannot be opened: {opened['errorText']}")
        loaded = lambda message: message.get("method") == "Page.loadEventFired"  # noqa: E731
        if not any(map(loaded, self.events)):
            self._wait_for("the page", loaded)

    def requests(self):
        """Returns the addresses that the page has requested since it was opened."""
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [request["request"]["url"] for request in sent]

    def run(self, function, *arguments):
        """Returns what a JavaScript function returns for these arguments, once its promises are settled."""
        arguments = ", ".join(map(json.dumps, arguments))
        expression = f"({function})({arguments})"
        ended = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in ended:
            raise SystemExit(f"JavaScript failed: {json.dumps(ended['exceptionDetails'])[:2000]}")
        return ended["result"].get("value")

    def screenshot(self, path, width, top=0, height=5000):
        """Writes a picture of a part of the page."""
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _wait_for(self, what, wanted):
        deadline = time.monotonic() + SECONDS
        while True:
            while b"\0" in self.rest:
                line, self.rest = self.rest.split(b"\0", 1)
                message = json.loads(line)
                if "id" not in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.answers, 1 << 20) if ready else b""
            if not data:
                self.log.seek(0)
                log = self.log.read().decode(errors="replace")[-3000:]
                why = "ended" if ready else f"did not answer within {SECONDS} s"
                raise SystemExit(f"Chromium {why}, while waiting for {what}\n{log}")
            self.rest += data
