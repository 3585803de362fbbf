"""Chat templates in the styles that models ship with, each on a byte-level tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ittools.records.build import Turn
from ittools.train.tiny import tiny_tokenizer


@dataclass(frozen=True)
class Style:
    """`end`: what must follow the content of every assistant turn; `trims`: content is stripped."""

    template: str
    tokens: tuple[str, ...]
    end: str
    trims: bool = False
    system: bool = True


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
ZEPHYR = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content + eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}"
    "{% else %}<<SYS>>{{ m.content }}<</SYS>>{% endif %}{% endfor %}"
)
ALPACA = (
    "{% for m in messages %}{% if m.role == 'user' %}### Instruction:\n{{ m.content }}\n\n"
    "{% elif m.role == 'assistant' %}### Response:\n{{ m.content }}{{ eos_token }}\n\n"
    "{% else %}{{ m.content }}\n\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}### Response:\n{% endif %}"
)

STYLES: dict[str, Style] = {
    "chatml": Style(CHATML, ("<|im_start|>", "<|im_end|>"), "<|im_end|>"),
    "llama-3": Style(
        LLAMA3, ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), "<|eot_id|>", trims=True
    ),
    "gemma": Style(GEMMA, ("<start_of_turn>", "<end_of_turn>"), "<end_of_turn>", trims=True, system=False),
    "zephyr": Style(ZEPHYR, (), "</s>"),
    "mistral": Style(MISTRAL, (), "</s>"),
    "alpaca": Style(ALPACA, (), "</s>"),
}

# The same conversation in part of the ways in which a template can spoil it.
STRIPS_REASONING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>')[-1] }}"
    "{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
STRIPS_ALL_REASONING = STRIPS_REASONING.replace(" and not loop.last", "")
NO_END = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
PLAIN_END = NO_END.replace("{{ m.content }}\n", "{{ m.content }}\n### End\n")
END_ONLY_AT_LAST = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% else %}{{ eos_token }}{% endif %}"
)
NEVER_ASKS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
DROPS_TEXT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% for part in m.content %}{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer_for(template: str, tokens: tuple[str, ...] = ()) -> Any:
    """The byte-level tokenizer with <s>, </s> and further special tokens, under another template."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>"})
    if tokens:
        tokenizer.add_special_tokens({"additional_special_tokens": list(tokens)})
    tokenizer.chat_template = template
    return tokenizer


def user(content: str) -> Turn:
    return {"role": "user", "content": content}


def assistant(content: str) -> Turn:
    return {"role": "assistant", "content": content}


def system(content: str) -> Turn:
    return {"role": "system", "content": content}


SHAPES: dict[str, list[Turn]] = {
    "single turn": [user("Hi"), assistant("Hello")],
    "system": [system("Be brief."), user("Hi"), assistant("Hello there")],
    "several turns": [
        user("Hi"), assistant("Hello"), user("And?"), assistant("Well."), user("!"), assistant("?"),
    ],
    "any characters": [
        user("né 🎉\n\n日本"),
        assistant("a\n\n  naïve 👩\u200d👩\u200d👧 {{ x }}\t</think> [/INS \u2028 日本語\nend"),
    ],
}  # fmt: skip
