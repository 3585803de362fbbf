"""Commands that write new records."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.generate.augment.options import AugmentOptions
from ittools.generate.options import GenerateOptions
from ittools.progress import Progress
from ittools.store.outcome import Answer, Outcome


def _generate(options: GenerateOptions, progress: Progress) -> Outcome | Answer:
    from ittools.generate.run import generate

    return generate(options, progress)


def _augment(options: AugmentOptions, progress: Progress) -> Outcome | Answer:
    from ittools.generate.augment.augment import augment

    return augment(options, progress)


GENERATE = Command(
    GenerateOptions,
    _generate,
    "Write instruction records by any OpenAI-compatible model: from seed tasks (self-instruct, alpaca, "
    "evolve, topics, dialogue), from documents (backtranslate), to given prompts (answer), or from nothing "
    "(magpie). Every response is kept in a ledger: a killed run goes on with the same command and pays "
    "nothing twice. --teacher offline is a rule-based writer, not a language model: no key, no network.",
    (
        "ittools generate --teacher offline --num 40 --out runs/first",
        "ittools generate -m gpt-4o-mini -n 500 --max-cost 2.50 --out runs/mini --dry-run",
        "ittools generate --method alpaca --teacher offline -n 40 -l en=3 -l de --out runs/alpaca",
        "ittools generate --method evolve --show-prompts",
        "ittools generate --base-url http://127.0.0.1:8000/v1 -m my-model -l de -l fr --out runs/local",
    ),
)

AUGMENT = Command(
    AugmentOptions,
    _augment,
    "Make further records from those that are there: paraphrases, back-translation, noise, and passages of a "
    "corpus with a verdict on them (SAIL). A new record names its parent and keeps its task.",
    (
        "ittools augment runs/first --noise typos --noise case --out runs/noisy",
        "ittools augment runs/first --teacher offline --paraphrase 2 --pivot de --out runs/more",
        "ittools augment runs/first --search notes.txt --out runs/sail",
    ),
)
