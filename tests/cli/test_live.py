"""What is drawn on a terminal while work goes on."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from ittools.cli.live import lines_of, one_line

FACTS = {
    "requests": "1,204, 12.3/s, 31 in flight",
    "newest": "Ordne die vier Flüsse\nnach ihrer Länge.",
    "accepted": "212",
    "dropped": "188 (not-novel 140)",
    "cost": "$0.1795 of $2.5",
}


def drawn(
    facts: dict[str, str] = FACTS, *, width: int = 80, height: int = 24, colour: bool = False
) -> list[str]:
    return lines_of("tasks", 212, 500, 53.0, facts, width=width, height=height, colour=colour)


def test_block_has_the_head_and_a_line_a_fact_with_the_newest_last() -> None:
    assert drawn() == [
        "tasks  ━━━━━━━━──────────── 212/500  4.0/s  eta 1:12",
        "  requests   1,204, 12.3/s, 31 in flight",
        "  accepted   212",
        "  dropped    188 (not-novel 140)",
        "  cost       $0.1795 of $2.5",
        "  newest     Ordne die vier Flüsse nach ihrer Länge.",
    ]


def test_few_facts_stand_on_the_line() -> None:
    assert drawn({"kept": "9", "dropped": "1"}) == [
        "tasks  ━━━━━━━━──────────── 212/500  4.0/s  eta 1:12  kept 9  dropped 1"
    ]


def test_low_terminal_gets_one_line() -> None:
    assert len(drawn(height=6)) == 1


@pytest.mark.parametrize("width", [12, 20, 40, 79])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """A Chinese letter is two columns wide, and a line that wraps breaks the next picture."""
    facts = FACTS | {"newest": "请把下面的句子翻译成英文并解释其中的语法" * 3}
    assert all(cell_len(line) < width for line in drawn(facts, width=width))


def test_what_a_model_wrote_cannot_move_the_cursor() -> None:
    lines = drawn(FACTS | {"newest": "a\x1b[2Jb\x07c\u202ed"})
    assert "\x1b" not in "".join(lines)
    assert "\u202e" not in "".join(lines)


def test_names_are_dim_only_in_colour() -> None:
    assert "\x1b[2mcost" in drawn(colour=True)[4]


def test_log_line_holds_everything() -> None:
    line = one_line("tasks", 3, None, 1.5, {"accepted": "3", "newest": "Add."})
    assert line == "tasks  3  2.0/s  accepted 3  newest Add."
