"""Ask through the ledger: known answers are free, new ones are paid once and kept first.

    money reserved -> intent committed -> sent -> response committed -> used

Retries live here, beside the money: an attempt that may have been billed stays counted as spent.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from ittools.errors import IttoolsError, TeacherError
from ittools.generate.ledger import Ledger
from ittools.generate.pace import FIRST_WIDTH, Pace
from ittools.generate.prices import Budget
from ittools.generate.teacher import Request, RequestFailed, Response, Teacher, TryAgain
from ittools.progress import Progress

T = TypeVar("T")

LONE_FAILURES = 10  # requests given up with no answer between them that mean an outage
REFUSALS_A_SLOT = 2  # refused requests a slot; refusals come at once and answers take their time
LONGEST_WAIT = 300.0  # seconds; a server that asks for more is told about, not waited for
QUIET_FOR = 20.0  # seconds without an answer, or to be waited, that are worth a line
REFUSALS_ALONE = 2  # tries of an address that never answered before


class GivenUp(RequestFailed):
    """No answer after all attempts."""


class Asker:
    """One teacher behind one ledger and one budget."""

    def __init__(
        self,
        teacher: Teacher,
        ledger: Ledger,
        budget: Budget,
        progress: Progress,
        *,
        retries: int = 6,
        backoff: float = 0.5,
        rpm: float | None = None,
        tpm: float | None = None,
    ) -> None:
        self.teacher, self.ledger, self.budget, self.progress = teacher, ledger, budget, progress
        self.retries, self.backoff = retries, backoff
        self.asked: Counter[str] = Counter()  # "bought", "reused", "failed", "retried"
        first = teacher.concurrency if getattr(teacher, "at_once", False) else FIRST_WIDTH
        self.pace = Pace(teacher.concurrency, rpm=rpm, tpm=tpm, first=first)
        if hasattr(teacher, "heard"):
            teacher.heard = self.pace.hear
        self.tokens = [0, 0]  # of this run: in, out
        self._slots = asyncio.Semaphore(teacher.concurrency)
        self._streak: list[tuple[Request, Response]] = []  # failures not yet known to be lone
        self._stopped: IttoolsError | None = None
        self._not_before = 0.0  # all sending pauses until then
        self._began = self._heard = time.monotonic()
        self._said = 0.0

    async def ask(self, request: Request, *, retries: int | None = None) -> Response:
        """The answer to `request`; a failed one when the teacher cannot give this one.

        retries: at most so many for this one.

        Raises:
            Stopped: the budget is spent. TeacherError: the teacher is out of reach.
        """
        kept = self.ledger.get(request)
        if kept is not None:
            self.asked["reused"] += 1
            return kept
        retries = self.retries if retries is None else min(retries, self.retries)
        async with self._slots:
            if self._stopped:
                raise self._stopped
            try:
                return await self._buy(request, retries)
            except RequestFailed as error:
                return self._failed(request, error)
            except IttoolsError as error:
                self._stopped = self._stopped or error
                raise

    async def ask_all(
        self, requests: Iterable[Request], take: Callable[[Response], None] | None = None
    ) -> list[Response]:
        """Answers in the order of the requests, each given to `take` as soon as its turn has come.

        One error stops all, after those in flight.
        """
        responses = await gather((self.ask(request) for request in requests), take)
        if self._streak and not self.asked["bought"] + self.asked["reused"]:
            raise TeacherError(f"the teacher fails at every request: {self._streak[-1][1].text}")
        return responses

    def stop(self, error: IttoolsError) -> None:
        """Send nothing more; what is in flight is still taken in."""
        self._stopped = self._stopped or error

    def settle_failures(self) -> None:
        """Keep the failures as answers, so that a resumed run decides alike."""
        for request, response in self._streak:
            self.ledger.store(request, response, 0.0, 0.0)
        self._streak.clear()

    async def _buy(self, request: Request, retries: int) -> Response:
        attempt = bought = 0
        while True:
            try:
                async with self.pace.seat(request) as seat:
                    response = await self._attempt(request)
                    seat.used(response)
                    return response
            except TryAgain as again:
                if again.everyone and self.asked["bought"] > bought:
                    attempt = 0  # others get through: this one stands in a queue, it does not fail
                bought = self.asked["bought"]
                await asyncio.sleep(self._wait_of(again, attempt, retries))
                attempt += 1

    async def _attempt(self, request: Request) -> Response:
        await self._pause()
        if self._stopped:
            raise self._stopped
        if hasattr(self.teacher, "holds") and self.teacher.holds(request):
            return await self._await_sent(request)
        reserved = await self.budget.reserve(request)
        try:
            await self.ledger.together(lambda: self.ledger.intend(request, reserved))
            response = await self.teacher.answer(request)
        except TryAgain as again:
            await self._give_back(request, reserved, billed=again.maybe_billed)
            raise
        except TeacherError:
            await self._give_back(request, reserved, billed=False)
            raise
        except BaseException:  # cancelled: the intent stays, as possibly billed
            await self.budget.settle(reserved, reserved)
            raise
        await self._keep(request, response, reserved)
        return response

    async def _await_sent(self, request: Request) -> Response:
        """The answer to what an earlier run sent and is still on its way: counted as spent already."""
        counted = self.ledger.reserved(request)
        response = await self.teacher.answer(request)
        await self._keep(request, response, counted, held=False)
        return response

    async def _keep(
        self, request: Request, response: Response, reserved: float, *, held: bool = True
    ) -> None:
        cost = self.budget.price.cost(response) if response.usage_known else reserved
        try:
            await self.ledger.together(lambda: self.ledger.store(request, response, cost, reserved))
        except BaseException:  # paid and not kept: nobody may wait for this money
            if held:
                await self.budget.settle(reserved, reserved)
            raise
        if held:
            await self.budget.settle(reserved, cost)
        else:
            self.budget.spent += cost - reserved
        self.asked["bought"] += 1
        self._heard = time.monotonic()
        self.settle_failures()  # the teacher lives, so they were lone
        self._show(response)

    async def _give_back(self, request: Request, reserved: float, *, billed: bool) -> None:
        if not billed:
            await self.ledger.together(lambda: self.ledger.withdraw(request, reserved))
        await self.budget.settle(reserved, reserved if billed else 0.0)

    def _wait_of(self, again: TryAgain, attempt: int, retries: int) -> float:
        """Seconds until the next attempt; raises when it is not worth another one."""
        never_answered = not self.asked["bought"]
        if attempt >= retries or (again.unreachable and never_answered and attempt + 1 >= REFUSALS_ALONE):
            if again.unreachable and never_answered:
                raise TeacherError(str(again))
            raise GivenUp(f"{again} (after {attempt + 1} attempts)")
        if again.wait is not None and again.wait > LONGEST_WAIT:
            raise TeacherError(
                f"{again}; it asks to wait {again.wait:,.0f} s. Every answer is kept: repeat the command then"
            )
        self.asked["retried"] += 1
        # jitter only spreads sends in time; no output depends on it
        own = self.backoff * 2**attempt * random.uniform(0.5, 1)
        # "come again at once" is taken with a grain of salt: an outage outlasts seven attempts in a row
        least = min(own, 2.0) if again.everyone else 0.0
        waited = own if again.wait is None else max(again.wait, least)
        self._say_waiting(again, waited)
        if again.everyone and again.wait is not None:  # told so; where not, the pace finds the rate
            self._not_before = max(self._not_before, time.monotonic() + waited)
        return waited

    def _say_waiting(self, again: TryAgain, waited: float) -> None:
        """A line for whoever watches, when nothing has come for a while."""
        now = time.monotonic()
        if max(now - self._heard, waited) >= QUIET_FOR and now - self._said >= QUIET_FOR:
            self._said = now
            self.progress.note(
                f"waiting: {again}; no answer for {now - self._heard:.0f} s, it goes on by itself"
            )

    async def _pause(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _failed(self, request: Request, error: RequestFailed) -> Response:
        response = Response(str(error), "failed")
        self._streak.append((request, response))
        refused = not isinstance(error, GivenUp)
        slots = REFUSALS_A_SLOT * self.teacher.concurrency
        if len(self._streak) >= (max(LONE_FAILURES, slots) if refused else LONE_FAILURES):
            self._stopped = TeacherError(
                f"the last {len(self._streak)} requests all failed: {error}. "
                "Every answer is kept: repeat the command to go on"
            )
            raise self._stopped
        self.asked["failed"] += 1
        self.progress.note(f"{request.stage} {request.round}.{request.index} failed: {error}")
        return response

    def _show(self, response: Response) -> None:
        self.tokens[0] += response.prompt_tokens
        self.tokens[1] += response.completion_tokens
        elapsed = max(1e-9, time.monotonic() - self._began)
        bought, retried = self.asked["bought"], self.asked["retried"]
        again = f", {retried:,} again" if retried else ""
        facts = {
            "requests": f"{bought:,}, {bought / elapsed:,.1f}/s, {self.pace.flying} in flight{again}",
            "tokens": f"{self.tokens[0]:,} in, {self.tokens[1]:,} out",
        }
        price = self.budget.price
        if price.prompt or price.completion or self.budget.limit is not None:
            of = f" of ${self.budget.limit:g}" if self.budget.limit is not None else ""
            facts["cost"] = f"${self.budget.spent:.4f}{of}"
        self.progress.show(**facts)


async def gather(calls: Iterable[Coroutine[Any, Any, T]], take: Callable[[T], None] | None = None) -> list[T]:
    """Results in order; `take` is given each as soon as all before it are there.

    After an error the others are still awaited: they are being paid for.
    """
    tasks = [asyncio.ensure_future(call) for call in calls]
    results: list[T] = []
    wrong: Exception | None = None
    try:
        for task in tasks:
            try:
                result = await task
            except Exception as error:
                wrong = wrong or error
                continue
            results.append(result)
            if take is not None and wrong is None:
                take(result)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    if wrong is not None:
        raise wrong
    return results
