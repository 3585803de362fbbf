"""A conversation as tokens, and exactly which of them are trained.

Trained are the content of every assistant turn and the token that ends the turn; nothing else.
The spans come from the chat template itself: what the template writes between "the assistant may
speak now" and the end of the turn (so also an empty thought that it puts before the content). Any
template works that renders a conversation's beginning as the beginning of the conversation, and one
that does not is refused, not trained on wrongly.

    <|im_start|>user\\nHi<|im_end|>\\n<|im_start|>assistant\\nHello<|im_end|>\\n
                                                        ^^^^^^^^^^^^^^^
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import TrainError
from ittools.records.build import Turn

Span = tuple[int, int]


@dataclass(frozen=True)
class Encoded:
    """Token ids and, of equal length, whether each is trained."""

    ids: list[int]
    trained: list[bool]

    @property
    def labels(self) -> list[int]:
        """Ids where trained, -100 (no loss) elsewhere."""
        return [token if on else -100 for token, on in zip(self.ids, self.trained, strict=True)]


def encode(messages: Sequence[Turn], tokenizer: Any) -> Encoded:
    """Raises TrainError when the template hides or rewrites an assistant turn, or never ends it."""
    text, spans = assistant_spans(messages, tokenizer)
    if not spans:
        raise TrainError("no assistant turn, so nothing would be trained")
    if not getattr(tokenizer, "is_fast", False):
        raise TrainError("the tokenizer does not tell where its tokens stand; it needs a tokenizer.json")
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    trained = [_within(begin, end, spans) for begin, end in found["offset_mapping"]]
    return Encoded(list(found["input_ids"]), trained)


def _within(begin: int, end: int, spans: Sequence[Span]) -> bool:
    # some tokenizers trim a token of white space to no characters; it still is the one before its end
    begin = min(begin, end - 1)
    return any(begin < last and end > first for first, last in spans)


def assistant_spans(messages: Sequence[Turn], tokenizer: Any) -> tuple[str, list[Span]]:
    """The rendered conversation, and the characters of each assistant turn with its terminator."""
    text = render(messages, tokenizer)
    spans = []
    for number, turn in enumerate(messages):
        if turn["role"] != "assistant":
            continue
        after = render(messages[: number + 1], tokenizer)
        before = _opening(messages[:number], turn, after, tokenizer)
        if not text.startswith(before) or not after.startswith(before) or not _begins(text, after):
            raise TrainError(
                f"the chat template renders turn {number + 1} otherwise inside a conversation than at "
                "its end; the trained tokens cannot be told apart (use a template without such rewriting)"
            )
        written = after[len(before) :].rstrip()
        _check_written(written, turn["content"].strip(), number + 1)
        spans.append((len(before), len(before) + len(written)))
    return text, spans


def _opening(earlier: Sequence[Turn], turn: Turn, after: str, tokenizer: Any) -> str:
    """What stands before the assistant's words; a conversation that it opens itself has no prompt to ask."""
    content = turn["content"].strip()
    if not earlier:
        return after[: max(0, after.find(content))]
    before = render(earlier, tokenizer, ask=True)
    written = after[len(before) :].lstrip()
    if not written.startswith(content) and before == render(earlier, tokenizer):
        raise TrainError(
            "the chat template opens the assistant's turn but not for `add_generation_prompt`, so the model "
            "would be trained to write the opening (let the template write it when that is set)"
        )
    return before


def _check_written(written: str, content: str, number: int) -> None:
    if content not in written:
        raise TrainError(
            f"the chat template rewrites or leaves out text of assistant turn {number}; "
            "what is trained would not be the record (use a template that writes it as it is)"
        )
    if not written[written.find(content) + len(content) :].strip():
        raise TrainError(
            f"the chat template writes nothing after assistant turn {number}, so the model would "
            "never learn to stop (give the template an end-of-turn token)"
        )


def render(messages: Sequence[Turn], tokenizer: Any, *, ask: bool = False) -> str:
    """The conversation by the tokenizer's chat template; `ask`: up to where the assistant begins."""
    if not tokenizer.chat_template:
        raise TrainError("the tokenizer has no chat template; give one with --chat-template FILE")
    if not messages:
        return ""
    try:
        text: str = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=ask)
    except Exception as error:  # templates raise what they like, jinja's errors among it
        reason = " ".join(str(error).split())[:200]
        raise TrainError(f"the chat template refuses this conversation: {reason}") from None
    return text


def _begins(text: str, after: str) -> bool:
    """Whether `after` is a beginning of `text`, trailing white space aside."""
    return text.startswith(after.rstrip())
