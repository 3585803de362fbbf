"""A page as an HTML parser sees it, and the runs that the tests report on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from ittools.curate.filter import FilterOptions, filter_records
from ittools.mixture.mix import MixOptions, mix
from ittools.progress import Silent

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "line\u2028sep\u2029end",
    "\x1b[31mred\x1b]52;c;aGk=\x07",
    "&lt;b&gt; &amp; \"quoted\" 'single'",
    "😀 é 日本 \u202eevil",
    "'><svg onload=alert(2)>",
)


class Page(HTMLParser):
    """Tags in order, their attributes, and the text of scripts, styles and everything else."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in ("meta", "img", "input"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    @property
    def lists(self) -> dict[str, list[dict[str, Any]]]:
        """The records that travel in the page."""
        return json.loads(self.texts["script"][0])  # type: ignore[no-any-return]


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def hostile_run(folder: Path) -> Path:
    """filter and mix over records whose every field is hostile; one of them is dropped."""
    rows = [
        {"instruction": f"Do {text}", "input": text, "output": f"done {text} {i}", "source": text,
         "task": text, "language": text[:9], "generator": text}
        for i, text in enumerate(HOSTILE)
    ]  # fmt: skip
    rows.append({"instruction": HOSTILE[0], "input": "", "output": "", "source": HOSTILE[6]})
    records = write_jsonl(folder / "hostile.jsonl", rows)
    filter_records(
        FilterOptions(inputs=(str(records),), out=folder / "run/zfilter", keep_dropped=True), Silent()
    )
    mix(MixOptions(inputs=(str(folder / "run/zfilter"),), out=folder / "run/amix", heldout=0.3), Silent())
    return folder / "run"
