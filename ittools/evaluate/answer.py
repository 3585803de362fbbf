"""A model that answers conversations, greedily, in batches padded on the left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ittools.errors import InputError
from ittools.records.build import Turn
from ittools.train.base import model_folder
from ittools.train.loop import few_threads
from ittools.train.marks import FORGED, control_marks, forges
from ittools.train.mask import render

SMALL = 20_000_000  # parameters below which more threads only wait for each other


class Answerer:
    """`name`: a finetune output (merged model or adapter), a model directory or a hub name."""

    def __init__(self, name: str, device: str, max_new_tokens: int) -> None:
        self.device, self.max_new_tokens = device, max_new_tokens
        self.model, self.tokenizer = _load(name)
        if device == "cpu" and self.model.num_parameters() < SMALL:
            few_threads()
        self.model.to(device).eval()
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.marks = control_marks(self.tokenizer)

    def reason(self, turns: Sequence[Turn]) -> str | None:
        """Why a conversation cannot be answered: its text would open or end turns (null: it can)."""
        return FORGED if forges(turns, self.marks) else None

    def answer(self, prompts: Sequence[Sequence[Turn]]) -> list[tuple[str, bool]]:
        """(text, whether the model ended it by itself) for each conversation."""
        import torch

        texts = [render(turns, self.tokenizer, ask=True) for turns in prompts]
        batch = self.tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt")
        given = batch["input_ids"].shape[1]
        with torch.inference_mode():
            found = self.model.generate(
                input_ids=batch["input_ids"].to(self.device),
                attention_mask=batch["attention_mask"].to(self.device),
                max_new_tokens=self.max_new_tokens,
                do_sample=False,
                repetition_penalty=1.0,  # some models are saved with another; greedy is greedy
                pad_token_id=self.tokenizer.pad_token_id,
                eos_token_id=self._ends(),
            )
        return [self._read(row[given:].tolist()) for row in found.cpu()]

    def _ends(self) -> list[int]:
        """The tokenizer's end and whatever else the model was saved to end with."""
        ends = self.model.generation_config.eos_token_id
        known = ends if isinstance(ends, list) else [ends]
        return sorted({e for e in [*known, self.tokenizer.eos_token_id] if e is not None})

    def _read(self, tokens: list[int]) -> tuple[str, bool]:
        ends = set(self._ends())
        at = next((i for i, token in enumerate(tokens) if token in ends), None)
        text = self.tokenizer.decode(tokens[:at], skip_special_tokens=True)
        return text.strip(), at is not None


def _load(name: str) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    name = model_folder(name, adapter_too=True)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        if (Path(name) / "adapter_config.json").is_file():
            from peft import AutoPeftModelForCausalLM

            model = AutoPeftModelForCausalLM.from_pretrained(name, dtype="auto", trust_remote_code=False)
            return model, tokenizer
        return AutoModelForCausalLM.from_pretrained(name, dtype="auto", trust_remote_code=False), tokenizer
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name}: neither a finetune output nor a model ({reason})") from None
