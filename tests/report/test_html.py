import re
import shutil
from pathlib import Path

import pytest

from vocx.journey import load_journey
from vocx.report import build_facts, render_html
from vocx.runs import Run

CHROMIUM = "/usr/bin/chromium"
needs_chromium = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="Debian's chromium is not installed"
)


def page_of(run: Run) -> str:
    return render_html(build_facts(run, load_journey("vocx-10")))


def test_nothing_is_fetched_from_elsewhere(sample_run: Run) -> None:
    page = page_of(sample_run)
    assert not re.findall(r"(?:src|href)\s*=", page)
    assert "default-src 'none'" in page


def test_markup_in_a_comment_is_inert(sample_run: Run) -> None:
    facts = build_facts(sample_run, load_journey("vocx-10"))
    facts["issues"][0]["name"] = "</script><img src=x onerror=alert(1)>"
    assert "</script><img" not in render_html(facts)


@needs_chromium
def test_a_click_on_a_cell_shows_its_quotes_offline(sample_run: Run, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    assert sample_run.path is not None
    shutil.copy(sample_run.path / "report.html", tmp_path / "report.html")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        requests, errors = [], []
        page.on("request", lambda r: requests.append(r.url))
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto((tmp_path / "report.html").as_uri())
        cell = page.locator("td.cell").first
        voices = int(cell.inner_text())
        cell.click()
        assert page.locator("#drawer blockquote").count() == min(voices, 12)
        page.keyboard.press("Escape")
        assert not page.locator("#drawer").is_visible()
        page.locator("[data-grain=issues]").click()
        page.get_by_role("button", name="Wins", exact=True).click()
        assert page.locator("table.matrix tbody tr").count() == 10
        page.locator("#issues tr.click").first.click()
        assert page.locator("#drawer blockquote").count() > 0
        browser.close()
    assert errors == []
    assert all(u.startswith("file://") for u in requests)
