"""The dataset card: front matter that loaders read, and the lineage in words."""

from __future__ import annotations

import json
import re
from typing import Any

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
         (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))  # fmt: skip


def card_text(manifest: dict[str, Any]) -> str:
    """README.md of a dataset directory. Dates stay out of it: equal runs write equal cards."""
    return "\n".join([*_front_matter(manifest), "", *_body(manifest), ""])


def _front_matter(manifest: dict[str, Any]) -> list[str]:
    total = sum(manifest["splits"].values())
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for split in manifest["splits"]:
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    languages = sorted(language for language in manifest["languages"] if language != "und")
    if languages:
        lines += ["language:", *(f"- {_quoted(language)}" for language in languages)]
    licenses = list(manifest["licenses"])
    lines.append("license: other" if len(licenses) != 1 else f"license: {_hub_license(licenses[0])}")
    if lines[-1] == "license: other":
        lines += ["license_name: mixed-see-card", "license_link: README.md"]
    size = next((word for limit, word in SIZES if total < limit), "n>100M")
    return [*lines, f"size_categories: [{_quoted(size)}]", "tags: [instruction-tuning, ittools]", "---"]


def _quoted(word: str) -> str:
    return json.dumps(word)  # `no` is Norwegian, not false; strangers' languages may hold anything


def _hub_license(expression: str) -> str:
    known = expression.lower()
    return known if re.fullmatch(r"mit|(apache|cc|cc0|odc)-[a-z0-9.-]+", known) else "other"


def _body(manifest: dict[str, Any]) -> list[str]:
    total = sum(manifest["splits"].values())
    lines = [f"# {manifest['name']}", ""]
    lines.append(
        f"{total:,} records of instruction data, written by `ittools {manifest['command']}` "
        f"{manifest['ittools']}."
    )
    lines += ["", "## Sizes", "", "| split | records |", "|---|---:|"]
    lines += [f"| {split} | {count:,} |" for split, count in manifest["splits"].items()]
    for title, key in (("Licences", "licenses"), ("Sources", "sources"),
                       ("Languages", "languages"), ("Generators", "generators")):  # fmt: skip
        if manifest[key]:
            lines += ["", f"## {title}", "", f"| {key} | records |", "|---|---:|"]
            lines += [f"| {_cell(name)} | {count:,} |" for name, count in manifest[key].items()]
    lines += ["", "## Lineage", ""]
    lines += [
        f"- read {_cell(entry['spec'])} ({entry['kind']}, {entry['fingerprint'][:12]})"
        for entry in manifest["inputs"]
    ]
    for note in manifest.get("notes", []):
        lines.append(f"- {_cell(note)}")
    if manifest["funnel"]:
        lines += ["", "| funnel | records |", "|---|---:|"]
        lines.append(f"| in | {manifest['funnel']['in']:,} |")
        lines += [f"| dropped: {_cell(r)} | {n:,} |" for r, n in manifest["funnel"]["dropped"].items()]
        lines.append(f"| out | {manifest['funnel']['out']:,} |")
    return lines


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
