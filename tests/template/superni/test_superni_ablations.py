"""Wrong examples are wrong, simplified definitions say the output space and nothing else."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from superni_tasks import FRUIT, rendered

from ittools.template.ablate import GENERIC, alike, labels_of, output_space, wrong_outputs

outputs = st.lists(st.sampled_from(["yes", "Yes.", "no", "maybe", "a long text", "", "."]), max_size=8)


@given(outputs, outputs, st.integers())
def test_no_output_is_its_own(right: list[str], others: list[str], seed: int) -> None:
    wrong = wrong_outputs(right, others, Random(seed))
    if wrong is None:
        assert len({alike(output) for output in [*right, *others]}) == 1
        return
    assert len(wrong) == len(right)
    assert all(alike(one) != alike(own) for one, own in zip(wrong, right, strict=True))
    assert set(wrong) <= {*right, *others}
    if right and 2 * max(Counter(map(alike, right)).values()) <= len(right):
        assert Counter(wrong) == Counter(right)


def test_where_one_output_is_most_of_all_others_are_drawn() -> None:
    wrong = wrong_outputs(["yes"] * 5 + ["no"], ["maybe"], Random(0))
    assert wrong is not None
    assert set(wrong[:5]) == {"no", "maybe"}
    assert wrong[5] in {"yes", "maybe"}


@pytest.mark.parametrize(
    ("outputs", "space"),
    [
        (["yes", "no"] * 5, 'Answer with one of: "no", "yes".'),
        (["yes ", "no"] * 5, 'Answer with one of: "no", "yes".'),
        (["kyllä", "ei"] * 50, 'Answer with one of: "ei", "kyllä".'),
        (["yes", "no"] * 4, GENERIC),  # too few to say that there are no others
        (["yes"] * 50, GENERIC),
        ([f"text {n}" for n in range(50)], GENERIC),
        (["a" * 81, "b"] * 50, GENERIC),
        ([], GENERIC),
    ],
)
def test_the_output_space_is_labels_or_a_text(outputs: list[str], space: str) -> None:
    assert output_space(outputs) == space


def test_examples_have_outputs_of_others_and_no_explanation() -> None:
    records = rendered(FRUIT, encoding="def-pos-neg-expl", ablate="delusive")
    for record in records:
        shown = re.findall(r"Positive Example .*\nInput: (.*)\n Output: (.*)\.", record["instruction"])
        assert shown == [("apple.", "no"), ("Is it a chair?", "yes")]
        assert "It grows on a tree" not in record["instruction"]
        assert "It is a mineral" in record["instruction"]
        assert record["template"] == "superni/task0/def-pos-neg-expl+delusive"
        assert record["meta"]["ablate"] == "delusive"
    # the record's own output stays right
    assert [r["output"] for r in records] == [one["output"][0] for one in FRUIT["Instances"]]


def test_a_task_with_one_output_has_no_wrong_one() -> None:
    same = [{"input": str(n), "output": "yes"} for n in range(3)]
    task = FRUIT | {"Positive Examples": same, "Instances": same}
    assert {r["reason"] for r in rendered(task, encoding="pos", ablate="delusive")} == {"no-wrong-output"}


@pytest.mark.parametrize("encoding", ["plain", "def", "def-pos"])
def test_a_simplified_definition_is_the_output_space(encoding: str) -> None:
    for record in rendered(FRUIT, encoding=encoding, ablate="simplified"):
        assert 'Answer with one of: "no", "yes".' in record["instruction"]
        assert "fruit" not in record["instruction"]
        assert record["template"] == f"superni/task0/{encoding}+simplified"


def test_labels_of_the_public_tasks(shared_data: Path) -> None:
    found = {}
    for file in sorted(shared_data.glob("superni*/*.json.gz")):
        every = [one["output"] for one in json.loads(gzip.decompress(file.read_bytes()))["Instances"]]
        labels = labels_of(output if isinstance(output, str) else output[0] for output in every)
        if labels is not None:
            found["_".join(file.name.split("_")[:2])] = len(labels)
    assert found == {
        "sapt_task073": 5,
        "sapt_task1687": 2,
        "task082_babi": 4,
        "task137_detoxifying-lms": 2,
        "task143_odd-man-out": 52,
        "task321_stereoset": 3,
        "task361_spolin": 2,
        "task859_prost": 8,
        "fin-translated-task859_prost": 7,
    }
