"""Killed and interrupted runs: nothing paid for is lost, and the bytes are those of one quiet run."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path

import pytest
from generate_runs import (
    Runner,
    ledger_rows,
    responses_kept,
    shard_hashes,
    start,
    wait_for,
    words,
)
from misbehaving_server import Asked, Server, Trouble, hold

CONCURRENCY = 6
MOMENTS = (1, 2, 5, 9, 16, 25, 40, 55)  # requests asked in all when the server stops answering


def hold_from(server: Server, number: int) -> threading.Event:
    """From request `number` on the server takes questions and keeps the answers until told."""
    opened = threading.Event()
    waiting = hold(opened)

    def decide(asked: Asked) -> Trouble | None:
        return waiting if asked.number >= number else None

    server.held, server.trouble = 0, decide
    return opened


def is_still(server: Server, out: Path, answered_before: int, kept_before: int) -> bool:
    """Every answer that was sent is in the ledger, and the others are held back."""
    answered = server.answered - answered_before
    return server.held > 0 and responses_kept(out) - kept_before == answered


def bought_again(server: Server, before: int) -> int:
    """Requests since number `before` that had been asked by then."""
    old = {asked.text for asked in server.asked[:before]}
    return sum(asked.text in old for asked in server.asked[before:])


def owed(server: Server, out: Path) -> int:
    """Questions that were asked and whose answers were not kept."""
    return len({asked.text for asked in server.asked}) - responses_kept(out)


def test_eight_kills_buy_again_only_what_was_in_flight_and_end_in_the_same_bytes(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    slots = ("-c", str(CONCURRENCY))
    run.finished(*words(tmp_path / "quiet", *slots, url=server.url, num=30))
    quiet = len(server.asked)
    server.asked.clear()
    out = tmp_path / "killed"
    line = words(out, *slots, url=server.url, num=30)
    for moment in MOMENTS:
        owed_before, before = owed(server, out), len(server.asked)
        killed_while_held(server, line, out, max(moment, before + 1))
        again = bought_again(server, before)
        assert again <= owed_before, moment
        assert 1 <= owed(server, out) - (owed_before - again) <= CONCURRENCY, moment
    owed_before, before, server.trouble = owed(server, out), len(server.asked), lambda _: None
    manifest = run.finished(*line)
    assert bought_again(server, before) == owed_before
    assert shard_hashes(out) == shard_hashes(tmp_path / "quiet")
    lost = manifest["teacher"]["possibly_billed"]["requests"]
    assert quiet < len(server.asked) <= quiet + lost  # an intent may not have reached the server
    assert lost <= len(MOMENTS) * CONCURRENCY


def killed_while_held(server: Server, line: list[str], out: Path, number: int) -> None:
    """One run, killed when request `number` waits and all before it are answered and kept."""
    answered, kept, asked = server.answered, responses_kept(out), len(server.asked)
    opened = hold_from(server, number)
    process = start(line, out.with_name("log"))
    wait_for(lambda: is_still(server, out, answered, kept), f"request {number} held")
    process.kill()
    assert process.wait() == -signal.SIGKILL
    opened.set()
    wait_for(lambda: server.answered - answered == len(server.asked) - asked, "the held ones answered")


@pytest.mark.parametrize("moment", [3, 20, 45])
def test_kill_at_full_speed_buys_again_at_most_the_slots(
    run: Runner, server: Server, tmp_path: Path, moment: int
) -> None:
    run.finished(*words(tmp_path / "quiet", "-c", str(CONCURRENCY), url=server.url, num=30))
    server.asked.clear()
    line = words(tmp_path / "killed", "-c", str(CONCURRENCY), url=server.url, num=30)
    process = start(line, tmp_path / "log")
    wait_for(lambda: len(server.asked) >= moment or process.poll() is not None, f"request {moment}")
    process.kill()
    process.wait()
    before = len(server.asked)
    ran = run(*line)
    assert ran.code == 0, ran.err
    assert bought_again(server, before) <= CONCURRENCY
    assert shard_hashes(tmp_path / "killed") == shard_hashes(tmp_path / "quiet")


def test_offline_runs_killed_at_several_moments_end_in_the_same_bytes(run: Runner, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "quiet", num=40))
    out = tmp_path / "killed"
    for least in (0, 1, 30, 75):
        process = start(words(out, num=40), tmp_path / "log")
        wait_for(
            lambda p=process, n=least: responses_kept(out) >= n or p.poll() is not None,  # type: ignore[misc]
            f"{least} responses",
        )
        process.kill()
        process.wait()
        assert not (out / "manifest.json").exists() or process.returncode == 0
    run.finished(*words(out, num=40))
    assert shard_hashes(out) == shard_hashes(tmp_path / "quiet")
    assert not (out / ".staging").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_prints_the_command_that_goes_on_and_keeps_the_ledger(
    run: Runner, server: Server, tmp_path: Path, number: signal.Signals
) -> None:
    run.finished(*words(tmp_path / "quiet", "-c", "3", url=server.url, num=12))
    server.asked.clear()
    out = tmp_path / "out put"
    line = words(out, "-c", "3", url=server.url, num=12)
    opened, answered = hold_from(server, 9), server.answered
    process = start(line, tmp_path / "log")
    wait_for(lambda: is_still(server, out, answered, 0) and server.held == 3, "every slot held")
    process.send_signal(number)
    assert process.wait() == 130
    opened.set()
    said = (tmp_path / "log").read_text()
    assert said.endswith(f"ittools generate: interrupted; go on with: ittools {_quoted(line)}\n")
    assert "Traceback" not in said
    assert "never retrieved" not in said
    assert responses_kept(out) == len(server.asked) - server.held
    assert ledger_rows(out, "PRAGMA integrity_check") == [("ok",)]
    before, server.trouble = len(server.asked), lambda _: None
    ran = run(*line)
    assert ran.code == 0
    assert re.search(rf"{server.held} requests of an earlier run were sent and not answered", ran.err)
    assert bought_again(server, before) == server.held
    assert shard_hashes(out) == shard_hashes(tmp_path / "quiet")


def test_second_writer_in_the_same_directory_is_turned_away(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    line = words(tmp_path / "out", url=server.url)
    opened = hold_from(server, 1)
    process = start(line, tmp_path / "log")
    wait_for(lambda: server.held > 0, "the first writer to ask")
    ran = run(*line)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"another ittools process is writing here (pid {process.pid})" in ran.err
    opened.set()
    assert process.wait() == 0


def _quoted(line: list[str]) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in line)
