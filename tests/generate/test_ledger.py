"""The ledger: what it promises about order, and what is left of it after damage."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from generate_runs import Runner, ledger_of, shard_hashes, words
from hypothesis import given
from hypothesis import strategies as st
from misbehaving_server import Server
from scripted_teacher import OPENED, answered, in_memory, request

from ittools.errors import StoreError
from ittools.generate.ledger import Ledger
from ittools.generate.teacher import Request, Response

ROWS = 12


@pytest.fixture
def torn(tmp_path: Path) -> Path:
    """A ledger as a kill leaves it: rows in the WAL, not in the main file."""
    ledger = Ledger(tmp_path / "live" / "ledger.sqlite")
    for index in range(ROWS):
        ledger.intend(request(index), 1.0)
        ledger.store(request(index), answered(request(index)), 0.5, 1.0)
    shutil.copytree(tmp_path / "live", tmp_path / "torn")
    ledger.close()
    return tmp_path / "torn" / "ledger.sqlite"


def kept(path: Path) -> list[int]:
    """Indices of the answers that a reopened ledger still has, each of them whole."""
    ledger = Ledger(path)
    try:
        found = [n for n in range(ROWS) if ledger.get(request(n)) is not None]
        assert all(ledger.get(request(n)) == answered(request(n)) for n in found)
        assert ledger.spent() == len(found) * 0.5
        sent, worth = ledger.possibly_billed()
        assert sent == worth
        assert sent in (0, 1)
    finally:
        ledger.close()
    return found


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_whole_wal_gives_back_every_row(torn: Path) -> None:
    assert wal_of(torn).stat().st_size > 0
    assert kept(torn) == list(range(ROWS))


@pytest.mark.parametrize("share", [0, 1, 5, 10, 25, 33, 50, 66, 75, 90, 97, 99])
def test_wal_cut_anywhere_gives_back_an_exact_prefix(torn: Path, share: int) -> None:
    wal = wal_of(torn)
    content = wal.read_bytes()
    wal.write_bytes(content[: len(content) * share // 100 + share % 3])
    found = kept(torn)
    assert found == list(range(len(found)))


@pytest.mark.parametrize("share", [1, 8, 20, 40, 55, 70, 85, 98])
def test_wal_garbled_anywhere_gives_back_an_exact_prefix(torn: Path, share: int) -> None:
    wal = wal_of(torn)
    content = bytearray(wal.read_bytes())
    at = len(content) * share // 100
    content[at : at + 64] = bytes(byte ^ 0x5A for byte in content[at : at + 64])
    wal.write_bytes(content)
    found = kept(torn)
    assert found == list(range(len(found)))
    assert len(found) < ROWS


@pytest.mark.parametrize("at", [0, 16, 100, 4_096, 8_192, 12_288])
def test_damaged_main_file_is_one_error_and_never_a_crash(tmp_path: Path, at: int) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    for index in range(200):
        ledger.intend(request(index), 1.0)
        ledger.store(request(index), answered(request(index)), 0.5, 1.0)
    ledger.close()
    content = bytearray(path.read_bytes())
    content[at : at + 4_000] = b"\xa5" * 4_000
    path.write_bytes(content)
    try:
        use_everything(path)
        said = "is damaged, in bytes that nobody reads"
    except StoreError as error:
        said = str(error)
    assert "is damaged" in said


def use_everything(path: Path) -> None:
    ledger = Ledger(path)
    try:
        for index in range(200):
            ledger.get(request(index))
            ledger.intend(request(index), 1.0)
            ledger.store(request(index), answered(request(index)), 0.5, 1.0)
        ledger.possibly_billed()
    finally:
        ledger.close()


@pytest.mark.parametrize("content", [b"no ledger at all, but some text of some length" * 50, b"\x00" * 8_192])
def test_foreign_file_is_called_damaged_in_one_line(run: Runner, tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "out"
    (out / "ledger").mkdir(parents=True)
    (out / ".lock").touch()
    ledger_of(out).write_bytes(content)
    ran = run(*words(out))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "the ledger of bought responses is damaged" in ran.err
    assert "move it away to start over" in ran.err
    assert ledger_of(out).read_bytes() == content


def test_ledger_with_other_tables_is_called_damaged(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as foreign:
        foreign.execute("CREATE TABLE responses (name TEXT)")
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with pytest.raises(StoreError, match="is damaged"):
        ledger.get(request())
    ledger.close()


def test_run_after_a_torn_ledger_buys_what_is_missing_and_ends_in_the_same_bytes(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = words(out, url=server.url)
    run.finished(*line)
    quiet, asked = shard_hashes(out), len(server.asked)
    with closing(sqlite3.connect(ledger_of(out))) as ledger, ledger:
        ledger.execute("DELETE FROM responses WHERE rowid > 5")
    manifest = run.finished(*line, "--force")
    assert shard_hashes(out) == quiet
    assert len(server.asked) == asked + asked - 5
    assert manifest["teacher"]["possibly_billed"]["requests"] == asked - 5


def test_withdrawn_intent_leaves_no_trace() -> None:
    ledger = in_memory()
    ledger.intend(request(), 2.0)
    ledger.withdraw(request(), 2.0)
    assert ledger.possibly_billed() == (0, 0.0)


def test_each_sending_counts_until_it_is_withdrawn_or_answered() -> None:
    ledger = in_memory()
    for _ in range(4):
        ledger.intend(request(), 2.0)
    assert ledger.possibly_billed() == (4, 8.0)
    ledger.withdraw(request(), 2.0)
    assert ledger.possibly_billed() == (3, 6.0)
    ledger.store(request(), answered(request()), 0.25, 2.0)
    assert ledger.possibly_billed() == (2, 4.0)
    assert ledger.spent() == 0.25
    assert ledger.totals() == {"responses": 1, "prompt_tokens": 4, "completion_tokens": 3}


@given(
    st.builds(
        Response,
        st.text(),
        st.sampled_from(["stop", "length", "failed", "content_filter"]),
        st.integers(0, 2**31),
        st.integers(0, 2**31),
        st.booleans(),
        st.text(),
        st.lists(st.text(), max_size=3).map(tuple),
        st.text(),
        st.text(),
        st.text(),
    )
)
def test_every_response_comes_back_as_it_was_kept(response: Response) -> None:
    ledger = in_memory()
    ledger.store(request(), response, 0.0, 0.0)
    assert ledger.get(request()) == response
    OPENED.pop().close()


def test_request_is_kept_beside_its_intent() -> None:
    ledger = in_memory()
    ledger.intend(request(3), 1.0)
    [[stage, text]] = ledger._run("SELECT stage, request FROM intents")
    assert stage == "instances"
    assert Request(**json.loads(text) | {"stop": (), "before": ()}) == request(3)


OTHER: dict[str, object] = {
    "stage": "instructions", "round": 1, "index": 1, "prompt": "Question 0? ", "model": "scripted2",
    "version": "2", "max_tokens": 1_025, "temperature": 0.71, "top_p": 0.99, "presence_penalty": 0.1,
    "stop": ("\n",), "schema": "{}", "api": "completions", "seed": 1, "before": (("user", "Hm?"),), "n": 2,
    "top_logprobs": 5,
}  # fmt: skip


def test_key_differs_with_every_field() -> None:
    base = request()
    assert set(OTHER) | {"values"} == {f.name for f in fields(Request)}
    keys = {replace(base, **{name: value}).key for name, value in OTHER.items()}  # type: ignore[arg-type]
    assert len(keys | {base.key}) == len(OTHER) + 1


def test_what_a_prompt_was_filled_with_is_no_part_of_its_key() -> None:
    assert replace(request(), values={"task": "Add."}).key == request().key
    assert "Add." not in replace(request(), values={"task": "Add."}).as_text


def test_key_is_the_same_in_every_process() -> None:
    assert replace(request(), stop=("a", "b")).key == replace(request(), stop=("a", "b")).key
    assert request().key == "94beda69fb19251cb1f0e24ada2afd82"
