"""A conversation as tokens, and exactly which of them are trained.

Trained are the content of every assistant turn and the token that ends the turn; nothing else.
The spans come from the chat template itself: what the template writes between "the assistant may
speak now" and the end of the turn. So any template works that renders a conversation's beginning as
the beginning of the conversation, and one that does not is refused, not trained on wrongly.

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
    """Raises TrainError when the template hides an assistant turn or never ends it."""
    text, spans = assistant_spans(messages, tokenizer)
    if not spans:
        raise TrainError("no assistant turn, so nothing would be trained")
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    trained = [
        begin < end and any(begin < last and end > first for first, last in spans)
        for begin, end in found["offset_mapping"]
    ]
    return Encoded(list(found["input_ids"]), trained)


def assistant_spans(messages: Sequence[Turn], tokenizer: Any) -> tuple[str, list[Span]]:
    """The rendered conversation, and the characters of each assistant turn with its terminator."""
    text = render(messages, tokenizer)
    spans = []
    for number, turn in enumerate(messages):
        if turn["role"] != "assistant":
            continue
        before = render(messages[:number], tokenizer, ask=True)
        after = render(messages[: number + 1], tokenizer)
        if not text.startswith(before) or not after.startswith(before) or not _begins(text, after):
            raise TrainError(
                f"the chat template renders turn {number + 1} otherwise inside a conversation than at "
                "its end; the trained tokens cannot be told apart (use a template without such rewriting)"
            )
        end = len(before) + len(after[len(before) :].rstrip())
        if text[len(before) : end].strip() == turn["content"].strip():
            raise TrainError(
                f"the chat template writes nothing after assistant turn {number + 1}, so the model would "
                "never learn to stop (give the template an end-of-turn token)"
            )
        spans.append((len(before), end))
    return text, spans


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
