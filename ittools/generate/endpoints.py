"""Several servers as one teacher: requests shared out by weight, those of a failing one to the others.

    --endpoint http://a:8000/v1,weight=2 --endpoint http://b:8000/v1,model=other,key=B_API_KEY

Each endpoint has its own pace. One that asks for patience or breaks off rests while others work; one
that refuses for good (key, quota, address) leaves, with a note; the run ends when none is left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ittools.errors import TeacherError, UsageError, did_you_mean
from ittools.generate.pace import Pace
from ittools.generate.teacher import Request, RequestFailed, Response, Teacher, TryAgain

FIRST_REST, LONGEST_REST = 1.0, 60.0  # seconds without a request after a failure; doubled at each one
_KEYS = ("weight", "model", "key", "rpm", "tpm")


@dataclass(frozen=True)
class Endpoint:
    """Where to ask. key: the environment variable that holds the key; never the key itself."""

    url: str
    model: str
    weight: float = 1.0
    key: str = "OPENAI_API_KEY"
    rpm: float | None = None
    tpm: float | None = None


def read_endpoints(words: Sequence[str], model: str) -> list[Endpoint]:
    """`URL[,weight=2][,model=NAME][,key=VARIABLE][,rpm=N][,tpm=N]` each. Raises UsageError."""
    return [_read(word, model) for word in words]


def _read(word: str, model: str) -> Endpoint:
    url, *pairs = word.split(",")
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if name not in _KEYS or not equals or not value:
            near = did_you_mean(name, _KEYS)
            raise UsageError(f"--endpoint {word}: {pair!r} is none of {', '.join(_KEYS)} with =VALUE{near}")
        given[name] = value
    if not given.get("key", "A").isidentifier():  # perhaps the key itself: it is not shown
        raise UsageError("--endpoint: key= names an environment variable, such as key=B_API_KEY, not a key")
    numbers: dict[str, float] = {}
    for name in ("weight", "rpm", "tpm"):
        try:
            numbers |= {name: float(given[name])} if name in given else {}
        except ValueError:
            raise UsageError(f"--endpoint {word}: {name} must be a number") from None
    if any(not 0 < number < float("inf") for number in numbers.values()):
        raise UsageError(f"--endpoint {word}: {', '.join(numbers)} must be positive")
    return Endpoint(url, given.get("model", model), key=given.get("key", "OPENAI_API_KEY"), **numbers)


class _Lane:
    """One endpoint at work."""

    def __init__(self, endpoint: Endpoint, teacher: Teacher) -> None:
        self.endpoint, self.teacher = endpoint, teacher
        self.pace = Pace(teacher.concurrency, rpm=endpoint.rpm, tpm=endpoint.tpm)
        if hasattr(teacher, "heard"):
            teacher.heard = self.pace.hear
        self.given = 0.0  # requests by weight: the lowest is next
        self.rest, self.rests_until, self.rested = 0.0, 0.0, False

    def tire(self, wait: float | None) -> None:
        """Rest after a failure; those that fail while it rests already were sent before."""
        now = time.monotonic()
        if now >= self.rests_until:
            self.rest = min(LONGEST_REST, max(FIRST_REST, 2 * self.rest))
        self.rests_until = max(self.rests_until, now + (wait if wait is not None else self.rest))
        self.rested = True


class Endpoints:
    """A teacher that is several. `note` hears which endpoint left and why."""

    def __init__(
        self, lanes: Sequence[tuple[Endpoint, Teacher]], note: Callable[[str], None] = lambda _: None
    ) -> None:
        self._lanes = [_Lane(endpoint, teacher) for endpoint, teacher in lanes]
        self._all = [teacher for _, teacher in lanes]  # also those that leave
        self.model = self._lanes[0].teacher.model
        self.concurrency = sum(lane.teacher.concurrency for lane in self._lanes)
        self._note = note

    async def close(self) -> None:
        await asyncio.gather(*(teacher.close() for teacher in self._all))

    async def answer(self, request: Request) -> Response:
        """By the endpoint whose turn it is; by another one where that fails for now."""
        tried: set[int] = set()
        last: TryAgain | None = None
        while lane := self._next(tried):
            tried.add(id(lane))
            lane.given += 1 / lane.endpoint.weight
            try:
                return await self._by(lane, request)
            except TryAgain as again:
                if not lane.rested and not again.everyone:
                    self._note(f"{lane.endpoint.url} rests: {again}")
                lane.tire(again.wait)
                last = again
                if again.maybe_billed:  # what may have been paid for is counted before it is sent again
                    raise _elsewhere(again) from None
            except RequestFailed:
                raise
            except TeacherError as error:
                self._leave(lane, error)
        if last is None:
            raise TryAgain("all endpoints rest", wait=self._soonest())
        raise TryAgain(str(last), wait=self._soonest(), unreachable=last.unreachable)

    async def _by(self, lane: _Lane, request: Request) -> Response:
        asked = replace(request, model=lane.endpoint.model)
        async with lane.pace.seat(asked) as seat:
            response = await lane.teacher.answer(asked)
            seat.used(response)
        lane.rest = lane.rests_until = 0.0
        model = response.model or lane.endpoint.model
        return replace(response, endpoint=lane.endpoint.url, model=model)

    def _next(self, tried: set[int]) -> _Lane | None:
        now = time.monotonic()
        free = [lane for lane in self._lanes if id(lane) not in tried and lane.rests_until <= now]
        for lane in free:
            if lane.rested:  # back among the others: with its share, not with all that it missed
                lane.given = max(other.given for other in free)
                lane.rested = False
        return min(free, key=lambda lane: lane.given, default=None)

    def _soonest(self) -> float:
        return max(0.0, min(lane.rests_until for lane in self._lanes) - time.monotonic())

    def _leave(self, lane: _Lane, error: TeacherError) -> None:
        if lane in self._lanes and len(self._lanes) > 1:
            self._lanes.remove(lane)
            self._note(f"{lane.endpoint.url} is left out: {error}")
        elif lane in self._lanes:
            raise error


def _elsewhere(again: TryAgain) -> TryAgain:
    """The same for whoever asks, without a wait: another endpoint may take it at once."""
    return TryAgain(str(again), wait=0.0, maybe_billed=again.maybe_billed)


def keys_of(endpoints: Sequence[Endpoint], environment: Mapping[str, str]) -> list[str]:
    """The key of each endpoint, "" where none is set. Raises UsageError where a named variable is empty."""
    missing = [one.key for one in endpoints if one.key != "OPENAI_API_KEY" and not environment.get(one.key)]
    if missing:
        raise UsageError(f"no key: set {', '.join(dict.fromkeys(missing))}")
    return [environment.get(one.key, "") for one in endpoints]
