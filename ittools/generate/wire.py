"""Requests as bodies and bodies as responses, in the three forms of OpenAI-compatible endpoints.

    chat          /chat/completions   messages            choices[0].message.content
    completions   /completions        prompt              choices[0].text
    responses     /responses          input               output[].content[].text

Every field of an answer is checked: HTML, null, lists and errors come with status 200 too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ittools.generate.teacher import Api, Request, Response, TryAgain
from ittools.records.build import mend_text

PATHS: dict[Api, str] = {"chat": "chat/completions", "completions": "completions", "responses": "responses"}
MOST_THOUGHTS = 8  # one after the other, before an answer
OPENAI_STOPS = 4  # stop sequences that the API takes
MOST_TOKENS = 1 << 31  # in one answer; more is a server that cannot count
CUT = {"max_output_tokens": "length", "max_tokens": "length"}  # what `responses` calls it

_THOUGHT_TAG = re.compile(r"<(/?)think(?:ing)?>")
_REST_OF_THOUGHT = re.compile(r"(.*?)</think(?:ing)?>", re.DOTALL)  # the tag opened in the template


def body_of(request: Request) -> dict[str, Any]:
    """What is sent. Stops and penalties are left out where the form has none."""
    body: dict[str, Any] = {"model": request.model}
    body["max_output_tokens" if request.api == "responses" else "max_tokens"] = request.max_tokens
    body |= {"temperature": request.temperature, "top_p": request.top_p}
    turns = [{"role": role, "content": content} for role, content in request.before]
    turns.append({"role": "user", "content": request.prompt})
    if request.api == "responses":
        # transformers streams this form unless it is told not to
        return body | {"input": turns, "store": False, "stream": False} | _responses_extras(request)
    if request.presence_penalty:
        body["presence_penalty"] = request.presence_penalty
    if request.stop:
        body["stop"] = list(request.stop[:OPENAI_STOPS])
    if request.n > 1:
        body["n"] = request.n
    if request.api == "completions":
        extras = {"logprobs": request.top_logprobs} if request.top_logprobs else {}
        return body | {"prompt": request.prompt} | extras
    if request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": _schema(request.schema)}
    if request.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    return body | {"messages": turns}


def _schema(schema: str) -> dict[str, Any]:
    return {"name": "answer", "strict": True, "schema": json.loads(schema)}


def _responses_extras(request: Request) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if request.schema is not None:
        extras["text"] = {"format": {"type": "json_schema", **_schema(request.schema)}}
    if request.top_logprobs:
        extras["include"] = ["message.output_text.logprobs"]
        extras["top_logprobs"] = request.top_logprobs
    return extras


def read_answer(text: str, request: Request) -> Response:
    """The answer in a body with status 200. Raises TryAgain when there is none in it."""
    try:
        value = json.loads(text)
        said = _of_output(value) if request.api == "responses" else _of_choices(value, request.api)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        start = " ".join(text.split())[:120]
        raise TryAgain(f"status 200 with no answer in it: {start!r}", maybe_billed=True) from None
    (answer, finish, reasoning), *others = [_before_stop(one, request.stop) for one in said]
    tokens = _usage(value.get("usage"))
    if request.api == "responses" and tokens and tokens[1] >= request.max_tokens:
        finish = "length"  # llama-server and transformers call a cut answer completed
    return Response(
        answer, finish, *(tokens or (0, 0)), tokens is not None, mend_text(text),
        tuple(other for other, _, _ in others), reasoning,
    )  # fmt: skip


def _before_stop(said: tuple[str, str, str], stops: Iterable[str]) -> tuple[str, str, str]:
    """Without the stop sequence and what follows: transformers leaves it in the text."""
    text, _, reasoning = said
    ends = [text.index(stop) for stop in stops if stop in text]
    return (text[: min(ends)], "stop", reasoning) if ends else said


def _of_choices(value: Any, api: Api) -> list[tuple[str, str, str]]:
    """(text, finish, reasoning) of each choice."""
    found = []
    for choice in value["choices"]:
        message = choice["message"] if api == "chat" else choice
        said = message["content"] if api == "chat" else choice["text"]
        thought = message.get("reasoning_content") or message.get("reasoning")
        found.append(_settled(said, choice.get("finish_reason"), thought))
    if not found:
        raise IndexError
    return found


def _of_output(value: Any) -> list[tuple[str, str, str]]:
    """The one answer of a `responses` body, its parts joined."""
    parts = [part for one in value["output"] if one["type"] == "message" for part in one["content"]]
    texts = [
        part["text"] for part in parts if part["type"] == "output_text" and isinstance(part["text"], str)
    ]
    refused = not texts and any(part["type"] == "refusal" for part in parts)
    thoughts = [one for one in value["output"] if one["type"] == "reasoning"]
    summaries = [part.get("text") for one in thoughts for part in one.get("summary") or []]
    why = (value.get("incomplete_details") or {}).get("reason")
    if not (texts or refused or why or value.get("status") == "incomplete"):
        raise IndexError
    why = why or ("max_tokens" if value.get("status") == "incomplete" else None)
    finish = CUT.get(str(why), str(why)) if why else "content_filter" if refused else "stop"
    return [_settled("".join(texts), finish, "\n".join(one for one in summaries if isinstance(one, str)))]


def _settled(said: Any, finish: Any, thought: Any) -> tuple[str, str, str]:
    finish = mend_text(str(finish or "stop"))
    if isinstance(said, list):  # parts, as some reasoning models give them
        said = "".join(str(p.get("text") or "") for p in said if isinstance(p, dict) and "text" in p)
    if said is None and finish in ("stop", "length"):
        said = ""
    if finish == "content_filter" or not isinstance(said, str):
        return "", "content_filter", ""
    reasoning = mend_text(thought) if isinstance(thought, str) else ""
    answer, aloud = without_thought(mend_text(said))
    return answer, finish, reasoning or aloud


def without_thought(text: str) -> tuple[str, str]:
    """(answer, reasoning): what stands in `<think>` at the beginning is no part of the answer."""
    thoughts: list[str] = []
    for _ in range(MOST_THOUGHTS):  # some think twice
        begin = _THOUGHT_TAG.match(text, len(text) - len(text.lstrip()))
        if begin is None or begin.group(1):
            break
        last, end = _end_of_thought(text)
        thoughts.append(text[begin.end() : last].strip())
        text = text[end:].lstrip()
    if thoughts:
        return text, "\n".join(filter(None, thoughts))
    rest = _REST_OF_THOUGHT.match(text) if "<think" not in text else None
    return (text[rest.end() :].lstrip(), rest.group(1).strip()) if rest else (text, "")


def _end_of_thought(text: str) -> tuple[int, int]:
    """Where the tag begins and ends that closes the first one, over thoughts inside; where none does,
    the first closing tag, or the end of a text that was cut."""
    tags, depth = list(_THOUGHT_TAG.finditer(text)), 0
    for tag in tags:
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return tag.span()
    return next((tag.span() for tag in tags if tag.group(1)), (len(text), len(text)))


def _usage(usage: Any) -> tuple[int, int] | None:
    """(prompt, completion) tokens; null when the server gives no credible count."""
    if not isinstance(usage, dict):
        return None
    pairs = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    counts = [_first(usage, names) for names in pairs]
    prompt, completion = (n if type(n) is int and 0 <= n < MOST_TOKENS else None for n in counts)
    return None if prompt is None or completion is None else (prompt, completion)


def _first(usage: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((usage[name] for name in names if name in usage), None)
