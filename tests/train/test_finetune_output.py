"""What a training run leaves on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_templates import assistant, user
from training_inputs import EIGHT, options, write_eight

from ittools.errors import InputError
from ittools.progress import Silent
from ittools.store.manifest import read_manifest
from ittools.store.outcome import Outcome
from ittools.store.verify import verify
from ittools.train.base import model_folder
from ittools.train.finetune import finetune, need_libraries
from ittools.train.tiny import tiny_tokenizer

STEPS = 12


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    finetune(options(write_eight(folder / "eight.jsonl"), folder / "out", max_steps=STEPS), Silent())
    return folder / "out"


def _logits(model: Any) -> torch.Tensor:
    tokenizer = tiny_tokenizer()
    ids = tokenizer.apply_chat_template(
        [user("Say a."), assistant("alpha")], return_tensors="pt", return_dict=False
    )
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits  # type: ignore[no-any-return]


def test_the_directory_verifies(tuned: Path) -> None:
    assert verify(tuned) == []


def test_a_finished_run_keeps_no_checkpoints(tuned: Path) -> None:
    assert not (tuned / "checkpoints").exists()


def test_a_finetune_output_can_be_tuned_further_from_its_model(tuned: Path, tmp_path: Path) -> None:
    given = options(write_eight(tmp_path / "eight.jsonl"), tmp_path / "again", model=str(tuned), max_steps=1)
    finetune(given, Silent())
    written = json.loads((tmp_path / "again/adapter/adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == str(tuned / "model")


def test_an_output_that_is_only_an_adapter_is_refused_as_a_model(tmp_path: Path) -> None:
    (tmp_path / "out/adapter").mkdir(parents=True)
    with pytest.raises(InputError, match="adapter only"):
        model_folder(str(tmp_path / "out"))
    assert model_folder(str(tmp_path / "out"), adapter_too=True) == str(tmp_path / "out/adapter")


def test_the_manifest_says_what_was_trained(tuned: Path) -> None:
    manifest = read_manifest(tuned)
    assert manifest is not None
    training = manifest["training"]
    assert training["steps"] == STEPS
    assert training["trained_tokens"] == sum(len(answer.encode()) + 1 for answer in EIGHT.values())
    assert training["trainable_parameters"] < training["parameters"]
    assert training["last_loss"] < training["first_loss"]
    assert manifest["funnel"] == {"in": 8, "dropped": {}, "out": 8}


def test_every_step_has_its_loss_and_rate(tuned: Path) -> None:
    rows = json.loads((tuned / "loss.json").read_text())
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    assert all(set(row) == {"step", "loss", "learning_rate"} for row in rows)
    assert (tuned / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_merged_model_is_the_adapter_over_its_base(tuned: Path) -> None:
    need_libraries()
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tuned / "base")
    before = _logits(base)
    over_base = _logits(PeftModel.from_pretrained(base, tuned / "adapter"))
    merged = _logits(AutoModelForCausalLM.from_pretrained(tuned / "model"))
    assert (merged - over_base).abs().max().item() <= 1e-5
    assert (merged - before).abs().max().item() > 0.1


def test_the_adapter_names_its_base_and_carries_nothing_else(tuned: Path) -> None:
    from safetensors import safe_open

    config = json.loads((tuned / "adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(tuned / "base")
    assert config["modules_to_save"] is None
    with safe_open(tuned / "adapter/adapter_model.safetensors", "pt") as weights:
        names = list(weights.keys())
    assert names
    assert all(name.endswith((".lora_A.weight", ".lora_B.weight")) for name in names)


@pytest.mark.parametrize("folder", ["adapter", "base", "model"])
def test_tokenizer_template_and_ends_survive_saving(tuned: Path, folder: str) -> None:
    from transformers import AutoTokenizer

    made, saved = tiny_tokenizer(), AutoTokenizer.from_pretrained(tuned / folder)
    assert saved.chat_template == made.chat_template
    assert saved.get_vocab() == made.get_vocab()
    assert (saved.eos_token_id, saved.pad_token_id) == (made.eos_token_id, made.pad_token_id)
    text = "né 🎉 日本<|im_end|>\n\t"
    assert saved(text)["input_ids"] == made(text)["input_ids"]
    if folder != "adapter":
        generation = json.loads((tuned / folder / "generation_config.json").read_text())
        assert generation["eos_token_id"] in (made.eos_token_id, [made.eos_token_id])


def test_the_card_names_the_base_and_the_records(tuned: Path) -> None:
    card = (tuned / "README.md").read_text()
    assert f"base_model: {tuned / 'base'}\n" in card
    assert "eight.jsonl" in card


def test_run_again_it_is_reused_and_no_byte_changes(tuned: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tuned.rglob("*")}
    records = tuned.parent / "eight.jsonl"
    result = finetune(options(records, tuned, max_steps=STEPS), Silent())
    assert isinstance(result, Outcome)
    assert result.reused
    after = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in tuned.rglob("*")}
    assert {p: s for p, s in after.items() if p.name != ".lock"} == {
        p: s for p, s in before.items() if p.name != ".lock"
    }


def test_the_same_run_elsewhere_has_the_same_weights(tuned: Path, tmp_path: Path) -> None:
    finetune(options(tuned.parent / "eight.jsonl", tmp_path / "out", max_steps=STEPS), Silent())
    for name in ("adapter/adapter_model.safetensors", "model/model.safetensors", "base/model.safetensors",
                 "loss.json", "loss.png"):  # fmt: skip
        assert (tmp_path / "out" / name).read_bytes() == (tuned / name).read_bytes(), name
