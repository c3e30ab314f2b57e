"""A headless browser as a person uses it: pages, texts, clicks, pictures. Every wait is for something to be seen."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 120.0  # seconds: a slow machine is no fault
_PROGRAMS = ("chromium", "chromedriver")
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1500,1300"
)


def missing() -> str:
    """What this machine lacks for a browser; empty when nothing."""
    return ", ".join(name for name in _PROGRAMS if shutil.which(name) is None)


class Window:
    """One window on one site."""

    def __init__(self, driver: Any, site: str, pictures: Path) -> None:
        self._driver, self._site, self._pictures = driver, site, pictures

    def open(self, path: str) -> None:
        self._driver.get(self._site + path)

    @property
    def place(self) -> str:
        """Which page it shows: what `open` takes."""
        return str(self._driver.current_url).removeprefix(self._site)

    @property
    def text(self) -> str:
        """All that can be read, one space between words."""
        return " ".join(str(self._driver.execute_script("return document.body.innerText")).split())

    def wait(self, look: Callable[[], Any], told: str) -> Any:
        """Until `look` is true; else fails with what the page shows."""
        try:
            return WebDriverWait(self._driver, PATIENCE, 0.2, [WebDriverException]).until(lambda _: look())
        except TimeoutException:
            self.picture("given-up")
            raise AssertionError(f"waited for {told}; {self.place} shows:\n{self.text}") from None

    def reads(self, *texts: str) -> str:
        """Waits until the page shows all these texts; returns the page's text."""

        def all_there() -> str:
            found = self.text
            return found if all(text in found for text in texts) else ""

        return str(self.wait(all_there, f"the texts {texts}"))

    def click(self, label: str) -> None:
        """Clicks the button or link with this label, once it can be clicked."""
        self._click(f"//*[self::button or self::a][normalize-space(.)='{label}']", label)

    def click_text(self, text: str) -> None:
        """Clicks what shows this text and is no button."""
        self._click(f"//*[contains(text(), '{text}')]", text)

    def click_title(self, part: str) -> None:
        """Clicks what has this in its title: the one that has come last, in the dialog that lies above the rest."""
        self._click(f"//*[contains(@title, '{part}')]", part)

    def _click(self, path: str, told: str) -> None:
        def clicked() -> bool:
            found = [one for one in self._driver.find_elements(By.XPATH, path) if one.is_displayed()]
            if not found or not found[-1].is_enabled():
                return False
            found[-1].click()
            return True

        self.wait(clicked, f"something to click: {told!r}")

    def picture(self, name: str) -> Path:
        """What the window shows, as a PNG."""
        path = self._pictures / f"{name}.png"
        self._driver.save_screenshot(str(path))
        return path


@contextmanager
def window_on(site: str, profile: Path, pictures: Path) -> Iterator[Window]:
    """A browser with a profile of its own, closed afterwards with all that it has started."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*_FLAGS.split(), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    service = webdriver.ChromeService(str(shutil.which("chromedriver")), env=dict(os.environ))
    driver = webdriver.Chrome(options, service)
    driver.set_page_load_timeout(PATIENCE)
    try:
        yield Window(driver, site, pictures)
    finally:
        driver.quit()
