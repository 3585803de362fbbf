"""`ittools finetune`: a causal model tuned on a mixture, by transformers' Trainer and peft.

The loop is the library's; ours are the mask, what enters it, checkpoints that are whole or absent,
and an output that says what was trained on.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from ittools.errors import InputError, TrainError, UsageError
from ittools.formats.hub import quiet_models
from ittools.formats.source import Source, open_inputs
from ittools.progress import Progress
from ittools.records.build import Record
from ittools.records.funnel import Funnel
from ittools.records.messages import to_messages
from ittools.store.dataset import Output, writing
from ittools.store.manifest import read_manifest
from ittools.store.outcome import Answer, Outcome, outcome
from ittools.train.base import model_entry, model_folder, template_entry
from ittools.train.checkpoints import latest, sealing_callback
from ittools.train.marks import FORGED, control_marks, end_of_turn, forges
from ittools.train.mask import Encoded, encode
from ittools.train.options import FinetuneOptions
from ittools.train.show import mask_lines


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
    if options.model != "tiny":
        entries.append(model_entry(options.model))
    if options.chat_template:
        entries.append(template_entry(options.chat_template))
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
    return outcome(output, *_evaluation(options), **facts)


def _evaluation(options: FinetuneOptions) -> tuple[object, ...]:
    """The next command; without a held-out split it can only answer what was trained on."""
    mixture = Path(options.inputs[0])
    manifest = read_manifest(mixture) if mixture.is_dir() else None
    split = () if manifest and "heldout" in manifest["splits"] else ("--split", "train")
    out = options.out.parent / "evaluate"
    return ("ittools", "evaluate", mixture, *split, "--model", options.out, "--out", out)


def _check(options: FinetuneOptions) -> None:
    problems = []
    for name in ("batch_size", "accumulate", "max_length", "lora_rank", "lora_alpha", "save_steps"):
        if getattr(options, name) < 1:
            problems.append(f"--{name.replace('_', '-')} must be at least 1")
    if not 0 < options.epochs < math.inf or (options.max_steps is not None and options.max_steps < 1):
        problems.append("--epochs and --max-steps must be positive")
    if options.learning_rate is not None and not 0 < options.learning_rate < math.inf:
        problems.append("--learning-rate must be positive")
    if not 0 <= options.lora_dropout < 1:
        problems.append("--lora-dropout is a share from 0 to below 1")
    if options.show_mask < 0:
        problems.append("--show-mask cannot be negative")
    if options.chat_template and not options.chat_template.is_file():
        problems.append(f"--chat-template {options.chat_template}: no such file")
    if problems:
        raise UsageError("; ".join(problems))


def need_libraries() -> None:
    """Raises TrainError, with the command that helps, when the train extra is not installed."""
    import importlib.util

    needed = ("torch", "transformers", "peft", "accelerate", "matplotlib")
    missing = [name for name in needed if not importlib.util.find_spec(name)]
    if missing:
        raise TrainError(f"{', '.join(missing)} not installed: pip install 'ittools[train]'")
    quiet_models()


def load_tokenizer(options: FinetuneOptions) -> Any:
    from ittools.train.tiny import tiny_tokenizer

    if options.model == "tiny":
        tokenizer = tiny_tokenizer()
    else:
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(model_folder(options.model), trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{options.model}: no tokenizer ({' '.join(str(error).split())[:200]})"
            ) from None
    if options.chat_template:
        tokenizer.chat_template = options.chat_template.read_text(encoding="utf-8")
    end = end_of_turn(tokenizer)
    if tokenizer.eos_token_id != end:
        # a base model's end of text is not its template's end of turn: generation must stop at the latter
        tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)
    return tokenizer


def _show(options: FinetuneOptions, sources: list[Source]) -> Answer:
    tokenizer = load_tokenizer(options)
    marks = control_marks(tokenizer)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    lines: list[str] = []
    value: list[dict[str, Any]] = []
    for source in sources:
        for batch in source.batches():
            for record in batch.slice(0, options.show_mask - len(value)).to_pylist():
                encoded, reason = encode_one(record, tokenizer, marks, options.max_length)
                dropped = f"  dropped: {reason}" if reason else ""
                lines.append(f"── {len(value) + 1}  {record['id'][:8]}{dropped}")
                lines += mask_lines(encoded, tokenizer, colour=colour)
                value.append({"id": record["id"], "ids": encoded.ids, "trained": encoded.trained,
                              "dropped": reason})  # fmt: skip
    return Answer(lines, value)


def _train(options: FinetuneOptions, sources: list[Source], output: Output, progress: Progress) -> None:
    from ittools.train.loop import pick_device, run_training
    from ittools.train.save import save_all

    pick_device(options.device)  # said now, not after an hour of encoding
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
    shutil.rmtree(checkpoints, ignore_errors=True)  # several times the model; the run is whole now


def encode_all(
    sources: list[Source], tokenizer: Any, max_length: int, progress: Progress
) -> tuple[list[Encoded], Funnel]:
    """Every record as tokens with its mask; too long ones are dropped, never cut."""
    progress.start("finetune: encode")
    funnel, kept = Funnel(), []
    marks = control_marks(tokenizer)
    for source in sources:
        for batch in source.batches():
            for record in batch.to_pylist():
                try:
                    encoded, reason = encode_one(record, tokenizer, marks, max_length)
                except TrainError as error:
                    raise TrainError(f"{source.entry.spec}: record {record['id'][:8]}: {error}") from None
                funnel.drop([reason])
                if reason is None:
                    kept.append(encoded)
                progress.advance()
    return kept, funnel


def encode_one(
    record: Record, tokenizer: Any, marks: re.Pattern[str], max_length: int
) -> tuple[Encoded, str | None]:
    """A record with its mask, and why it is not trained on (null: it is)."""
    messages = to_messages(record)
    encoded = encode(messages, tokenizer)
    if not record["output"].strip():
        return encoded, "empty-output"
    if forges(messages, marks):
        return encoded, FORGED
    return encoded, "over-max-length" if len(encoded.ids) > max_length else None
