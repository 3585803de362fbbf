"""The training loop: transformers' Trainer, given exact labels."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ittools.errors import InputError, TrainError
from ittools.progress import Progress
from ittools.train.base import model_folder
from ittools.train.mask import Encoded
from ittools.train.order import records_to_train, training_order
from ittools.train.tiny import LORA_TARGETS, tiny_model

if TYPE_CHECKING:
    from ittools.train.options import FinetuneOptions

RATES = {"lora": 2e-4, "full": 2e-5}  # peak learning rates of pretrained models
TINY_RATES = {"lora": 5e-3, "full": 1e-3}  # of one that starts from nothing
WARMUP = 0.03  # share of the steps
History = list[dict[str, float]]


def run_training(
    options: FinetuneOptions,
    tokenizer: Any,
    encoded: list[Encoded],
    checkpoints: Path,
    resume: Path | None,
    sealing: Any,
    progress: Progress,
) -> tuple[Any, History]:
    """(the tuned model, loss and learning rate of every step)."""
    from transformers import Trainer, set_seed
    from transformers.trainer_callback import PrinterCallback

    set_seed(options.seed)
    device = pick_device(options.device)
    if options.model == "tiny":
        few_threads()
    bf16 = options.precision == "bf16" or (options.precision == "auto" and device == "cuda")
    trainer = Trainer(
        model=prepare_model(options, tokenizer, device, bf16=bf16),
        args=_arguments(options, checkpoints, device, bf16=bf16),
        train_dataset=Records(encoded, _order(options, encoded)),
        # any token may pad: it carries neither attention nor loss
        data_collator=Padding(tokenizer.pad_token_id or 0),
        processing_class=tokenizer,
        callbacks=[sealing, _telling(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    return trainer.model, history


def _arguments(options: FinetuneOptions, checkpoints: Path, device: str, *, bf16: bool) -> Any:
    from transformers import TrainingArguments

    rates = TINY_RATES if options.model == "tiny" else RATES
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=options.batch_size,
        gradient_accumulation_steps=options.accumulate,
        num_train_epochs=1,  # the order of the records holds all epochs
        train_sampling_strategy="sequential",
        learning_rate=options.learning_rate or rates[options.tune],
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        weight_decay=0.0,
        max_grad_norm=1.0,
        bf16=bf16,
        use_cpu=device == "cpu",
        logging_steps=1,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=options.save_steps,
        save_total_limit=2,
        seed=options.seed,
        data_seed=options.seed,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=device == "cuda",
    )


def pick_device(wanted: str) -> str:
    """`cpu` or `cuda`. Raises TrainError when CUDA is asked for and not there."""
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise TrainError("--device cuda: torch sees no CUDA GPU (nvidia-smi, or a CPU build of torch)")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def few_threads() -> None:
    """One thread: a tiny model gains nothing from more, and two on a busy machine of two cores wait
    for each other (5 s a step were 0.3); it also makes sums alike on machines of any size."""
    import torch

    torch.set_num_threads(1)


def prepare_model(options: FinetuneOptions, tokenizer: Any, device: str, *, bf16: bool) -> Any:
    """The base model with room for every token, under a LoRA adapter unless all of it is tuned.

    Trained weights are held in fp32, as steps of 2e-5 vanish in bf16; a frozen base is not stepped.
    """
    dtype = "bfloat16" if bf16 and options.tune == "lora" else "float32"
    model = base_model(options.model, tokenizer, seed=options.seed, dtype=dtype)
    if options.tune == "full":
        return model.to(device)
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=options.lora_rank,
        lora_alpha=options.lora_alpha,
        lora_dropout=options.lora_dropout,
        target_modules=LORA_TARGETS if options.model == "tiny" else "all-linear",
        task_type="CAUSAL_LM",
    )
    model.name_or_path = base_name(options)  # what peft writes into the adapter's configuration
    return get_peft_model(model, config).to(device)


def base_name(options: FinetuneOptions) -> str:
    """What the adapter names as its base; the tiny one is saved beside the adapter."""
    return str(options.out / "base") if options.model == "tiny" else model_folder(options.model)


def base_model(name: str, tokenizer: Any, *, seed: int, dtype: str = "auto") -> Any:
    if name == "tiny":
        return tiny_model(tokenizer, seed=seed)
    from transformers import AutoModelForCausalLM

    try:
        model = AutoModelForCausalLM.from_pretrained(model_folder(name), dtype=dtype, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: no causal model ({' '.join(str(error).split())[:200]})") from None
    if model.get_input_embeddings().num_embeddings < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer))
    return model


def _order(options: FinetuneOptions, encoded: list[Encoded]) -> list[int]:
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    batch = options.batch_size * devices
    records = records_to_train(
        len(encoded),
        epochs=options.epochs,
        max_steps=options.max_steps,
        per_step=batch * options.accumulate,
    )
    lengths = [len(record.ids) for record in encoded]
    return training_order(lengths, batch=batch, records=records, seed=options.seed)


class Records:
    """The encoded records in the order of training, as a torch data set wants them."""

    def __init__(self, encoded: list[Encoded], order: list[int]) -> None:
        self.encoded, self.order = encoded, order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> Encoded:
        return self.encoded[self.order[place]]


class Padding:
    """Right padding; padded places carry no loss and no attention."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, records: list[Encoded]) -> dict[str, Any]:
        import torch

        longest = max(len(record.ids) for record in records)
        shape = (len(records), longest)
        ids, labels = torch.full(shape, self.pad), torch.full(shape, -100)
        attention = torch.zeros(shape, dtype=torch.long)
        for row, record in enumerate(records):
            length = len(record.ids)
            ids[row, :length] = torch.tensor(record.ids)
            labels[row, :length] = torch.tensor(record.labels)
            attention[row, :length] = 1
        return {"input_ids": ids, "labels": labels, "attention_mask": attention}


def _telling(progress: Progress) -> Any:
    from transformers import TrainerCallback

    class Telling(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            progress.start("finetune: steps", state.max_steps)
            progress.advance(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                if not math.isfinite(logs["loss"]):
                    raise TrainError(
                        f"the loss is {logs['loss']} at step {state.global_step}; lower --learning-rate"
                    )
                progress.advance()
                progress.show(loss=f"{float(logs['loss']):.4f}")

    return Telling()
