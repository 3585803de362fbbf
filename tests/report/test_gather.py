"""What a report is made of, whole or with pieces missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_parser import Page, write_jsonl

from ittools.cli.app import main
from ittools.curate.filter import FilterOptions, filter_records
from ittools.errors import InputError, UsageError
from ittools.evaluate.evaluate import EvaluateOptions, evaluate
from ittools.mixture.mix import MixOptions, mix
from ittools.progress import Silent
from ittools.report.gather import find_steps, gather
from ittools.report.report import ReportOptions, report
from ittools.store.verify import verify
from ittools.train.finetune import finetune
from ittools.train.options import FinetuneOptions

ROWS = [
    {
        "instruction": f"Name the number {word} in digits.",
        "output": str(i),
        "language": "en" if i % 2 else "de",
    }
    for i, word in enumerate("zero one two three four five six seven eight nine".split())
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of step, in names that sort against their order."""
    folder = tmp_path_factory.mktemp("run")
    records = write_jsonl(
        folder / "rows.jsonl", [*ROWS, {"instruction": "Say nothing at all.", "output": ""}]
    )
    run = folder / "run"
    filter_records(FilterOptions(inputs=(str(records),), out=run / "e", keep_dropped=True), Silent())
    mix(MixOptions(inputs=(str(run / "e"),), out=run / "d", heldout=0.3), Silent())
    finetune(FinetuneOptions(inputs=(str(run / "d"),), out=run / "c", max_steps=2), Silent())
    evaluate(
        EvaluateOptions(inputs=(str(run / "d"),), model=str(run / "c"), out=run / "b", max_new_tokens=4),
        Silent(),
    )
    return run


def _page(out: Path, *inputs: Path, **others: object) -> Page:
    report(ReportOptions(inputs=tuple(map(str, inputs)), out=out, **others), Silent())  # type: ignore[arg-type]
    assert verify(out) == []
    return Page((out / "index.html").read_text(encoding="utf-8"))


def test_steps_are_ordered_by_what_reads_what(run: Path) -> None:
    assert [step.name for step in find_steps((str(run),))] == ["e", "d", "c", "b"]
    shuffled = tuple(str(run / name) for name in "bdec")
    assert [step.name for step in find_steps(shuffled)] == ["e", "d", "c", "b"]


def test_a_whole_run_shows_funnel_model_and_answers(run: Path, tmp_path: Path) -> None:
    page = _page(tmp_path / "out", run)
    assert {"Funnel", "Model", "Records", "Browse"} <= set(page.texts["h2"])
    assert len(page.lists["kept"]) == 10
    assert {record["split"] for record in page.lists["kept"]} == {"train", "heldout"}
    assert [record["reason"] for record in page.lists["dropped"]] == ["empty-output"]
    assert {"prompt", "reference", "prediction", "rouge_l"} <= set(page.lists["answers"][0])
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert len(pictures) == 1


def test_the_report_inside_the_run_is_not_a_step_of_it(run: Path) -> None:
    report(ReportOptions(inputs=(str(run),), out=run / "report"), Silent())
    assert "report" not in [step.name for step in find_steps((str(run),))]
    again = report(ReportOptions(inputs=(str(run),), out=run / "report"), Silent())
    assert again.reused


def test_one_dataset_is_enough(run: Path, tmp_path: Path) -> None:
    page = _page(tmp_path / "out", run / "e")
    assert len(page.lists["kept"]) == 10
    assert page.lists["answers"] == []
    assert "Model" not in page.texts["h2"]
    assert page.texts["h1"] == ["e"]


@pytest.mark.parametrize("name", ["c", "b"])
def test_a_model_or_its_answers_alone_are_enough(run: Path, tmp_path: Path, name: str) -> None:
    page = _page(tmp_path / "out", run / name)
    assert "Model" in page.texts["h2"]
    assert page.lists["kept"] == []


def test_a_lost_loss_picture_is_left_out(run: Path, tmp_path: Path) -> None:
    (run / "c/loss.png").rename(tmp_path / "loss.png")
    try:
        page = _page(tmp_path / "out", run)
    finally:
        (tmp_path / "loss.png").rename(run / "c/loss.png")
    assert "img" not in page.tags
    assert "Model" in page.texts["h2"]


def test_lost_records_are_an_error_that_names_the_mend(run: Path, tmp_path: Path) -> None:
    shard = next((run / "e/data").iterdir())
    shard.rename(tmp_path / "shard")
    try:
        with pytest.raises(InputError, match="missing; run `ittools verify"):
            report(ReportOptions(inputs=(str(run / "e"),), out=tmp_path / "out"), Silent())
    finally:
        (tmp_path / "shard").rename(shard)
    assert not (tmp_path / "out/manifest.json").exists()


def test_no_record_at_all_is_a_page_too(tmp_path: Path) -> None:
    records = write_jsonl(tmp_path / "rows.jsonl", [{"instruction": "empty", "output": ""}])
    filter_records(FilterOptions(inputs=(str(records),), out=tmp_path / "none"), Silent())
    page = _page(tmp_path / "out", tmp_path / "none")
    assert page.lists == {"kept": [], "dropped": [], "answers": []}


def test_browse_limits_each_list(run: Path, tmp_path: Path) -> None:
    page = _page(tmp_path / "out", run, browse=2)
    assert [len(records) for records in page.lists.values()] == [2, 1, 2]
    assert gather(find_steps((str(run),)), "t", 2).records == 10  # what is counted is not limited


def test_what_cannot_be_reported_is_said(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no finished directory"):
        find_steps((str(tmp_path / "empty"),))
    with pytest.raises(InputError, match="no such directory"):
        find_steps((str(tmp_path / "nowhere"),))
    with pytest.raises(UsageError, match="--browse must be at least 1"):
        report(ReportOptions(inputs=(str(run),), out=tmp_path / "out", browse=0), Silent())
    assert main(["report", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
