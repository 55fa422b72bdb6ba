#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a report in Chromium without a window, on a desktop, a tablet and a phone, light and dark, and checks it.

    scripts/check-report.py PAGE.html [FOLDER FOR SCREENSHOTS]

No error on the console, nothing fetched, nothing wider than the screen, a text for every picture, a contrast of
4.5 for every text, sliders that move by mouse and by keys. Needs Python 3 and Chromium alone: they talk over a
pipe (--remote-debugging-pipe). Without Chromium it says so and checks nothing.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SCREENS = [(width, scheme) for width in (1440, 768, 390) for scheme in ("light", "dark")]

CHECKS = (pathlib.Path(__file__).parent / "check-report.js").read_text()


class Browser:
    """Chromium, asked in its own protocol: JSON between zero bytes on descriptors 3 and 4."""

    def __init__(self, program, profile):
        to_browser, self.out = os.pipe()
        self.inp, from_browser = os.pipe()

        def keep():
            # Moved up first, for the two may be each other's targets.
            high = os.dup2(to_browser, 200), os.dup2(from_browser, 201)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "--no-first-run"],
            preexec_fn=keep, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.number, self.session, self.events = b"", 0, None, []

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def wait(self, method):
        while not any(event["method"] == method for event in self.events):
            self.read()

    def read(self):
        while b"\0" not in self.rest:
            piece = os.read(self.inp, 1 << 20)
            if not piece:
                raise RuntimeError("Chromium has ended")
            self.rest += piece
        line, self.rest = self.rest.split(b"\0", 1)
        answer = json.loads(line)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def value(self, script):
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description", script))
        return result["result"].get("value")

    def close(self):
        os.close(self.out)
        self.process.wait(timeout=20)


def open_page(browser, page, width, scheme):
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.ask(f"{domain}.enable")
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                mobile=width < 500)
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.ask("Page.navigate", url=page.as_uri())
    browser.wait("Page.loadEventFired")
    return target


def console(browser, page):
    """What the page said or fetched that it should not have."""
    found = []
    for event in browser.events:
        method, said = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            found.append("exception: " + said["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            found.append("console: " + str(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            found.append("log: " + said["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = said["request"]["url"]
            if not url.startswith("data:") and url != page.as_uri():
                found.append("fetched " + url)
    return found


def sliders(browser):
    """Moves the first slider by keys, then by mouse, then by dragging on the image."""
    if not browser.value("!!document.querySelector('.slider')"):
        return []
    found = []
    browser.value("document.querySelector('.slider').scrollIntoView({block: 'center'})")

    def place():
        return browser.value("checks.seam()")

    def expect(what, test):
        if not test(place()):
            found.append(f"the slider does not move by {what}: it is at {place()} %")

    browser.value("document.querySelector('.slider').focus()")
    for _ in range(5):
        for kind in ("keyDown", "keyUp"):
            browser.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight",
                        windowsVirtualKeyCode=39)
    expect("keys", lambda x: x == 55)
    for selector, share in ((".slider", 0.2), (".stack", 0.8)):
        box = browser.value(f"checks.box('{selector}')")
        x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
        start = box["x"] + box["width"] / 2
        for kind, at in (("mousePressed", start), ("mouseMoved", x), ("mouseReleased", x)):
            browser.ask("Input.dispatchMouseEvent", type=kind, x=at, y=y, button="left", buttons=1, clickCount=1)
        expect(f"mouse on {selector}", lambda found, share=share: abs(found - 100 * share) < 4)
    return found


def screenshot(browser, file):
    size = browser.ask("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
    shot = browser.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
    file.write_bytes(base64.b64decode(shot["data"]))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        print("SKIPPED: there is no Chromium (Debian: chromium) to open the report in")
        return
    page = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    troubles = []
    size = page.stat().st_size
    if size >= 10_000_000:
        troubles.append(f"the page has {size} bytes, expected fewer than 10 MB")
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, profile)
        for width, scheme in SCREENS:
            target = open_page(browser, page, width, scheme)
            browser.value(CHECKS)
            found = browser.value("checks.all()")
            if folder:
                screenshot(browser, folder / f"{page.stem}-{width}-{scheme}.png")
            problems = found["problems"] + sliders(browser) + console(browser, page)
            troubles += [f"{width} {scheme}: {problem}" for problem in problems]
            print(f"{width} {scheme}: {found['pictures']} pictures, {found['texts']} texts, lowest contrast "
                  f"{found['contrast']:.2f}, {len(problems)} problems")
            browser.session = None
            browser.ask("Target.closeTarget", targetId=target)
        browser.close()
    print(f"{page.name}: {size} bytes")
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
