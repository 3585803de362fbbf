"""`--dry-run`: what a run will ask, in calls, tokens and money, before anything is sent."""

from __future__ import annotations

import math

from ittools.generate.prices import Price
from ittools.generate.seeds import Seed, in_language
from ittools.generate.self_instruct import prompts
from ittools.generate.self_instruct.method import (
    SHOWN_INPUT_FIRST,
    SHOWN_MACHINE,
    SHOWN_SEEDS,
    question_demonstrations,
)
from ittools.generate.self_instruct.prompts import Style
from ittools.store.outcome import Answer

BYTES_PER_TOKEN = (3.2, 4.8)  # dense and loose text, under the usual tokenizers
ANSWER_TOKENS = {"instructions": (120, 400), "classification": (1, 3), "instances": (40, 400)}
YIELD = (6, 2)  # accepted tasks an instruction request: few calls, many calls


def estimate(num: int, seeds: list[Seed], language: str, model: str, price: Price | None) -> Answer:
    """Low and high of calls, tokens and dollars for `num` tasks."""
    sizes = _prompt_bytes(seeds, language)
    ranges: dict[str, tuple[float, float]] = {"calls": (0, 0), "prompt tokens": (0, 0),
                                              "answer tokens": (0, 0)}  # fmt: skip
    for stage, size in sizes.items():
        few, many = (math.ceil(num / y) for y in YIELD) if stage == "instructions" else (num, num * 1.15)
        _add(ranges, "calls", few, many)
        _add(ranges, "prompt tokens", few * size / BYTES_PER_TOKEN[1], many * size / BYTES_PER_TOKEN[0])
        low, high = ANSWER_TOKENS[stage]
        _add(ranges, "answer tokens", few * low, many * high)
    value: dict[str, object] = {"model": model, "tasks": num}
    value |= {name.replace(" ", "_"): [math.ceil(n) for n in both] for name, both in ranges.items()}
    lines = [f"{'model':<16}{model}", f"{'tasks':<16}{num:,}"]
    lines += [f"{name:<16}{low:,.0f} to {high:,.0f}" for name, (low, high) in ranges.items()]
    if price is None:
        lines.append(f"{'price':<16}unknown; give --price IN,OUT in dollars per million tokens")
    else:
        dollars = [
            (p * price.prompt + a * price.completion) / 1e6
            for p, a in zip(ranges["prompt tokens"], ranges["answer tokens"], strict=True)
        ]
        value["price_usd"] = [round(d, 6) for d in dollars]
        free = " (on a machine of your own: taken as free)" if price == Price() else ""
        lines.append(f"{'price':<16}${dollars[0]:,.4f} to ${dollars[1]:,.4f}{free}")
    return Answer([*lines, "nothing was sent or written"], value)


def _add(ranges: dict[str, tuple[float, float]], name: str, low: float, high: float) -> None:
    ranges[name] = (ranges[name][0] + low, ranges[name][1] + high)


def _prompt_bytes(seeds: list[Seed], language: str) -> dict[str, int]:
    """Size of a typical prompt of each stage, from the seeds that will be shown."""
    own = [seed.task for seed in in_language(seeds, language)]
    usable = [seed.task for seed in seeds if seed.task.instances]
    typical = sorted((task.instruction for task in own), key=len)[len(own) // 2]
    shown = [typical] * (SHOWN_SEEDS + SHOWN_MACHINE)
    style = Style()
    texts = {
        "instructions": prompts.instruction_prompt(shown, language, style),
        "classification": prompts.classification_prompt(typical, question_demonstrations(usable), style),
        "instances": prompts.instance_prompt(
            typical, prompts.shortest_first(usable, SHOWN_INPUT_FIRST), style, classification=False
        ),
    }
    return {stage: len(prompt.text.encode()) for stage, prompt in texts.items()}
