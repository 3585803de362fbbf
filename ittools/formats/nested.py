"""Records of rows that hold a whole conversation, two of them, a tree of messages, or questions on a text.

    {"messages": [..., {"role": "tool", ...}, {"role": "assistant", "content": "Rain."}], "tools": "[...]"}

What a record cannot hold stays in `meta`: turns after the last answer ("after"), a dispreferred
conversation that parts from the other before its end ("rejected").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ittools.errors import InputError
from ittools.formats import conversations, hh, oasst, questions
from ittools.formats.finish import Defaults, Mapper, finish, text_of
from ittools.formats.rows import Row
from ittools.records.build import Record, Turn
from ittools.records.messages import OWN_MESSAGES, asked_and_before, with_rejected


def nested_format(row: Row, *, open_ended: bool = False) -> Mapper | None:
    """The mapper of rows that are known by what they hold, not by their names alone.

    Where questions alone are wanted, choices are no part of them.
    """
    if oasst.is_tree(row):
        return _tree
    if questions.is_squad(row):
        return _squad
    if hh.is_transcripts(row):
        return _transcripts
    if conversations.is_preference(row):
        return _preference
    if "chosen" in row and row.get("rejected") is None and conversations.is_preference(_twice(row)):
        return _chosen
    asked = "question" in row and "instruction" not in row and not open_ended
    return _choices if asked and questions.choices_of(row) else None


def messages(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """The id of a row goes to `meta`, unless it is one of ours: that is made anew of the content."""
    ours = {"id"} if row.keys() >= OWN_MESSAGES else set()
    yield from _listed(with_rejected(row), "messages", place, defaults, ours)


def sharegpt(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    yield from _listed(row, "conversations", place, defaults, set())


def _listed(row: Row, name: str, place: str, defaults: Defaults, used: set[str]) -> Iterator[Record]:
    used = {name, *conversations.spent_on_system(row), *used}
    try:
        said = conversations.conversation_of(row, name)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    yield from conversation(row, said, place, defaults, used)


def conversation(row: Row, turns: Any, place: str, defaults: Defaults, used: set[str]) -> Iterator[Record]:
    try:
        said = conversations.turns_of(turns)
        if defaults.open_ended and said and said[-1]["role"] == "user":
            said.append({"role": "assistant", "content": ""})
        yield _of_turns(row, said, place, defaults, used)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def _of_turns(
    row: Row, said: list[Turn], place: str, defaults: Defaults, used: set[str], **more: Any
) -> Record:
    """The record of a conversation, also of one that nobody asked or answered: `filter` says so."""
    end = conversations.answered(said)
    instruction, output, context = asked_and_before(said[:end])
    if said[end:]:
        row = row | {"after": said[end:]}
    content = {"instruction": instruction, "input": "", "output": output, "context": context}
    if isinstance(row.get("input"), str):
        apart = _apart(instruction, row["input"])
        content, used = content | apart, {*used, "input"} if apart or not row["input"] else used
    return finish(row, place, defaults, used, content | more)


def _apart(instruction: str, given: str) -> dict[str, str]:
    """Instruction and input of a user's turn that is both, where the input is told once more."""
    if instruction == given and given:
        return {"instruction": "", "input": given}
    ends = given and instruction.endswith(f"\n\n{given}") and len(instruction) > len(given) + 2
    return {"instruction": instruction[: -len(given) - 2], "input": given} if ends else {}


def _preference(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    try:
        found = conversations.preference_of(row)
        used = conversations.spent_on_preference(row, found.said)
        if found.rejected is None:
            row, used = _rejected_whole(row), used - {"rejected"}
        yield _of_turns(row, found.said, place, defaults, used, rejected=found.rejected)
    except ValueError as error:
        raise _unreadable(place, error) from None


def _chosen(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """A row whose dispreferred answer is missing, among others that have it."""
    try:
        said = conversations.preference_of(_twice(row)).said
        yield _of_turns(row, said, place, defaults, conversations.spent_on_preference(row, said))
    except ValueError as error:
        raise _unreadable(place, error) from None


def _unreadable(place: str, error: ValueError) -> InputError:
    return InputError(f"{place}: {error}; `ittools template --style chat` leaves such rows out")


def _twice(row: Row) -> Row:
    return row | {"rejected": row["chosen"]}


def _transcripts(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """Of every row a record; `template --style hh` leaves out what is no plain pair."""
    if not hh.is_transcripts(row):
        raise InputError(f'{place}: `chosen` and `rejected` must both begin with "Human:" or "Assistant:"')
    found = hh.pair(row)
    asked = bool(found.before) and found.before[-1]["role"] == "user"
    instruction, context = (found.before[-1]["content"], found.before[:-1]) if asked else ("", found.before)
    content = {"instruction": instruction, "input": "", "output": found.chosen, "context": context}
    if found.rejected is None:
        yield finish(_rejected_whole(row), place, defaults, {"chosen"}, content)
    else:
        yield finish(row, place, defaults, {"chosen"}, content | {"rejected": found.rejected})


def _rejected_whole(row: Row) -> Row:
    """With the dispreferred side as no text, so that it goes to `meta` and is no answer."""
    return row | {"rejected": row["rejected"] if isinstance(row["rejected"], list) else [row["rejected"]]}


def _tree(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """A record a thread, of synthetic messages too: those say who wrote them."""
    if not oasst.is_tree(row):
        raise InputError(f"{place}: no tree of messages in `prompt`")
    try:
        root = oasst.root_of(row)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    every = list(oasst.threads(root, oasst.Follow(synthetic=True)))
    good = [thread for thread in every if thread.reason is None]
    for thread in good or every[:1]:  # of a tree that nobody answered a record without an output
        yield _thread(row, thread.nodes, place, defaults)


def _thread(row: Row, nodes: oasst.Nodes, place: str, defaults: Defaults) -> Record:
    said, last = oasst.turns(nodes), nodes[-1]
    if isinstance(row.get("system"), str):
        said.insert(0, {"role": "system", "content": row["system"]})
    told = {"language": last.get("lang"), "generator": last.get("model_name"),
            "parents": [str(row["message_tree_id"])]}  # fmt: skip
    named = {name: value for name, value in row.items() if name not in ("prompt", "tree_state")}
    told = {name: value for name, value in told.items() if value} | named
    return _of_turns(told, said, place, defaults, {"message_tree_id", "system"})


def _squad(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    try:
        for asked in questions.squad_rows(row):
            yield from squad_question(asked, place, defaults)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def squad_question(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    """The first answer is the output; where others differ, all of them are kept."""
    if not questions.is_question(row):
        raise InputError(
            f"{place}: `question`, `context` or the texts of `answers` are not as in earlier rows"
        )
    answers = row["answers"]["text"]
    content = {"instruction": row["question"], "input": row["context"],
               "output": answers[0] if answers else ""}  # fmt: skip
    several = {"answers": answers} if len(set(answers)) > 1 else {}
    kept = {name: value for name, value in row.items() if name != "answers"} | several
    yield finish(kept, place, defaults, {"question", "context"}, content)


def _choices(row: Row, place: str, defaults: Defaults) -> Iterator[Record]:
    choices = questions.choices_of(row)
    if choices is None:
        raise InputError(f"{place}: `choices` is no list of texts, as it is in earlier rows")
    name, answer = questions.answer_of(row, choices)
    content = {"instruction": text_of(row, "question", place), "input": questions.lettered(choices),
               "output": answer}  # fmt: skip
    yield finish(row, place, defaults, {"question", "choices", *([name] if name and answer else [])}, content)
