"""Run a command line, then say on stdout the most memory that it and its workers held, in MiB."""

from __future__ import annotations

import resource
import sys


def main() -> int:
    from ittools.cli.app import main as ittools

    code = ittools(sys.argv[1:])
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(max(resource.getrusage(one).ru_maxrss for one in who) // unit)
    return code


if __name__ == "__main__":
    sys.exit(main())
