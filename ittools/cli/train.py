"""Commands that train and measure models."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.evaluate.evaluate import EvaluateOptions, evaluate
from ittools.train.finetune import finetune
from ittools.train.options import FinetuneOptions

FINETUNE = Command(
    FinetuneOptions,
    finetune,
    "Tune a causal model on a mixture: chat template, loss on the assistant's tokens only, LoRA. A killed "
    "run goes on from its last whole checkpoint with the same command.",
    (
        "ittools finetune runs/quickstart/mix --show-mask 2",
        "ittools finetune runs/quickstart/mix --model tiny --max-steps 100 --out runs/tuned",
        "ittools finetune runs/mix -m Qwen/Qwen2.5-0.5B --epochs 2 --merge --out runs/qwen",
    ),
)
EVALUATE = Command(
    EvaluateOptions,
    evaluate,
    "Let a model answer a held-out split, greedily; ROUGE-L and exact match, every answer written beside "
    "its reference.",
    ("ittools evaluate runs/quickstart/mix --model runs/quickstart/finetune --out runs/evaluated",),
)
