"""pyarrow as our processes need it: without pandas, and with the system's allocator.

pyarrow imports pandas, where it is installed, when the first array is made: 0.28 s of every command and every
worker, for conversions that nothing here asks for. It looks for it once, so it is told once that
there is none; the program may import pandas afterwards as it likes.

Its own allocator (mimalloc) gives pages back and takes new ones: large buffers come and go here, so with
the system's, `template` spent 1.4 s in the kernel instead of 2.6 over 840,000 records, with 340 MB instead
of 445.
"""

from __future__ import annotations

import os
import sys


class _NoPandas:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)


def prepare_arrow() -> None:
    """Before the first array of a process is made; afterwards it changes nothing."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)
