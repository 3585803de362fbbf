"""What is new: by ROUGE-L, by near-duplicate index, or by the exact text."""

from __future__ import annotations

from pathlib import Path

import pytest
from generate_runs import Runner, records, words

from ittools.generate.novelty import How, Novelty

SEED = "Name three rivers in the south of France."
NEAR = "Name three rivers in the south of France!"
LIKE = "Name three rivers in the north of France."  # 7 of 8 words, 3 of 9 shingles
OTHER = "Write a short poem about a lighthouse keeper."


def verdicts(how: How, *texts: str, most: float = 0.7, language: str = "en") -> list[bool]:
    novelty = Novelty({"en": [SEED]}, how=how, most=most)
    return [verdict.novel for verdict in novelty.judge(texts, language)]


@pytest.mark.parametrize(
    ("how", "new"),
    [("rouge", [False, False, False, True, False]), ("near", [False, False, True, True, False]),
     ("exact", [False, True, True, True, False])],
)  # fmt: skip
def test_each_way_has_its_own_idea_of_new(how: How, new: list[bool]) -> None:
    assert verdicts(how, SEED, NEAR, LIKE, OTHER, OTHER) == new


@pytest.mark.parametrize("how", ["rouge", "near", "exact"])
def test_no_way_takes_the_same_text_twice_in_any_language(how: How) -> None:
    novelty = Novelty({"en": [], "de": []}, how=how)
    assert [novelty.judge([OTHER], language)[0].novel for language in ("en", "de", "fr")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("most", "new"), [(0.0, False), (0.5, False), (0.87, False), (0.9, True), (1.0, True)]
)
def test_threshold_is_the_user_s(most: float, new: bool) -> None:
    assert verdicts("rouge", LIKE, most=most) == [new]


@pytest.mark.parametrize(
    ("how", "names"), [("rouge", ["rouge_l_max", "rouge_l_mean"]), ("near", ["jaccard_max"]), ("exact", [])]
)
def test_scores_are_named_after_the_way(how: How, names: list[str]) -> None:
    novelty = Novelty({"en": [SEED]}, how=how)
    scores = [novelty.scores(verdict) for verdict in novelty.judge([SEED, OTHER], "en")]
    assert [sorted(one) for one in scores] == [names, names]
    assert all(0 <= score <= 1 for one in scores for score in one.values())
    assert not names or scores[0][names[0]] == 1.0


def test_known_text_of_another_language_is_not_put_into_this_pool() -> None:
    """Else a run would judge by it: the likeness of a text to what its language never accepted."""
    novelty = Novelty({"en": [SEED], "de": []})
    assert [v.novel for v in novelty.judge([SEED, LIKE], "de")] == [False, True]


@pytest.mark.parametrize("how", ["rouge", "near", "exact"])
def test_run_is_judged_by_the_way_asked_for(run: Runner, tmp_path: Path, how: str) -> None:
    manifest = run.finished(*words(tmp_path / "out", "--novelty", how, "--keep-dropped", num=20))
    assert manifest["tasks"] == 20
    kept = [str(record["instruction"]) for record in records(tmp_path / "out")]
    assert len(set(kept)) == 20
    assert "not-novel" in manifest["funnel"]["dropped"]
