"""Options of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ittools.formats.source import ReadOptions
from ittools.options import option


@dataclass(frozen=True, kw_only=True)
class FinetuneOptions(ReadOptions):
    out: Path = option(Path("runs/finetune"), "output directory", flags=("-o", "--out"), shapes_output=False)
    model: str = option(
        "tiny", "tiny (built on the spot), a local directory or a hub name", flags=("-m", "--model")
    )
    tune: Literal["lora", "full"] = option("lora", "which weights: a LoRA adapter, or all")
    lora_rank: int = option(16, "rank of the adapter")
    lora_alpha: int = option(32, "scale of the adapter: alpha / rank")
    lora_dropout: float = option(0.0, "dropout inside the adapter")
    epochs: float = option(3.0, "passes over the records")
    max_steps: int | None = option(None, "optimizer steps (overrides --epochs)")
    learning_rate: float | None = option(
        None, "peak learning rate (default: 2e-4 lora, 2e-5 full; tiny: 5e-3, 1e-3)"
    )
    batch_size: int = option(8, "records at a time on one device")
    accumulate: int = option(1, "batches per optimizer step")
    max_length: int = option(1024, "tokens; a longer record is dropped and counted")
    chat_template: Path | None = option(None, "Jinja chat template, in place of the tokenizer's")
    save_steps: int = option(100, "steps between checkpoints", shapes_output=False)
    merge: bool = option(False, "also save the merged model (always for tiny)")
    precision: Literal["auto", "fp32", "bf16"] = option("auto", "auto: bf16 on CUDA, fp32 on CPU")
    device: Literal["auto", "cpu", "cuda"] = option("auto", "where to train")
    seed: int = option(0, "seed of initialisation and order")
    show_mask: int = option(0, "print N records with trained tokens marked, and stop", shapes_output=False)
    force: bool = option(False, "replace another finished output", shapes_output=False)
