"""`ittools finetune`: a causal model tuned on a mixture, by transformers' Trainer and peft.

The loop is the library's; ours are the mask, what enters it, checkpoints that are whole or absent,
and an output that says what was trained on.
"""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ittools.errors import InputError, TrainError, UsageError
from ittools.formats.source import ReadOptions, Source, open_inputs
from ittools.options import option
from ittools.progress import Progress
from ittools.records.funnel import Funnel
from ittools.records.messages import to_messages
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Answer, Outcome, outcome
from ittools.train.checkpoints import latest, sealing_callback
from ittools.train.mask import Encoded, encode
from ittools.train.show import mask_lines


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
        None, "peak learning rate (default: 2e-4 lora, 2e-5 full, 5e-3 tiny)"
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


def finetune(options: FinetuneOptions, progress: Progress) -> Outcome | Answer:
    """Tune and save.

    Raises:
        TrainError: no record fits, no CUDA where it was asked for, a template that cannot be masked.
        InputError: the model or the mixture cannot be read.
    """
    _check(options)
    need_libraries()
    sources = open_inputs(options)
    if options.show_mask:
        return _show(options, sources)
    entries = [source.entry for source in sources]
    with writing(
        options.out, command="finetune", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            _train(options, sources, output, progress)
    assert output.finished is not None
    training = output.finished["training"]
    facts = {
        "trained": f"{training['trained_tokens']:,} of {training['tokens']:,} tokens a pass",
        "parameters": f"{training['trainable_parameters']:,} of {training['parameters']:,}",
        "loss": f"{training['first_loss']:.4f} to {training['last_loss']:.4f} in {training['steps']} steps",
    }
    then = (
        f"ittools evaluate {options.inputs[0]} --model {options.out} --out {options.out.parent / 'evaluate'}"
    )
    return outcome(output, then, **facts)


def _check(options: FinetuneOptions) -> None:
    problems = []
    for name in ("batch_size", "accumulate", "max_length", "lora_rank", "save_steps"):
        if getattr(options, name) < 1:
            problems.append(f"--{name.replace('_', '-')} must be at least 1")
    if options.epochs <= 0 or (options.max_steps is not None and options.max_steps < 1):
        problems.append("--epochs and --max-steps must be positive")
    if options.chat_template and not options.chat_template.is_file():
        problems.append(f"--chat-template {options.chat_template}: no such file")
    if problems:
        raise UsageError("; ".join(problems))


def need_libraries() -> None:
    """Raises TrainError, with the command that helps, when the train extra is not installed."""
    import importlib.util

    missing = [n for n in ("torch", "transformers", "peft", "accelerate") if not importlib.util.find_spec(n)]
    if missing:
        raise TrainError(f"{', '.join(missing)} not installed: pip install 'ittools[train]'")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    # notes of the libraries to their own developers; a user can do nothing about them
    for module in ("transformers", "peft", "torch", "accelerate"):
        warnings.filterwarnings("ignore", module=rf"{module}\..*")


def load_tokenizer(options: FinetuneOptions) -> Any:
    from ittools.train.tiny import tiny_tokenizer

    if options.model == "tiny":
        tokenizer = tiny_tokenizer()
    else:
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(options.model)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{options.model}: no tokenizer ({' '.join(str(error).split())[:200]})"
            ) from None
    if options.chat_template:
        tokenizer.chat_template = options.chat_template.read_text(encoding="utf-8")
    if tokenizer.pad_token_id is None:
        # a pad token that is also the end would be masked out of the loss, and nothing would stop
        tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    return tokenizer


def _show(options: FinetuneOptions, sources: list[Source]) -> Answer:
    tokenizer = load_tokenizer(options)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    lines: list[str] = []
    value: list[dict[str, Any]] = []
    for source in sources:
        for batch in source.batches():
            for record in batch.slice(0, options.show_mask - len(value)).to_pylist():
                encoded = encode(to_messages(record), tokenizer)
                lines += [f"── {len(value) + 1}  {record['id'][:8]}"]
                lines += mask_lines(encoded, tokenizer, colour=colour)
                value.append({"id": record["id"], "ids": encoded.ids, "trained": encoded.trained})
    return Answer(lines, value)


def _train(options: FinetuneOptions, sources: list[Source], output: Output, progress: Progress) -> None:
    from ittools.train.loop import run_training
    from ittools.train.save import save_all

    tokenizer = load_tokenizer(options)
    encoded, funnel = encode_all(sources, tokenizer, options.max_length, progress)
    if not encoded:
        reasons = ", ".join(f"{count} {reason}" for reason, count in funnel.dropped.items()) or "it is empty"
        raise TrainError(f"nothing to train on: {reasons}")
    checkpoints = output.path / "checkpoints"
    resume = latest(checkpoints, output.fingerprint)
    if resume:
        progress.note(f"going on from {resume}")
    model, history = run_training(
        options, tokenizer, encoded, checkpoints, resume, sealing_callback(output.fingerprint), progress
    )
    facts = save_all(options, model, tokenizer, history, output)
    facts["tokens"] = sum(len(record.ids) for record in encoded)
    facts["trained_tokens"] = sum(sum(record.trained) for record in encoded)
    output.finish(funnel, card=False, seed=options.seed, training=facts)


def encode_all(
    sources: list[Source], tokenizer: Any, max_length: int, progress: Progress
) -> tuple[list[Encoded], Funnel]:
    """Every record as tokens with its mask; too long ones are dropped, never cut."""
    progress.start("finetune: encode")
    funnel, kept = Funnel(), []
    for source in sources:
        for batch in source.batches():
            for record in batch.to_pylist():
                try:
                    encoded = encode(to_messages(record), tokenizer)
                except TrainError as error:
                    raise TrainError(f"{source.entry.spec}: record {record['id'][:8]}: {error}") from None
                reason = None
                if len(encoded.ids) > max_length:
                    reason = "over-max-length"
                elif not record["output"].strip():
                    reason = "empty-output"
                funnel.drop([reason])
                if reason is None:
                    kept.append(encoded)
                progress.advance()
    return kept, funnel
