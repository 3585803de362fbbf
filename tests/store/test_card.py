"""The card: front matter that a strict YAML reader and `datasets` take, whatever strangers wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from workbench import Cli, write_jsonl


def card(tmp_path: Path, cli: Cli, *rows: dict[str, str]) -> tuple[dict[str, object], str]:
    source = write_jsonl(
        tmp_path / "in.jsonl",
        ({"instruction": f"say {i} three times", "output": f"{i} {i} {i}"} | r for i, r in enumerate(rows)),
    )
    assert cli("mix", source, "--out", tmp_path / "out").code == 0
    _, front, body = (tmp_path / "out" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def test_splits_languages_licence_and_size_are_in_the_front_matter(tmp_path: Path, cli: Cli) -> None:
    rows = [{"language": language, "license": "Apache-2.0"} for language in ("no", "en")]
    front, body = card(tmp_path, cli, *rows)
    assert front == {
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]}
        ],
        "language": ["en", "no"],
        "license": "apache-2.0",
        "size_categories": ["n<1K"],
        "tags": ["instruction-tuning", "ittools"],
    }
    assert "| Apache-2.0 | 2 |" in body


@pytest.mark.parametrize(
    ("license", "named"),
    [
        ("MIT", "mit"),
        ("CC-BY-4.0", "cc-by-4.0"),
        ("LicenseRef-unspecified", "other"),
        ("mit: {", "other"),
        ("MIT\nlicense: apache-2.0", "other"),
        ("Apache-2.0 OR MIT", "other"),
    ],
)
def test_a_licence_is_named_as_the_hub_spells_it_or_other(
    tmp_path: Path, cli: Cli, license: str, named: str
) -> None:
    front, _ = card(tmp_path, cli, {"license": license})
    assert front["license"] == named


def test_strangers_cannot_break_the_card(tmp_path: Path, cli: Cli) -> None:
    hostile = 'en"\n---\nx: [\u2028|a'
    of_ours = {
        "id": "",
        "input": "",
        "task": "t",
    }  # other rows with no language for a language keep it in meta
    front, body = card(tmp_path, cli, of_ours | dict.fromkeys(("language", "source", "license"), hostile))
    assert front["language"] == [hostile]
    assert '| en" --- x: [ \\|a | 1 |' in body.replace("\u2028", " ")


def test_several_licences_are_other(tmp_path: Path, cli: Cli) -> None:
    front, body = card(tmp_path, cli, {"license": "MIT"}, {"license": "CC0-1.0"})
    assert (front["license"], front["license_link"]) == ("other", "README.md")
    assert "| MIT | 1 |" in body
