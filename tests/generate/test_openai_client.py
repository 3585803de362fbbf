"""`OpenAITeacher` before a server that does what servers do: one attempt at a time."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from generate_runs import KEY
from misbehaving_server import (
    Handler,
    Server,
    Trouble,
    always,
    closed_port,
    completion,
    drip,
    error,
    hang,
    hang_up,
    huge,
    on_number,
    redirect,
    reset,
    says,
    serving,
    short_body,
    status,
)

from ittools.errors import TeacherError
from ittools.generate.client import OpenAITeacher
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain

REQUEST = Request("instances", 0, 0, "Name a colour.", "served", "1", max_tokens=64)


def answer(
    server: Server, *requests: Request, key: str = KEY, timeout: float = 20.0, url: str | None = None
) -> list[Response | BaseException]:
    """Answers or errors of requests sent together by one teacher."""

    async def ask() -> list[Response | BaseException]:
        teacher = OpenAITeacher(model="served", base_url=url or server.url, key=key, timeout=timeout)
        try:
            calls = [teacher.answer(request) for request in requests or (REQUEST,)]
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            await teacher.close()

    return asyncio.run(ask())


def one(server: Server, trouble: Trouble, request: Request = REQUEST, **options: Any) -> Response:
    """The answer to one request, under this trouble; its error is raised."""
    server.trouble = always(trouble)
    [said] = answer(server, request, **options)
    if isinstance(said, BaseException):
        raise said
    return said


@pytest.mark.parametrize(
    "body",
    [b"<html><body>Bad gateway</body></html>", b"garbage", b"null", b"[]", b"{}", b'{"choices": []}',
     b'{"choices": [null]}', b'{"choices": [{}]}', b'{"choices": [{"message": null}]}', b'"text"', b"17",
     b'{"choices": {"0": 1}}', b'{"error": {"message": "no"}}', b"", b"[" * 100_000, b"\xff\xfe\x00"],
)  # fmt: skip
def test_status_200_without_an_answer_is_tried_again_and_counts_as_billed(
    server: Server, body: bytes
) -> None:
    with pytest.raises(TryAgain, match="status 200 with no answer in it") as caught:
        one(server, status(200, body))
    assert (caught.value.maybe_billed, caught.value.unreachable) == (True, False)


@pytest.mark.parametrize("trouble", [reset, hang_up, short_body])
def test_connection_lost_after_sending_counts_as_billed_and_not_as_unreachable(
    server: Server, trouble: Trouble
) -> None:
    with pytest.raises(TryAgain) as caught:
        one(server, trouble)
    assert (caught.value.maybe_billed, caught.value.unreachable) == (True, False)


@pytest.mark.parametrize("trouble", [hang, drip])
def test_deadline_stands_round_the_whole_call(server: Server, trouble: Trouble) -> None:
    with pytest.raises(TryAgain, match=r"no whole answer within 0\.3 s") as caught:
        one(server, trouble, timeout=0.3)
    assert caught.value.maybe_billed


def test_server_out_of_reach_costs_nothing_and_says_so(server: Server) -> None:
    url = closed_port()
    [said] = answer(server, url=url)
    assert isinstance(said, TryAgain)
    assert (said.unreachable, said.maybe_billed) == (True, False)
    assert f"cannot reach {url}/ (" in str(said)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 529])
def test_busy_server_is_tried_again_unbilled(server: Server, code: int) -> None:
    with pytest.raises(TryAgain, match=f"answered {code}: busy") as caught:
        one(server, status(code, error("busy")))
    assert (caught.value.everyone, caught.value.maybe_billed) == (code == 429, False)
    assert caught.value.wait is None


@pytest.mark.parametrize("code", [408, 504, 524])
def test_proxy_that_gave_up_waiting_may_have_cost_an_answer(server: Server, code: int) -> None:
    with pytest.raises(TryAgain) as caught:
        one(server, status(code, "gateway time-out"))
    assert caught.value.maybe_billed


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after": "0.25"}, 0.25), ({"Retry-After-Ms": "1500"}, 1.5),
     ({"Retry-After": "100000"}, 100_000.0), ({"Retry-After": "-3"}, 0.0), ({"Retry-After": "soon"}, None),
     ({"Retry-After": ""}, None), ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
     ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0.0),
     ({"Retry-After-Ms": "x", "Retry-After": "2"}, 2.0)],
)  # fmt: skip
def test_wait_is_what_the_server_asks_for(
    server: Server, headers: dict[str, str], wait: float | None
) -> None:
    with pytest.raises(TryAgain) as caught:
        one(server, status(429, error("slow down"), headers))
    assert caught.value.wait == wait


def test_wait_until_a_date_is_counted_from_now(server: Server) -> None:
    with pytest.raises(TryAgain) as caught:
        one(server, status(429, error("slow"), {"Retry-After": "Thu, 21 Oct 2151 07:28:00 GMT"}))
    assert caught.value.wait is not None
    assert caught.value.wait > 1e9


@pytest.mark.parametrize(
    ("code", "body"),
    [(401, error("wrong key")), (403, error("not you")), (404, error("no such model")),
     (429, error("quota", code="insufficient_quota")), (429, error("quota", type="insufficient_quota"))],
)  # fmt: skip
def test_key_quota_and_address_stop_everything(server: Server, code: int, body: dict[str, Any]) -> None:
    with pytest.raises(TeacherError, match=f"answered {code}: .*Every answer is kept") as caught:
        one(server, status(code, body))
    assert not isinstance(caught.value, RequestFailed)


@pytest.mark.parametrize(
    "body",
    [error("bad prompt"), {"detail": "bad prompt"}, {"error": "bad prompt"}, {"message": "bad prompt"},
     "bad prompt", b"bad prompt\xff", ["bad prompt"], b"[" * 100_000],
)  # fmt: skip
def test_refused_request_is_refused_alone_with_the_reason_given(server: Server, body: Any) -> None:
    reason = "bad prompt" if body != b"[" * 100_000 else r"\[\[\["
    with pytest.raises(RequestFailed, match=f"answered 400: .*{reason}"):
        one(server, status(400, body))


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirect_is_named_and_never_followed(server: Server, code: int) -> None:
    with serving() as elsewhere:
        with pytest.raises(TeacherError, match=r"redirects to http.*give it as --base-url"):
            one(server, redirect(f"{elsewhere.url}/chat/completions", code))
        assert (len(server.asked), len(elsewhere.asked)) == (1, 0)


def test_huge_answer_is_given_up_at_the_bound(server: Server) -> None:
    with pytest.raises(RequestFailed, match="the answer is over 16 MiB"):
        one(server, huge(20))


def test_huge_error_is_read_no_further_than_its_beginning(server: Server) -> None:
    with pytest.raises(TryAgain, match="answered 500"):
        one(server, huge(20, code=500))


def test_compressed_bomb_is_given_up_at_the_bound(server: Server) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    with pytest.raises(RequestFailed, match="the answer is over 16 MiB"):
        one(server, status(200, bomb, {"Content-Encoding": "gzip"}))


@pytest.mark.parametrize(
    ("content", "finish", "text", "kept_finish"),
    [("blue", "stop", "blue", "stop"), ("blu", "length", "blu", "length"), (None, "stop", "", "stop"),
     (None, "content_filter", "", "content_filter"), ("half", "content_filter", "", "content_filter"),
     (None, "tool_calls", "", "content_filter"), ("blue", None, "blue", "stop"),
     ("a\ud800b", "stop", "a\ufffdb", "stop"), ("blue", "st\ud800op", "blue", "st\ufffdop"),
     ("nul \x00 stays", "stop", "nul \x00 stays", "stop")],
)  # fmt: skip
def test_answer_and_finish_are_read_and_mended(
    server: Server, content: str | None, finish: str | None, text: str, kept_finish: str
) -> None:
    said = one(server, says(content, finish))
    assert (said.text, said.finish) == (text, kept_finish)
    said.raw.encode()


@pytest.mark.parametrize(
    "usage",
    [None, "many", [1], {}, {"prompt_tokens": 1}, {"prompt_tokens": -1, "completion_tokens": 1},
     {"prompt_tokens": "9", "completion_tokens": 1}, {"prompt_tokens": 10**30, "completion_tokens": 1},
     {"prompt_tokens": True, "completion_tokens": 1}, {"prompt_tokens": 1.5, "completion_tokens": 1}],
)  # fmt: skip
def test_usage_that_cannot_be_believed_is_unknown(server: Server, usage: Any) -> None:
    said = one(server, says("blue", usage=usage))
    assert (said.usage_known, said.prompt_tokens, said.completion_tokens) == (False, 0, 0)


def test_usage_is_taken_as_given(server: Server) -> None:
    said = one(server, says("blue", usage={"prompt_tokens": 12, "completion_tokens": 3, "other": None}))
    assert (said.usage_known, said.prompt_tokens, said.completion_tokens) == (True, 12, 3)


def echo(code: int, escaped: bool = False) -> Trouble:
    """The Authorization header, in an answer or an error."""

    def send(handler: Handler) -> None:
        header = handler.headers["Authorization"]
        if escaped:
            points = "".join(f"\\u{ord(character):04x}" for character in header)
            plain = json.dumps(completion(handler.asked, "HEADER"))
            return handler.send(code, plain.replace("HEADER", points))
        if code == 200:
            return says(f"you sent {header}")(handler)
        return handler.send(code, error(f"you sent {header}"), {"Location": f"http://x/?k={header}"})

    return send


@pytest.mark.parametrize("code", [400, 401, 429, 500, 302])
def test_key_in_an_error_is_cut_out(server: Server, code: int) -> None:
    with pytest.raises((TeacherError, TryAgain)) as caught:
        one(server, echo(code))
    assert "[key]" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("escaped", [False, True])
def test_key_in_an_answer_is_cut_out_of_text(server: Server, escaped: bool) -> None:
    said = one(server, echo(200, escaped))
    assert said.text.endswith("Bearer [key]")
    assert KEY not in said.raw


@pytest.mark.parametrize("key", ["none", "EMPTY", "ollama", "lm-studio", "1"])
def test_placeholder_key_is_a_word_that_answers_may_use(server: Server, key: str) -> None:
    assert one(server, says(f"Labels: {key}, some."), key=key).text == f"Labels: {key}, some."


def test_newer_name_of_max_tokens_is_learnt_by_all_requests_in_flight(server: Server) -> None:
    unsupported = error("Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported")
    server.trouble = lambda asked: status(400, unsupported) if "max_tokens" in asked.body else None
    requests = [replace(REQUEST, prompt=f"Name colour {n}.", index=n) for n in range(12)]
    said = answer(server, *requests)
    assert [type(one) for one in said] == [Response] * 12
    understood = [asked.body for asked in server.asked if "max_tokens" not in asked.body]
    assert [body["max_completion_tokens"] for body in understood] == [64] * 12
    assert len(server.asked) <= 24


def test_refused_parameters_are_left_out_one_after_the_other(server: Server) -> None:
    def decide(asked: Any) -> Trouble | None:
        names = [name for name in ("temperature", "top_p", "stop") if name in asked.body]
        return status(400, error("no", param=names[0])) if names else None

    server.trouble = decide
    [said] = answer(server, replace(REQUEST, stop=("a", "b", "c", "d", "e")))
    assert isinstance(said, Response)
    assert sorted(server.asked[-1].body) == ["max_tokens", "messages", "model"]
    assert len(server.asked) == 4


def test_bound_of_an_answer_is_never_left_out(server: Server) -> None:
    refuses = status(400, error("no", param="max_tokens"))
    with pytest.raises(RequestFailed):
        one(server, refuses, replace(REQUEST, api="completions"))
    with pytest.raises(RequestFailed):
        one(server, refuses)
    assert all({"max_tokens", "max_completion_tokens"} & set(asked.body) for asked in server.asked)


def test_schema_is_sent_strict_and_by_name(server: Server) -> None:
    schema = {"type": "object"}
    answer(server, replace(REQUEST, schema=json.dumps(schema)))
    assert server.asked[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": schema},
    }


def test_nothing_is_retried_behind_our_back(server: Server) -> None:
    server.trouble = on_number(1, status(500, "{}", {"x-should-retry": "true"}))
    [said] = answer(server)
    assert isinstance(said, TryAgain)
    assert len(server.asked) == 1
