"""The page in a real browser: what a person does there, in both languages; screenshots are kept under `build`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator

import pytest
from command import ROOT
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.web.app import make_app
from pipeline.web.pages import House
from pipeline.web.serving import listening, served

CHROMIUM = shutil.which("chromium")
SCREENSHOTS = ROOT / "build" / "screenshots"
QUIETLY = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REQUIRED = bool(os.environ.get("NAQID_REQUIRE_SERVERS"))
pytestmark = pytest.mark.skipif(
    not (CHROMIUM or REQUIRED), reason="chromium is not here (Debian: apt-get install chromium fonts-noto-core)"
)
LANGUAGES = ("ar", "en")
WIDE, NARROW = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield running
        running.close()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    bound = listening("127.0.0.1", 0)
    with served(make_app(house, {"127.0.0.1"}), bound):
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core (Deque, MPL-2.0), fetched by npm; none of it is kept."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here, which fetches axe-core")
    folder = tmp_path_factory.mktemp("axe")
    packed = subprocess.run(
        [npm, "pack", "--silent", "axe-core@4.14.1"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    if packed.returncode:
        pytest.skip(f"npm cannot fetch axe-core: {packed.stderr.strip()[-200:]}")
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def opened(browser: Browser, size: tuple[int, int] = WIDE, dark: bool = False, scripts: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def kept(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_looks_judges_and_mutes_without_scripts(
    browser: Browser, address: str, house: House, language: str
) -> None:
    page = opened(browser)
    page.goto(f"{address}/?lang={language}")
    kept(page, f"alerts-{language}")
    told = {word: house.words.told(word, "ar" if language == "ar" else "en") for word in house.words.entries}
    first = page.locator("article.card").first
    first.get_by_role("link", name=told["timeline"]).click()
    assert page.locator("ol.ledger > li").count() > 4
    assert page.locator(".map svg").count() == 1
    kept(page, f"event-{language}")
    page.locator("p.turn a").first.click()
    assert page.locator("article.card").count() == 1
    page.get_by_role("button", name=told["right"], exact=True).click()
    assert [decision.value for decision in house.desk.decisions("label")] == ["true"]
    page.get_by_role("button", name=told["acknowledge"], exact=True).click()
    page.get_by_role("button", name=told["mute"], exact=True).click()
    kept(page, f"alert-{language}")
    assert len(house.desk.decisions("muted")) == len(house.desk.decisions("acknowledged")) == 1
    page.get_by_role("link", name=told["alerts"], exact=True).click()
    assert page.locator("article.card").count() == 1
    page.get_by_role("navigation").get_by_role("link", name=told["search"], exact=True).click()
    page.locator("input[name=q]").fill("البوكمال")
    page.locator("input[name=q]").press("Enter")
    assert page.locator("ol.found mark").count() > 4
    kept(page, f"search-{language}")
    page.locator("ol.found a[href^='/place/']").first.click()
    assert page.locator("table tbody tr").count() >= 1
    kept(page, f"place-{language}")
    page.goto(f"{address}/health")
    kept(page, f"health-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_a_telephone(browser: Browser, address: str, language: str) -> None:
    page = opened(browser, NARROW, dark=True, scripts=True)
    for name, path in paths(page, address, language).items():
        page.goto(f"{address}{path}")
        kept(page, f"{name}-{language}-narrow-dark")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_violation(browser: Browser, address: str, axe: str, language: str, dark: bool) -> None:
    page = opened(browser, dark=dark, scripts=True)
    found = []
    for path in paths(page, address, language).values():
        page.goto(f"{address}{path}")
        page.evaluate(axe)
        for violation in page.evaluate("axe.run()")["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path, violation["id"], [node["html"] for node in violation["nodes"]][:3]))
    assert not found


def paths(page: Page, address: str, language: str) -> dict[str, str]:
    """Every page of the story by its name; the language is remembered from the first."""
    page.goto(f"{address}/?lang={language}")
    card = page.locator("article.card").first
    alert = card.locator("h2 a").get_attribute("href") or ""
    event = card.locator("footer > a").get_attribute("href") or ""
    place = card.locator(".where a").get_attribute("href") or ""
    return {
        "alerts": "/",
        "alert": alert,
        "event": event,
        "place": place,
        "search": "/search?q=البوكمال",
        "health": "/health",
    }
