"""The other side of `guard.Guard`: reads what to run, runs it within its limits, sends what it yields."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import Any, BinaryIO

from ittools.template.sandbox.guard import pages_of_memory, receive, send


def serve(memory: int, seconds: float) -> None:
    """Until its input ends. What is printed goes to stderr: stdout carries the answers."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, wherever it is
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _compiler()
    used = pages_of_memory()
    if used is not None:
        resource.setrlimit(resource.RLIMIT_AS, (used + (memory << 20),) * 2)
    while True:
        try:
            fn, values = receive(source)
        except EOFError:
            return
        try:
            _answer(sink, fn, values, seconds)
        except MemoryError:
            values = fn = None
            send(sink, ("memory", None))
            os._exit(1)
        except Exception as error:
            send(sink, ("error", error))


def _answer(sink: BinaryIO, fn: Any, values: Any, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    for answer in fn(*values):
        send(sink, ("answer", answer))
        signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_PROF, 0)
    send(sink, ("end", None))


def _compiler() -> None:
    from ittools.template.sandbox.environment import compiled

    compiled("{{ warm }}")
