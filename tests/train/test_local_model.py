"""A model directory as `--model`, as a hub model is once it is there: LoRA and full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from chat_templates import CHATML
from training_inputs import options, write_eight

from ittools.errors import UsageError
from ittools.progress import Silent
from ittools.store.outcome import Outcome
from ittools.store.verify import verify
from ittools.train.finetune import finetune, load_tokenizer, need_libraries
from ittools.train.tiny import tiny_model, tiny_tokenizer


def _save_base_model(folder: Path, *, dtype: torch.dtype = torch.float32) -> Path:
    """As base models are published: no pad token, and an end of text that is no end of turn."""
    need_libraries()
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"eos_token": "<|endoftext|>"})
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.pad_token = None
    tokenizer.chat_template = CHATML
    model = tiny_model(tokenizer, seed=5, layers=2, width=64).to(dtype)
    model.config.pad_token_id = model.generation_config.pad_token_id = None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save_base_model(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eight(tmp_path_factory.mktemp("records") / "eight.jsonl")


def test_generation_will_stop_at_the_templates_end_of_turn(base: Path, eight: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(options(eight, tmp_path / "out", model=str(base)))
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token is None
    assert len(tokenizer) == 260


@pytest.mark.parametrize("merge", [False, True])
def test_lora_leaves_an_adapter_over_the_named_model(
    base: Path, eight: Path, tmp_path: Path, merge: bool
) -> None:
    out = tmp_path / "out"
    finetune(options(eight, out, model=str(base), max_steps=2, merge=merge), Silent())
    config = json.loads((out / "adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base)
    assert "lm_head" not in config["target_modules"]
    assert not (out / "base").exists()
    assert (out / "model").exists() == merge
    assert verify(out) == []
    saved = json.loads((out / "adapter/tokenizer_config.json").read_text())
    assert saved["eos_token"] == "<|im_end|>"


def test_the_merged_model_ends_at_either_token(base: Path, eight: Path, tmp_path: Path) -> None:
    finetune(options(eight, tmp_path / "out", model=str(base), max_steps=2, merge=True), Silent())
    ends = json.loads((tmp_path / "out/model/generation_config.json").read_text())["eos_token_id"]
    tokenizer = load_tokenizer(options(eight, tmp_path / "out", model=str(base)))
    assert set(ends) == set(tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"]))


def test_full_leaves_a_model_with_every_weight_moved(base: Path, eight: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    given = options(eight, tmp_path / "out", model=str(base), tune="full", max_steps=2, learning_rate=1e-3)
    finetune(given, Silent())
    assert not (tmp_path / "out/adapter").exists()
    before: Any = AutoModelForCausalLM.from_pretrained(base).state_dict()
    after: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "out/model").state_dict()
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before)


def test_a_half_precision_checkpoint_is_trained_in_fp32(eight: Path, tmp_path: Path) -> None:
    folder = _save_base_model(tmp_path / "half", dtype=torch.bfloat16)
    given = options(eight, tmp_path / "out", model=str(folder), tune="full", max_steps=2, learning_rate=1e-6)
    result = finetune(given, Silent())
    from transformers import AutoModelForCausalLM

    assert isinstance(result, Outcome)
    before: Any = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    after: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "out/model", dtype="float32").state_dict()
    moved = (after["model.norm.weight"] - before["model.norm.weight"].float()).abs().max().item()
    assert 0 < moved < 1e-5  # a step that bf16 could not hold beside a weight of 1


def test_changed_weights_under_the_same_name_are_another_run(eight: Path, tmp_path: Path) -> None:
    folder = _save_base_model(tmp_path / "mine")
    given = options(eight, tmp_path / "out", model=str(folder), max_steps=1)
    finetune(given, Silent())
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(UsageError, match="another run"):
        finetune(given, Silent())
