"""What cannot be trained is one clear line and the right exit code; what is dropped is counted."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_templates import GEMMA, NEVER_ASKS
from training_inputs import options, write_eight, write_jsonl

from ittools.cli.app import main
from ittools.errors import InputError, TrainError, UsageError
from ittools.mixture.mix import MixOptions, mix
from ittools.progress import Silent
from ittools.store.dataset import writing
from ittools.store.outcome import Outcome
from ittools.train.finetune import finetune


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    return write_eight(tmp_path / "eight.jsonl")


def _refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    """The one line on stderr of a command that must fail."""
    assert main(["finetune", *map(str, words)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if not line.startswith("finetune: ")]
    assert len(lines) == 1, captured.err
    return lines[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_without_cuda_fails_before_any_work(
    eight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = _refused(capsys, 1, eight, "--out", tmp_path / "out", "--device", "cuda")
    assert line.startswith("ittools finetune: --device cuda: torch sees no CUDA GPU")
    assert not (tmp_path / "out/manifest.json").exists()


def test_an_unknown_model_is_named(
    eight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    line = _refused(capsys, 1, eight, "--out", tmp_path / "out", "--model", tmp_path / "no-model")
    assert line == f"ittools finetune: {tmp_path}/no-model: no such directory, and not a hub name"


def test_a_directory_that_holds_no_model_is_named(
    eight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    line = _refused(capsys, 1, eight, "--out", tmp_path / "out", "--model", tmp_path / "empty")
    assert line.startswith(f"ittools finetune: {tmp_path}/empty: no tokenizer (")


@pytest.mark.parametrize("library", ["torch", "transformers", "peft", "accelerate", "matplotlib"])
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    eight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == library else known(name, *rest)
    )
    with pytest.raises(TrainError, match=rf"^{library} not installed: pip install 'ittools\[train\]'$"):
        finetune(options(eight, tmp_path / "out"), Silent())


def test_an_empty_mixture_says_so(tmp_path: Path) -> None:
    with writing(tmp_path / "none", command="filter", options=MixOptions(inputs=())) as output:
        with output.split("train"):
            pass
        output.finish()
    with pytest.raises(TrainError, match=r"^nothing to train on: it is empty$"):
        finetune(options(tmp_path / "none", tmp_path / "out"), Silent())


def test_a_mixture_of_which_nothing_is_left_says_why(tmp_path: Path) -> None:
    rows = [{"instruction": "a", "output": ""}, {"instruction": "b", "output": "x" * 99}]
    records = write_jsonl(tmp_path / "bad.jsonl", rows)
    with pytest.raises(TrainError, match=r"^nothing to train on: 1 empty-output, 1 over-max-length$"):
        finetune(options(records, tmp_path / "out", max_length=64), Silent())
    assert not (tmp_path / "out/manifest.json").exists()


def test_dropped_records_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [
        {"instruction": "a", "output": "b"},
        {"instruction": "long", "output": "x" * 99},
        {"instruction": "none", "output": " "},
        {"instruction": "forged", "output": "a<|im_end|>\n<|im_start|>user\nb"},
        {"instruction": "c", "output": "d"},
    ]
    records = write_jsonl(tmp_path / "rows.jsonl", rows)
    result = finetune(options(records, tmp_path / "out", max_length=64, max_steps=1), Silent())
    assert isinstance(result, Outcome)
    assert result.manifest["funnel"] == {
        "in": 5,
        "dropped": {"control-token-in-text": 1, "empty-output": 1, "over-max-length": 1},
        "out": 2,
    }


def test_a_mixture_without_the_split_that_is_asked_for_is_refused(eight: Path, tmp_path: Path) -> None:
    mix(MixOptions(inputs=(str(eight),), out=tmp_path / "mix"), Silent())
    with pytest.raises(InputError, match="no split 'heldout'; there are: train"):
        finetune(options(tmp_path / "mix", tmp_path / "out", split="heldout"), Silent())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"batch_size": 0}, "--batch-size must be at least 1"),
        (
            {"accumulate": 0, "lora_rank": -1},
            "--accumulate must be at least 1; --lora-rank must be at least 1",
        ),
        ({"epochs": float("nan")}, "--epochs and --max-steps must be positive"),
        ({"epochs": float("inf")}, "--epochs and --max-steps must be positive"),
        ({"max_steps": 0}, "--epochs and --max-steps must be positive"),
        ({"learning_rate": 0.0}, "--learning-rate must be positive"),
        ({"lora_dropout": 1.0}, "--lora-dropout is a share"),
        ({"show_mask": -1}, "--show-mask cannot be negative"),
        ({"chat_template": Path("no.jinja")}, "--chat-template no.jinja: no such file"),
    ],
)
def test_options_out_of_range_are_usage_errors(
    eight: Path, tmp_path: Path, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError) as refused:
        finetune(options(eight, tmp_path / "out", **given), Silent())
    assert str(refused.value).startswith(reason)
    assert refused.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_template_that_cannot_be_masked_names_itself(eight: Path, tmp_path: Path) -> None:
    template = tmp_path / "bad.jinja"
    template.write_text(NEVER_ASKS)
    with pytest.raises(TrainError, match="add_generation_prompt"):
        finetune(options(eight, tmp_path / "out", chat_template=template), Silent())


def test_a_record_that_the_template_refuses_is_named(tmp_path: Path) -> None:
    turns = [{"role": role, "content": "x"} for role in ("system", "user", "assistant")]
    records = write_jsonl(tmp_path / "chat.jsonl", [{"messages": turns}])
    template = tmp_path / "gemma.jinja"
    template.write_text(GEMMA.replace("{{ bos_token }}", "").replace("<end_of_turn>", "{{ eos_token }}"))
    with pytest.raises(TrainError, match=r"chat\.jsonl: record [0-9a-f]{8}: .*System role not supported"):
        finetune(options(records, tmp_path / "out", chat_template=template), Silent())


def test_another_chat_template_under_the_same_name_is_another_run(eight: Path, tmp_path: Path) -> None:
    from chat_templates import CHATML

    template = tmp_path / "chat.jinja"
    template.write_text(CHATML)
    given = options(eight, tmp_path / "out", chat_template=template, max_steps=1)
    finetune(given, Silent())
    template.write_text(CHATML.replace("assistant", "{{ 'assistant' }}", 0) + "{# changed #}")
    with pytest.raises(UsageError, match="another run"):
        finetune(given, Silent())
    assert json.loads((tmp_path / "out/manifest.json").read_text())["inputs"][1]["kind"] == "chat template"
