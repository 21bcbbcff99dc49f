"""The pictures in README: the page over the demo's story, as Chromium shows it. `python -m lab.pictures FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from pipeline.assembly import assemble
from pipeline.commands.page import beside
from pipeline.commands.recorded import articles_of, in_event_time

_ADDRESS = ("127.0.0.1", 8322)
_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(folder: Path) -> None:
    """Writes `alert.png` and `event.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="naqid-") as scratch:
        assembly = assemble(None, None, Path(scratch))
        articles, _ = articles_of(sorted((assembly.overlay.shipped / "demo").glob("*.jsonl")))
        with assembly.open_stores() as stores:
            driver = assembly.driver(stores)
            driver.ingest(in_event_time(articles))
            driver.drain()
        with beside(assembly, _ADDRESS), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
            page = browser.new_page(viewport={"width": 900, "height": 700}, color_scheme="light")
            page.goto(f"http://{_ADDRESS[0]}:{_ADDRESS[1]}/?lang=en")
            card = page.locator("article.card").first
            card.screenshot(path=folder / "alert.png")
            event = card.locator("footer > a").get_attribute("href")
            # The timeline is long: at four fifths its picture stays small.
            page = browser.new_page(viewport={"width": 900, "height": 700}, device_scale_factor=0.8)
            page.goto(f"http://{_ADDRESS[0]}:{_ADDRESS[1]}{event}?lang=en")
            page.screenshot(path=folder / "event.png", full_page=True)
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
