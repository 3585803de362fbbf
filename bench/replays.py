"""`python -m bench replays`: what our parsers get out of recorded answers of real models.

Answers are read as a run reads them: parsed, cut ones without their last piece, then judged by the
same rules. An answer yields when at least one valid task comes of it; empty answers cannot. The
recordings stand in shared/data/selfinstruct_raw, beside the repository or in it; they are not ours.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ittools.generate.checks import instance_reasons, instruction_reason
from ittools.generate.novelty import Novelty
from ittools.generate.parse import Instance, instances, numbered_tasks, says_yes

RAW = "shared/data/selfinstruct_raw"
PLACES = [parent / RAW for parent in Path(__file__).resolve().parents[1:3]]
Rows = list[dict[str, Any]]


@dataclass
class Replay:
    """One set of recorded answers. tasks: valid ones; yielding: answers that gave at least one."""

    name: str
    answers: int = 0
    empty: int = 0
    tasks: int = 0
    yielding: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    dropped: list[tuple[str, str]] = field(default_factory=list)  # (reason, text), to look into

    @property
    def share(self) -> float:
        """Of the answers that are not empty."""
        return self.yielding / max(1, self.answers - self.empty)

    def drop(self, reason: str, text: str) -> None:
        self.reasons[reason] += 1
        self.dropped.append((reason, text))


def found() -> Path | None:
    return next((place for place in PLACES if place.is_dir()), None)


def rows(path: Path) -> Rows:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    return [json.loads(line) for line in plain.decode().split("\n") if line]


def answer_of(metadata: dict[str, Any]) -> tuple[str, bool]:
    """Text and whether it was cut, of a response kept whole (as JSON or as Python wrote it)."""
    response = metadata["response"]
    whole = ast.literal_eval(response) if isinstance(response, str) else response
    choice = whole["choices"][0]
    text = choice["text"] if "text" in choice else choice["message"]["content"]
    return text, choice["finish_reason"] == "length"


def lists(name: str, answers: Iterable[tuple[str, bool]], language: str) -> Replay:
    """Lists of instructions that go on after "9."; what is new is judged beside all that came before."""
    replay, novelty = Replay(name), Novelty({})
    for text, cut in answers:
        replay.answers += 1
        replay.empty += not text.strip()
        before = replay.tasks
        tasks = numbered_tasks(text, cut=cut, goes_on=True)
        if not tasks and text.strip():
            replay.drop("no-task-in-answer", text)
        for task in tasks:
            reason = instruction_reason(task, language)
            if reason is None and not novelty.judge([task], language)[0].novel:
                reason = "not-novel"
            if reason:
                replay.drop(reason, task)
            else:
                replay.tasks += 1
        replay.yielding += replay.tasks > before
    return replay


def pairs(name: str, answers: Iterable[tuple[str, bool, bool]]) -> Replay:
    """Instances of a task each: (text, label first, cut)."""
    replay = Replay(name)
    for text, label_first, cut in answers:
        replay.answers += 1
        replay.empty += not text.strip()
        judged = _judged(replay, instances(text, label_first=label_first, cut=cut))
        if not judged and text.strip():
            replay.drop("cut-off" if cut else "no-instance", text)
        replay.tasks += any(judged)
        replay.yielding += any(judged)
    return replay


def _judged(replay: Replay, found: Sequence[Instance]) -> list[bool]:
    good = []
    for (given, wanted), reason in zip(found, instance_reasons(found), strict=True):
        good.append(reason is None)
        if reason:
            replay.drop(reason, f"{given} -> {wanted}")
    return good


def verdicts(name: str, answers: Iterable[str]) -> Replay:
    """Whether a task is classification, out of answers that run on."""
    replay = Replay(name)
    for text in answers:
        replay.answers += 1
        replay.empty += not text.strip()
        verdict = says_yes(text)
        replay.tasks += verdict is not None
        replay.yielding += verdict is not None
        if text.strip():
            replay.reasons[{True: "said-yes", False: "said-no", None: "no-verdict"}[verdict]] += 1
    return replay


def each_once(listed: Rows) -> Iterator[tuple[str, bool]]:
    """Each response once; the recordings repeat it for every instruction taken from it."""
    seen: set[str] = set()
    for row in listed:
        key = json.dumps([row["metadata"]["prompt"], answer_of(row["metadata"])])
        if key not in seen:
            seen.add(key)
            yield answer_of(row["metadata"])


def qwen_instances(raw: Path) -> Replay:
    classes = {
        row["instruction"]: row["is_classification"] for row in rows(raw / "qwen3/is_clf_or_not.jsonl.gz")
    }
    return pairs("qwen3 instances", (
        (row["raw_instances"], bool(says_yes(classes.get(row["instruction"], ""))), False)
        for row in rows(raw / "qwen3/machine_generated_instances.jsonl.gz")
    ))  # fmt: skip


def qwen_verdicts(raw: Path) -> Replay:
    answers = rows(raw / "qwen3/is_clf_or_not.jsonl.gz")
    return verdicts("qwen3 verdicts", (row["is_classification"] for row in answers))


def korean_lists(raw: Path) -> Replay:
    return lists(
        "jojo_ko lists", each_once(rows(raw / "jojo_ko/machine_generated_instructions.jsonl.gz")), "ko"
    )


def davinci_lists(raw: Path) -> Replay:
    return lists(
        "leadawon lists", each_once(rows(raw / "leadawon/machine_generated_instructions.jsonl.gz")), "en"
    )


def davinci_answers(raw: Path) -> Replay:
    """One answer to a task and a dialogue each, bounded at 30 tokens: most are cut."""
    answers = rows(raw / "leadawon/machine_generated_instances.jsonl.gz")
    read = (answer_of(row["instance_metadata"]) for row in answers)
    return pairs("leadawon answers", ((text, False, cut) for text, cut in read))


def davinci_verdicts(raw: Path) -> Replay:
    answers = rows(raw / "leadawon/is_clf_or_not_text-davinci-003_template_1.jsonl")
    return verdicts("leadawon verdicts", (row["is_classification"] for row in answers))


def mixtral_verdicts(raw: Path) -> Replay:
    answers = rows(raw / "snail_mixed/is_clf_or_not_template_1.jsonl.gz")
    return verdicts("snail_mixed verdicts", (row["is_classification"] for row in answers))


def mixtral_instances(raw: Path) -> Replay:
    """What the authors' parser kept of Mixtral's answers, judged by our rules, a task at a time."""
    kept: dict[str, list[Instance]] = {}
    for row in rows(raw / "snail_mixed/all_generated_instances.jsonl.gz"):
        kept.setdefault(row["instruction"], []).append((row["input"], row["output"]))
    replay = Replay("snail_mixed kept by its authors", answers=len(kept))
    for found_ in kept.values():
        good = any(_judged(replay, found_))
        replay.tasks += good
        replay.yielding += good
    return replay


ALL: tuple[Callable[[Path], Replay], ...] = (
    qwen_verdicts, qwen_instances, korean_lists, davinci_lists, davinci_answers, davinci_verdicts,
    mixtral_verdicts, mixtral_instances,
)  # fmt: skip


def run() -> Iterator[str]:
    raw = found()
    if raw is None:
        yield f"replays: no recordings; {RAW} is neither in the repository nor beside it"
        return
    yield "| set | answers | empty | valid tasks | yield | reasons |"
    yield "|---|---|---|---|---|---|"
    for one in ALL:
        replay = one(raw)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in replay.reasons.most_common()) or "-"
        yield (
            f"| {replay.name} | {replay.answers:,} | {replay.empty:,} | {replay.tasks:,} | {replay.share:.1%}"
            f" | {reasons} |"
        )
