"""A dialogue in a row of any dataset: its turns, questions about it, a summary.

{"dialogue": ["M: Late again?", "W: The bus."], "questions": [{"question", "choice", "answer"}]}     DREAM
{"dialogue": "Amanda: Hi\\r\\nJerry: Hi", "summary": "They greet each other."}                      SAMSum
{"turns": [{"speaker": "A", "text": "Late again?"}, ...]}
{"turns": {"speaker": ["A", ...], "utterance": ["Late again?", ...]}}        as `datasets` has MultiWOZ
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ittools.formats.rows import Row

TURNS = (
    "dialogue",
    "dialog",
    "turns",
    "utterances",
    "utterance",
    "conversation",
    "conversations",
    "messages",
    "thread",
)
SPEAKERS = ("speaker", "role", "from", "user", "agent", "name")
WORDS = ("text", "content", "value", "utterance", "message")
CHOICES = ("choice", "choices", "options", "answer_choices")
SUMMARIES = ("summary", "abstract", "highlights")
COLUMNS = {"summarisation": SUMMARIES, "question-answering": ("question", "questions")}  # beside the turns


@dataclass(frozen=True)
class Question:
    """choices: none where the answer is free. trouble: why there is no answer to train on."""

    text: str
    answer: str
    choices: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Dialogue:
    turns: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    summary: str = ""


def dialogue_of(row: Row) -> Dialogue:
    """Raises KeyError for a row without a column of turns, ValueError for turns that cannot be read."""
    name = next((name for name in TURNS if isinstance(row.get(name), (list, str, dict))), None)
    if name is None:
        raise KeyError("turns")
    found = row[name]
    listed = found.splitlines() if isinstance(found, str) else found
    if isinstance(found, dict):
        listed = _side_by_side(found)
    turns = [_turn(turn) for turn in listed]
    summary = next((row[n] for n in SUMMARIES if isinstance(row.get(n), str)), "")
    return Dialogue(tuple(turn for turn in turns if turn), tuple(_questions(row)), summary.strip())


def _side_by_side(columns: dict[str, Any]) -> list[Any]:
    """Turns whose parts stand in lists."""
    lists = {name: values for name, values in columns.items() if isinstance(values, list)}
    words = next((lists[name] for name in WORDS if name in lists), [])
    same = {name: values for name, values in lists.items() if len(values) == len(words)}
    return [{name: values[n] for name, values in same.items()} for n in range(len(words))]


def _turn(turn: Any) -> str:
    if isinstance(turn, str):
        return turn.strip()
    if not isinstance(turn, dict):
        raise ValueError(f"a turn that is a {type(turn).__name__}, expected text")
    words = next((turn[name] for name in WORDS if isinstance(turn.get(name), str)), None)
    if words is None:
        raise ValueError(f"a turn without text; it has {', '.join(map(str, turn)) or 'nothing'}")
    speaker = next((turn[name] for name in SPEAKERS if isinstance(turn.get(name), str)), "")
    return f"{speaker.strip()}: {words.strip()}" if speaker.strip() and words.strip() else words.strip()


def _questions(row: Row) -> list[Question]:
    listed = row.get("questions")
    rows = listed if isinstance(listed, list) else [row]
    return [_question(one) for one in rows if isinstance(one, dict) and isinstance(one.get("question"), str)]


def _question(row: Row) -> Question:
    found: Any = next((row[name] for name in CHOICES if isinstance(row.get(name), (list, dict))), [])
    found = found.get("text", []) if isinstance(found, dict) else found
    choices = tuple(one.strip() for one in found if isinstance(one, str))
    answer = row.get("answer")
    if isinstance(answer, dict):
        answer = next(iter(answer.get("text") or [""]), "")
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(choices):
        answer = choices[answer]
    text = str(answer).strip() if isinstance(answer, (str, int, float)) else ""
    trouble = None if text else "empty-target"
    if choices and text and text not in choices:
        trouble = "answer-not-in-options"
    return Question(row["question"].strip(), text, choices if len(choices) > 1 else (), trouble)
