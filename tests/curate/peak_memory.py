"""Run a command line, then say on stdout the most memory that one of its processes held, in MiB.

On Linux a process begins with the peak of the one that started it (`exec` keeps it), here that of the whole
test run. So the command runs as a child of this small process, and the largest of its children is asked for.
"""

from __future__ import annotations

import resource
import subprocess
import sys


def main() -> int:
    ran = subprocess.run([sys.executable, "-m", "ittools", *sys.argv[1:]])
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit)
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
