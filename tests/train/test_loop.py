"""Batches, accumulation and the model that is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from chat_templates import assistant, user
from training_inputs import options, write_eight

from ittools.errors import TrainError
from ittools.progress import Silent
from ittools.train.checkpoints import sealing_callback
from ittools.train.finetune import need_libraries
from ittools.train.loop import Padding, prepare_model, run_training
from ittools.train.mask import Encoded, encode
from ittools.train.options import FinetuneOptions
from ittools.train.tiny import tiny_tokenizer


def test_batches_are_padded_on_the_right_without_loss_or_attention() -> None:
    short, long = Encoded([5, 6], [False, True]), Encoded([7, 8, 9], [False, True, True])
    batch = {name: value.tolist() for name, value in Padding(0)([short, long]).items()}
    assert batch == {
        "input_ids": [[5, 6, 0], [7, 8, 9]],
        "labels": [[-100, 6, -100], [-100, 8, 9]],
        "attention_mask": [[1, 1, 0], [1, 1, 1]],
    }


def test_the_end_carries_loss_even_where_it_also_pads() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token
    encoded = encode([user("a"), assistant("b")], tokenizer)
    longer = encode([user("a"), assistant("bcd")], tokenizer)
    labels = Padding(tokenizer.pad_token_id)([encoded, longer])["labels"][0].tolist()
    trained = [label for label in labels if label != -100]
    assert tokenizer.convert_ids_to_tokens(trained) == ["b", "<|im_end|>"]


def test_pad_and_end_of_the_tiny_tokenizer_are_different_tokens() -> None:
    tokenizer = tiny_tokenizer()
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|pad|>", "<|im_end|>")


@pytest.fixture
def encoded() -> list[Encoded]:
    """Answers of very different lengths, where a mean of means is far off."""
    answers = ("a", "bb" * 3, "c" * 40, "dé" * 30)
    tokenizer = tiny_tokenizer()
    return [encode([user(f"{i}?"), assistant(answer)], tokenizer) for i, answer in enumerate(answers)]


def _model(given: FinetuneOptions, *, bf16: bool = False) -> Any:
    need_libraries()  # which also quiets the libraries' notes to their own developers
    return prepare_model(given, tiny_tokenizer(), "cpu", bf16=bf16)


def _first_step(given: FinetuneOptions, encoded: list[Encoded]) -> dict[str, Any]:
    need_libraries()
    checkpoints = given.out / "checkpoints"
    _, history = run_training(
        given, tiny_tokenizer(), encoded, checkpoints, None, sealing_callback("x"), Silent()
    )
    return history[0]


@pytest.mark.parametrize("tune", ["lora", "full"])
def test_four_batches_of_one_are_one_batch_of_four(tmp_path: Path, encoded: list[Encoded], tune: Any) -> None:
    records = write_eight(tmp_path / "eight.jsonl")
    one = options(records, tmp_path / "one", batch_size=4, max_steps=1, tune=tune)
    four = options(records, tmp_path / "four", batch_size=1, accumulate=4, max_steps=1, tune=tune)
    first, second = _first_step(one, encoded), _first_step(four, encoded)
    assert second["loss"] == pytest.approx(first["loss"], rel=1e-5)
    assert second["grad_norm"] == pytest.approx(first["grad_norm"], rel=1e-5)


def test_the_loss_is_the_mean_over_trained_tokens(tmp_path: Path, encoded: list[Encoded]) -> None:
    given = options(write_eight(tmp_path / "eight.jsonl"), tmp_path / "out", batch_size=4, max_steps=1)
    model = _model(given).eval()
    total, count = 0.0, 0
    for record in encoded:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([record.ids])).logits[0].log_softmax(-1)
        for place in range(1, len(record.ids)):
            if record.trained[place]:
                total -= logits[place - 1, record.ids[place]].item()
                count += 1
    assert _first_step(given, encoded)["loss"] == pytest.approx(total / count, rel=1e-4)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path, encoded: list[Encoded]) -> None:
    given = options(
        write_eight(tmp_path / "eight.jsonl"), tmp_path / "out", max_steps=9, tune="full", learning_rate=1e30
    )
    with pytest.raises(TrainError, match="lower --learning-rate"):
        _first_step(given, encoded)


@pytest.mark.parametrize("tune", ["lora", "full"])
def test_trained_weights_are_held_in_fp32_also_for_bf16(tmp_path: Path, tune: Any) -> None:
    given = options(write_eight(tmp_path / "eight.jsonl"), tmp_path / "out", tune=tune)
    model = _model(given, bf16=True)
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}


def test_lora_trains_only_the_adapter_and_full_trains_everything(tmp_path: Path) -> None:
    records = write_eight(tmp_path / "eight.jsonl")
    lora = _model(options(records, tmp_path / "a"))
    full = _model(options(records, tmp_path / "b", tune="full"))
    assert all("lora_" in name for name, p in lora.named_parameters() if p.requires_grad)
    assert all(p.requires_grad for p in full.parameters())


def test_the_tiny_model_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    records = write_eight(tmp_path / "eight.jsonl")
    models = [_model(options(records, tmp_path / "a", seed=seed)) for seed in (0, 0, 1)]
    heads = [model.get_output_embeddings().base_layer.weight for model in models]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
