"""Text files as evaluation sets: a record a paragraph, or a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from decontaminations import tasks
from workbench import Cli, read_records, write_jsonl

from ittools.curate.decontamination.evaluation import read_sets
from ittools.curate.decontamination.options import DecontaminateOptions

DUCKS = "Janet's ducks lay 16 eggs per day, and she eats three of them for breakfast every morning."
ROBE = "A robe takes 2 bolts of blue fiber and half that much white fiber; how many bolts in total?"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{DUCKS}\n{ROBE}\n", [DUCKS, ROBE]),
        (f"{DUCKS}\r\n--\r\n{ROBE}", [DUCKS, ROBE]),
        (f"{DUCKS}\n{ROBE}\n\nTell me why.\n", [f"{DUCKS}\n{ROBE}", "Tell me why."]),
        (DUCKS, [DUCKS]),
    ],
)
@pytest.mark.parametrize("folder", [False, True])
def test_a_text_file_is_a_record_a_paragraph_or_else_a_line(
    tmp_path: Path, content: str, expected: list[str], folder: bool
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "plain.txt").write_bytes(content.encode())
    path = tmp_path / "set" if folder else tmp_path / "set" / "plain.txt"
    found = read_sets(DecontaminateOptions(inputs=("x",), against=(str(path),))).passages.to_pylist()
    assert [(row["row"], row["text"]) for row in found] == list(enumerate(expected, 1))


def test_a_question_a_line_is_found(tmp_path: Path, cli: Cli) -> None:
    others = "\n".join(f"How many apples has basket number {n} of the {n} baskets here?" for n in range(9))
    (tmp_path / "set.txt").write_text(f"{others}\n{DUCKS}\n")
    mine = write_jsonl(tmp_path / "mine.jsonl", tasks(DUCKS, ROBE))
    out = tmp_path / "out"
    ran = cli("decontaminate", mine, "--against", tmp_path / "set.txt", "--out", out)
    assert (ran.code, [record["instruction"] for record in read_records(out)]) == (0, [ROBE]), ran.err
