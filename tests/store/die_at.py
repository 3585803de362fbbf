"""Run a command line that kills itself at its n-th change of the file system.

python die_at.py 7 filter in.jsonl --out out     dies (SIGKILL) just before its 7th change
python die_at.py 0 filter in.jsonl --out out     lives, and says on stdout how many there were
"""

from __future__ import annotations

import os
import signal
import sys

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR


def main() -> int:
    fatal, count = int(sys.argv[1]), 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event not in CHANGES and not (event == "open" and int(str(arguments[2])) & WRITES):
            return
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    from ittools.cli.app import main as ittools

    sys.addaudithook(watch)
    code = ittools(sys.argv[2:])
    print(count)
    return code


if __name__ == "__main__":
    sys.exit(main())
