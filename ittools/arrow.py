"""pyarrow without pandas.

pyarrow imports pandas, where it is installed, when the first array is made: 0.28 s of every command and every
worker, for conversions that nothing here asks for. It looks for it once, so it is told once that
there is none; the program may import pandas afterwards as it likes.
"""

from __future__ import annotations

import sys


class _NoPandas:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)


def arrow_without_pandas() -> None:
    """Before the first array of a process is made; afterwards it changes nothing."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)
