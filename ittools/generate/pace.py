"""When requests may be sent: learnt from the server, and held under limits that the user gives.

Two things are learnt. How many may be in flight: doubled at each round of answers from a modest
beginning, halved at a 429, one more for each round of answers after that (slow start, then additive
increase and multiplicative decrease: Chiu and Jain 1989). And how many a second: at a 429 what was sent
in the last second and not refused is what the server really takes, so sending goes on at that rate, a
little more as time passes without another. Only when things are sent depends on this, never what is written.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ittools.generate.teacher import Request, Response, TryAgain

FIRST_WIDTH = 64  # requests in flight before anything is known
WINDOW = 1.0  # seconds that tell the rate
EASING = 0.97  # of that rate is sent at after a 429, so that what overflowed drains
MILD = 0.85  # of the rate is the least after one 429, unless far less came
GROWTH, FASTEST_GROWTH = 0.02, 0.5  # share added in a second, for each second since the last 429
CAUGHT_UP = 0.5  # seconds of missed turns that are made up for at once
SHORTEST_REST, LONGEST_REST = 0.05, 2.0  # seconds after a 429 until all refusals of a burst are there
SLOWEST = 0.5  # requests a second: what asks whether the server is back
LOOKS = 0.5  # seconds between two looks at a wait that a better rate may shorten
BYTES_PER_TOKEN = 4
FIRST_ANSWER = 256  # tokens expected of an answer before any has come

_RESET = re.compile(r"([\d.]+)(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


class Seat:
    """Held while one attempt is in flight."""

    def __init__(self, pace: Pace, tokens: float) -> None:
        self._pace, self._tokens = pace, tokens

    def used(self, response: Response) -> None:
        """What the answer really cost, in tokens."""
        self._pace.settle(self._tokens, response)


class Pace:
    """Seats for requests in flight; `width` of them, at most `most`; `rate` of them a second."""

    def __init__(
        self, most: int, *, rpm: float | None = None, tpm: float | None = None, first: int = FIRST_WIDTH
    ) -> None:
        self.most, self.width = most, float(min(most, first))
        self.rate: float | None = None  # null: nothing is known to hold it
        self.rpm, self.tpm = rpm, tpm
        self._taken = self._flying = self._cuts = 0
        self._freed = asyncio.Condition()
        self._taken_in: deque[float] = deque()  # when requests were sent that were not refused
        self._next = self._grown = self._cut_at = self._held_until = 0.0
        self._good = float("inf")  # the last rate that the server was seen to take
        self._measures_at: float | None = None  # when the refusals of a burst will all be there
        self._tokens, self._filled = (tpm or 0.0) / 60, time.monotonic()  # a second's worth at first
        self._answer_tokens = float(FIRST_ANSWER)
        self._latency = 0.0  # seconds of an answer, lately

    @property
    def flying(self) -> int:
        """Requests in flight."""
        return self._flying

    @asynccontextmanager
    async def seat(self, request: Request | None = None) -> AsyncIterator[Seat]:
        """Its outcome sets the pace."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._taken < int(self.width))
            self._taken += 1
        tokens = self._expected(request)
        try:
            await self._turn(tokens)
            cuts, sent = self._cuts, self._send()
            try:
                yield Seat(self, tokens)
            except TryAgain as again:
                if again.everyone and again.wait != 0:  # "come again at once" is no limit
                    self._refused(cuts, sent)
                raise
            finally:
                self._flying -= 1
            self._answered(sent)
        finally:
            self._taken -= 1
            async with self._freed:
                self._freed.notify_all()

    def _send(self) -> float:
        now = time.monotonic()
        self._flying += 1
        self._taken_in.append(now)
        while self._taken_in[0] < now - 2 * WINDOW:
            self._taken_in.popleft()
        return now

    async def _turn(self, tokens: float) -> None:
        """Wait for a place in time: under the learnt rate, --rpm, --tpm and what headers said."""
        while True:
            now = time.monotonic()
            if self._measures_at is not None and now >= self._measures_at:
                self._measure(now)
            wait = max(self._held_until - now, self._next - now, self._lacking(tokens, now))
            if wait <= 0:
                break
            await asyncio.sleep(min(wait, LOOKS) if self._next - now > LOOKS else wait)
        rates = [rate for rate in (self._grown_rate(now), self.rpm / 60 if self.rpm else None) if rate]
        if rates:
            self._next = max(self._next, now - CAUGHT_UP) + 1 / min(rates)
        if self.tpm:
            self._tokens -= tokens

    def _grown_rate(self, now: float) -> float | None:
        if self.rate is None:
            return None
        passed, quiet = max(0.0, now - self._grown), now - self._cut_at
        self.rate *= 1 + min(FASTEST_GROWTH, GROWTH * quiet) * passed
        self._grown = now
        return self.rate

    def _answered(self, sent: float) -> None:
        self._latency += (time.monotonic() - sent - self._latency) / (16 if self._latency else 1)
        self._reopen()
        step = 1.0 if not self._cuts else 1 / self.width  # doubled a round, or one more a round
        self.width = min(self.most, max(self.width + step, self._enough()))

    def _reopen(self) -> None:
        """After a drought each answer doubles the rate, up to what the server was once seen to take."""
        if self.rate is not None and self.rate < self._good:
            before, self.rate = self.rate, min(self._good, 2 * self.rate)
            self._next -= 1 / before - 1 / self.rate

    def _enough(self) -> float:
        """In flight at the learnt rate, with half to spare: fewer would hold it down."""
        return 1.5 * self.rate * self._latency if self.rate else 0.0

    def _refused(self, cuts: int, sent: float) -> None:
        """A 429: once for all that were sent before the last cut took hold.

        Sending rests for as long as refusals take; then what was sent and not refused tells the rate,
        long before the answers are there.
        """
        now = time.monotonic()
        if sent in self._taken_in:
            self._taken_in.remove(sent)
        if cuts != self._cuts:
            return
        self._cuts += 1
        self._cut_at = now
        self.width = max(1.0, min(self.width, max(self.width / 2, self._enough())))
        self._measures_at = now + max(SHORTEST_REST, min(LONGEST_REST, 1.5 * (now - sent)))
        self._held_until = max(self._held_until, self._measures_at)

    def _measure(self, now: float) -> None:
        """The rate after a cut: what the server took in the second before it."""
        self._measures_at, before = None, self.rate
        seen = sum(1 for at in self._taken_in if at >= self._cut_at - WINDOW) / WINDOW
        if before is None:
            self.rate = (seen or 1.0) * EASING
            self._good = self.rate if seen else float("inf")
        elif seen < before / 2:  # far less than was sent: a stricter limit than was thought
            self.rate = max(SLOWEST, seen, before / 2)
            self._good = min(self._good, max(seen, before / 2)) if seen else self._good
        else:  # a few more or less in one second are chance
            self.rate = self._good = min(before, max(seen, MILD * before)) * EASING
        self._grown = now
        self._next = self._cut_at  # turns missed while resting are made up for

    def _expected(self, request: Request | None) -> float:
        if request is None or not self.tpm:
            return 0.0
        return len(request.prompt.encode()) / BYTES_PER_TOKEN + min(self._answer_tokens, request.max_tokens)

    def _lacking(self, tokens: float, now: float) -> float:
        """Seconds until the bucket of --tpm holds this request; one over a bucket waits for a full one."""
        if not self.tpm:
            return 0.0
        a_second = self.tpm / 60
        full = max(a_second * 10, 1.0)
        self._tokens = min(full, self._tokens + a_second * (now - self._filled))
        self._filled = now
        return max(0.0, (min(tokens, full) - self._tokens) / a_second)

    def settle(self, expected: float, response: Response) -> None:
        """Put right what was taken from the bucket, and learn how long answers are."""
        if not response.usage_known:
            return
        self._answer_tokens += (response.completion_tokens - self._answer_tokens) / 16
        if self.tpm:
            self._tokens += expected - response.prompt_tokens - response.completion_tokens

    def hear(self, headers: Mapping[str, str]) -> None:
        """`x-ratelimit-remaining-*` at nothing: hold everything until `x-ratelimit-reset-*`."""
        for what in ("requests", "tokens"):
            left = headers.get(f"x-ratelimit-remaining-{what}")
            if left is None or not left.strip().lstrip("-").isdigit() or int(left) > 0:
                continue
            wait = reset_seconds(headers.get(f"x-ratelimit-reset-{what}", ""))
            if wait is not None:
                self._held_until = max(self._held_until, time.monotonic() + min(wait, 60.0))


def reset_seconds(text: str) -> float | None:
    """`6m0s` -> 360.0, `20ms` -> 0.02, `1.5` -> 1.5; null when it is no duration."""
    parts = _RESET.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    try:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    except ValueError:
        return None
