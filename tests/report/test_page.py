"""The report page: self-contained, inert whatever the records say, the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from page_parser import HOSTILE, Page, hostile_run

from ittools.progress import Silent
from ittools.report.report import ReportOptions, report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_run(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def html(run: Path) -> str:
    out = run.parent / "page"
    report(ReportOptions(inputs=(str(run),), out=out, title=HOSTILE[0]), Silent())
    return (out / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_it_loads_nothing_from_anywhere(html: str, page: Page) -> None:
    loading = {"src", "href", "srcset", "action", "formaction", "data", "poster", "background", "ping"}
    values = [value or "" for _, name, value in page.attributes if name in loading]
    assert all(value.startswith("data:image/png;base64,") for value in values)
    assert not {"link", "iframe", "object", "embed", "base", "form", "a"} & set(page.tags)
    style, script = page.texts["style"][0], page.texts["script"][1]
    assert not re.search(r"@import|url\(|https?:", style)
    assert not re.search(r"fetch|XMLHttp|WebSocket|import\(|innerHTML|outerHTML|eval|https?:", script)


def test_its_policy_allows_no_source_but_itself(page: Page) -> None:
    policies = [value for tag, name, value in page.attributes if tag == "meta" and name == "content"]
    assert policies[0] is not None
    assert "default-src 'none'" in policies[0]
    assert "http" not in policies[0]
    assert "*" not in policies[0]


def test_hostile_text_opens_no_tag_and_no_attribute(page: Page) -> None:
    assert page.tags.count("script") == 2
    assert page.tags.count("img") == 0
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.texts["title"][0] == f"{HOSTILE[0]} · ittools report"
    assert page.texts["h1"] == [HOSTILE[0]]


def test_the_records_in_the_page_are_the_records(page: Page) -> None:
    kept = page.lists["kept"]
    assert {record["instruction"] for record in kept} == {f"Do {text}\n\n{text}" for text in HOSTILE}
    assert {record["source"] for record in kept} == set(HOSTILE)
    dropped = page.lists["dropped"]
    assert [(record["instruction"], record["step"]) for record in dropped] == [(HOSTILE[0], "zfilter")]


def test_the_data_block_is_plain_ascii_that_no_parser_can_leave(html: str) -> None:
    block = re.search(r'<script type="application/json" id="records">(.*?)</script>', html, re.DOTALL)
    assert block is not None
    assert block.group(1).isascii()
    assert not set("<>&\u2028\u2029\x1b") & set(block.group(1))


def test_the_same_run_gives_the_same_bytes(run: Path, html: str, tmp_path: Path) -> None:
    again = tmp_path / "again"
    report(ReportOptions(inputs=(str(run),), out=again, title=HOSTILE[0]), Silent())
    assert (again / "index.html").read_text(encoding="utf-8") == html


def test_the_steps_stand_in_the_order_in_which_they_ran_not_of_their_names(page: Page) -> None:
    names = [text for text in page.texts["th"] if text in ("zfilter (filter)", "amix (mix)")]
    assert names == ["zfilter (filter)", "amix (mix)"]


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_a_browser_shows_the_records_without_a_click(run: Path, html: str, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / "index.html").as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    dom = shown.stdout
    shown_list = dom[dom.index('<ol id="list">') : dom.index("</ol>")]
    assert shown_list.count("<li>") == len(HOSTILE)
    assert "Do &lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in shown_list
    assert "日本" in shown_list
    assert "<img" not in shown_list
    assert f'id="found" aria-live="polite">1 to {len(HOSTILE)} of {len(HOSTILE)}<' in dom
