"""Chromium as the person on call has it, started without a window and driven through chromedriver."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

HOW_TO_INSTALL = "the pages are seen by no browser here: apt-get install chromium chromium-driver"
_PROGRAMS = ("chromium", "chromedriver")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
)


def installed() -> bool:
    """Whether Chromium and its driver are here."""
    return all(map(shutil.which, _PROGRAMS))


class Browser:
    """A window of Chromium. What is looked for is waited for, some seconds long.

    :param url: where the pages are: of an Airflow, or of a folder.
    """

    def __init__(self, driver: Any, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, path: str) -> None:
        """Open a path, and look at the page itself, not into a frame of it."""
        self.driver.switch_to.default_content()
        self.driver.get(self.url + path)

    def enter_frame(self, title: str = "ML Monitor") -> None:
        """Look into the frame that Airflow shows the pages in, once a page is there."""

        def inside() -> bool:
            self.driver.switch_to.default_content()
            self.driver.switch_to.frame(self.driver.find_element(By.CSS_SELECTOR, f"iframe[title='{title}']"))
            return bool(self.driver.find_elements(By.TAG_NAME, "h1"))

        self.until(f"the frame {title}", inside)

    def open_in_frame(self, path: str) -> None:
        """Open one of our pages where Airflow shows it, and look into it."""
        self.open("/plugin/ml-monitor-nav")
        self.enter_frame()
        self.run("location.assign(arguments[0])", path)
        self.until(path, lambda: self.here == path and self.all("h1"))

    def leave_frame(self) -> None:
        self.driver.switch_to.default_content()

    def find(self, css: str, text: str = "") -> Any:
        """Return the first element of a selector that has a text."""
        return self.until(f"{css} with {text!r}", lambda: next((e for e in self.all(css) if text in e.text), None))

    def all(self, css: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, css))

    @property
    def text(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    def heading(self, text: str) -> None:
        """Wait for the page of a heading."""
        self.until(f"the heading {text!r} at {self.here}", lambda: any(text == e.text for e in self.all("h1")))

    @property
    def here(self) -> str:
        """The path of the page, or of the frame that is looked into."""
        return str(self.run("return location.pathname + location.search"))

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab(self) -> Any:
        """Press the tabulator; return what has the focus then."""
        self.press(Keys.TAB)
        return self.driver.switch_to.active_element

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def colours(self, scheme: str) -> None:
        """Let the system prefer ``"light"`` or ``"dark"`` colours."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def size(self, width: int, height: int) -> None:
        """Let pages be so many pixels wide and high; a narrow one is on a telephone."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def problems(self, *levels: str) -> list[str]:
        """Return what the console said since it was last asked: errors, or what is of these levels."""
        return [each["message"] for each in self.driver.get_log("browser") if each["level"] in (levels or ("SEVERE",))]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since it was last asked, in a browser that notes them."""
        events = [json.loads(each["message"])["message"] for each in self.driver.get_log("performance")]
        return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]

    def picture(self, path: Path) -> None:
        self.driver.save_screenshot(str(path))

    def until(self, what: str, found: Callable[[], Any], seconds: float = 20.0) -> Any:
        """Return what is found at last.

        :raises AssertionError: it is not there after some seconds.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                if value := found():
                    return value
            except (NoSuchElementException, StaleElementReferenceException):
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:.0f} s for {what}; there is: {self._shown()}")
            time.sleep(0.1)

    def _shown(self) -> str:
        try:
            return self.text[:1_500]
        except WebDriverException as error:
            return str(error)


@contextmanager
def chromium(url: str, *, note_requests: bool = False) -> Iterator[Browser]:
    """Start Chromium, logged in nowhere, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in _FLAGS:
        options.add_argument(flag)
    notes = {"browser": "ALL"} | ({"performance": "ALL"} if note_requests else {})
    options.set_capability("goog:loggingPrefs", notes)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        driver.set_page_load_timeout(60)
        browser = Browser(driver, url)
        browser.colours("light")
        browser.size(1280, 760)
        yield browser
    finally:
        driver.quit()
