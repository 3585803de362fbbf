"""`python -m ittools`, and the console script."""

import sys

from ittools.cli.app import main


def entry() -> None:
    sys.exit(main())


if __name__ == "__main__":
    entry()
