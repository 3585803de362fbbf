from __future__ import annotations
import json
from pathlib import Path
import pytest
from aiohttp import web
from batch_server import DROP, DROP_AFTERWARDS, Batches, answered, batches, refused, unsent, asked
from generate_runs import KEY, Runner, all_bytes, records, shard_hashes, ledger_rows
from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Batches]:
    with batches() as b:
        yield b


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr("ittools.generate.batch.QUIET", 0.1)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.0)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.0)


def prompts(tmp_path, n=6):
    p = tmp_path / "prompts.jsonl"
    p.write_text("".join(json.dumps({"prompt": f"Question {i}?"}) + "\n" for i in range(n)))
    return p


def words(tmp_path, server, *more, n=6, out="out"):
    return [
        "generate",
        str(prompts(tmp_path, n)),
        "--method",
        "answer",
        "--batch",
        "--base-url",
        server.url,
        "-m",
        "served",
        "--poll",
        "0.01",
        "--backoff",
        "0",
        "--out",
        str(tmp_path / out),
        "--price",
        "100,100",
        *more,
    ]


def show(ran, server, tmp_path, out="out"):
    print(ran.code, ran.err[-1500:])
    print("sizes", server.sizes(), "direct", len(server.direct))
    print(
        "kept",
        len(records(tmp_path / out)),
        "intents",
        ledger_rows(tmp_path / out, "select count(*), sum(sent), sum(reserved) from intents"),
        "batches",
        ledger_rows(tmp_path / out, "select batch, ended from batches"),
    )


def again(run, server, tmp_path, *more):
    server.trouble = lambda m, p: None
    ran = run(*words(tmp_path, server, *more))
    print("--- again")
    show(ran, server, tmp_path)


def test_plain(run, server, tmp_path):
    show(run(*words(tmp_path, server)), server, tmp_path)
    print([r["output"] for r in records(tmp_path / "out")])


def test_drop_create(run, server, tmp_path):
    server.trouble = lambda m, p: (
        DROP_AFTERWARDS if (m, p) == ("POST", "/v1/batches") and len(server.made) < 3 else None
    )
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_failed_then_again(run, server, tmp_path):
    server.ending = lambda b: "failed" if b["id"] == "batch_0" else "completed"
    show(run(*words(tmp_path, server)), server, tmp_path)
    again(run, server, tmp_path)


def test_content_500(run, server, tmp_path):
    server.trouble = lambda m, p: (
        web.Response(status=500, headers={"x-should-retry": "false"})
        if p.endswith("content") and len([c for c in server.calls if c[1].endswith("content")]) < 3
        else None
    )
    show(run(*words(tmp_path, server)), server, tmp_path)
    again(run, server, tmp_path)


def test_create_429(run, server, tmp_path):
    n = [0]

    def t(m, p):
        if (m, p) == ("POST", "/v1/batches"):
            n[0] += 1
            if n[0] == 1:
                return web.Response(
                    status=429,
                    headers={"x-should-retry": "false"},
                    text='{"error":{"message":"enqueued token limit"}}',
                )

    server.trouble = t
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_create_500_after(run, server, tmp_path):
    n = [0]
    server.trouble = lambda m, p: None
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_u2028(run, server, tmp_path):
    server.line = lambda l: answered(l, "one\u2028two\x85three")
    show(run(*words(tmp_path, server)), server, tmp_path)


@pytest.mark.parametrize(
    "g",
    [
        {"response": {"status_code": "abc", "body": {}}},
        {"response": "str"},
        {"response": [1]},
        {"response": {"status_code": 200, "body": None}},
        {"error": "str", "response": None},
        {"response": {"status_code": 200.5}},
        {"response": {"status_code": None}},
        {"response": {"status_code": []}},
        {},
    ],
)
def test_garbage(run, server, tmp_path, g):
    n = [0]

    def line(l):
        if asked(l["body"]) == "Question 3?" and len(server.made) == 1:
            return json.dumps({"custom_id": l["custom_id"], **g})
        return answered(l)

    server.line = line
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_escaped_key(run, server, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def line(l):
        return json.dumps(answered(l, f"your key {KEY}!")).replace(
            KEY.split("/")[0], "".join(f"\\u{ord(c):04x}" for c in KEY.split("/")[0])
        )

    server.line = line
    show(run(*words(tmp_path, server)), server, tmp_path)
    print("leak", KEY.encode() in all_bytes(tmp_path), json.dumps(KEY)[1:-1].encode() in all_bytes(tmp_path))
    print(records(tmp_path / "out")[0]["output"])


def test_401(run, server, tmp_path):
    server.trouble = lambda m, p: (
        web.Response(status=401, text='{"error":{"message":"bad key"}}')
        if m == "GET" and "/batches/" in p
        else None
    )
    show(run(*words(tmp_path, server)), server, tmp_path)
    again(run, server, tmp_path)


def test_404(run, server, tmp_path):
    server.held = True
    server.trouble = lambda m, p: (
        web.Response(status=404, text='{"error":{"message":"gone"}}')
        if m == "GET" and "/batches/batch_0" in p
        else None
    )
    show(run(*words(tmp_path, server)), server, tmp_path)
    server.held = False
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_expired(run, server, tmp_path):
    server.ending = lambda b: "expired" if b["id"] == "batch_0" else "completed"
    server.line = lambda l: (
        unsent(l) if len(server.made) == 1 and asked(l["body"]) > "Question 3" else answered(l)
    )
    show(run(*words(tmp_path, server)), server, tmp_path)


def test_redirect(run, server, tmp_path):
    with batches() as other:
        server.trouble = lambda m, p: (
            web.Response(status=307, headers={"Location": other.url + "/files"})
            if (m, p) == ("POST", "/v1/files")
            else None
        )
        show(run(*words(tmp_path, server)), server, tmp_path)
        print("other", other.calls)


@pytest.mark.parametrize("s", [400, 429, 500, 504, 401])
def test_lines(run, server, tmp_path, s):
    server.line = lambda l: (
        refused(l, s) if len(server.made) == 1 and asked(l["body"]) == "Question 3?" else answered(l)
    )
    show(run(*words(tmp_path, server)), server, tmp_path)
