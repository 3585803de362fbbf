"""What a teacher is: requests in, responses out, in any order.

`OpenAITeacher` asks a server, `OfflineTeacher` writes by rule, `ReplayTeacher` reads recorded
answers. Whatever a teacher says goes through the ledger before it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Protocol

from ittools.errors import TeacherError

Api = Literal["chat", "completions", "responses"]
PROBES = frozenset({"probe", "probe-n", "probe-logprobs"})  # stages that ask what an endpoint honours


@dataclass(frozen=True)
class Request:
    """One question. `round` and `index` place it, so that equal prompts stay apart.

    max_tokens: of the answer. stop: at most 4, as OpenAI allows. schema: JSON schema as text.
    before: (role, content) of a system message and of earlier turns. n: answers wanted in one
    response. top_logprobs: alternatives wanted at each token. values: what the prompt was filled
    with; a teacher in this process reads them, and they are no part of the key, as the prompt is.
    """

    stage: str
    round: int
    index: int
    prompt: str
    model: str
    version: str  # of the prompt
    max_tokens: int = 1024
    temperature: float = 0.7
    top_p: float = 1.0
    presence_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    schema: str | None = None
    api: Api = "chat"
    seed: int = 0
    before: tuple[tuple[str, str], ...] = ()
    n: int = 1
    top_logprobs: int = 0
    values: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """blake2b-128 of everything above but `values`: what the ledger knows a response by."""
        return hashlib.blake2b(self.as_text.encode(), digest_size=16).hexdigest()

    @cached_property
    def as_text(self) -> str:
        """The request as the ledger keeps it: JSON, keys sorted."""
        kept = {name: getattr(self, name) for name in _KEPT}
        return json.dumps(kept, ensure_ascii=True, sort_keys=True)


_KEPT = tuple(one.name for one in fields(Request) if one.compare)


@dataclass(frozen=True)
class Response:
    """One answer. `finish` is the server's reason ("stop", "length", ...) or "failed".

    others: further answers where n > 1 was asked for. reasoning: what the model thought aloud, apart
    from the answer. model, endpoint: who answered, where that is not the request's own model.
    discount: share of the list price that is paid (0.5 in a batch).
    """

    text: str
    finish: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usage_known: bool = True
    raw: str = ""
    others: tuple[str, ...] = ()
    reasoning: str = ""
    model: str = ""
    endpoint: str = ""
    discount: float = 1.0

    @property
    def failed(self) -> bool:
        return self.finish == "failed"

    @property
    def cut(self) -> bool:
        """The answer ended at max_tokens, not by itself."""
        return self.finish == "length"


class RequestFailed(TeacherError):
    """This one request cannot be answered; others may."""


class TryAgain(Exception):
    """An attempt that failed for now.

    wait: seconds the server asked for. everyone: all sending should pause, not only this request.
    maybe_billed: the server may have done the work. unreachable: no connection came about.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float | None = None,
        everyone: bool = False,
        maybe_billed: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(message)
        self.wait, self.everyone = wait, everyone
        self.maybe_billed, self.unreachable = maybe_billed, unreachable


class Teacher(Protocol):
    """Answers requests. `model` goes into each record's `generator`."""

    model: str
    concurrency: int

    async def answer(self, request: Request) -> Response:
        """One attempt at one answer.

        Raises:
            TryAgain: it failed for now.
            RequestFailed: the server refuses this request.
            TeacherError: nothing can be asked any more (key, quota, address).
        """

    async def close(self) -> None:
        """Free connections."""
