"""What a teacher is: requests in, responses out, in any order.

`OpenAITeacher` asks a server, `OfflineTeacher` writes by rule, `ReplayTeacher` reads recorded
answers. Whatever a teacher says goes through the ledger before it is used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

from ittools.errors import TeacherError

Api = Literal["chat", "completions"]


@dataclass(frozen=True)
class Request:
    """One question. `round` and `index` place it, so that equal prompts stay apart.

    max_tokens: of the answer. stop: at most 4, as OpenAI allows. schema: JSON schema as text.
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

    @cached_property
    def key(self) -> str:
        """blake2b-128 of everything above: what the ledger knows a response by."""
        text = json.dumps(asdict(self), ensure_ascii=True, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Response:
    """One answer. `finish` is the server's reason ("stop", "length", ...) or "failed"."""

    text: str
    finish: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usage_known: bool = True
    raw: str = ""

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
