"""Whole files between tasks, by local path or object-store URL: arrays and Arrow tables.

    put_arrays("w/part-0.arrays", keys=keys, ids=ids)       # keys (records, bands) uint64
    get_arrays("w/part-0.arrays")["keys"]                   # read-only, mapped into memory
    get_arrays("w/part-0.arrays", rows=(3, 9))              # those rows of each, no more is read

A name holds a whole file or none: locally a file gets its name when it is whole, and an object store
takes it in one put. A task that runs twice or dies midway leaves no half file. Nothing is synced to
the disk: what a power cut took is found by its size.

The layout of arrays: a line `ittools arrays 1`, the length of the header, the header as a Python
literal {name: (dtype, shape, first byte)}, then each array in C order from a multiple of 64 bytes.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import hashlib
import io
import math
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ittools.errors import StoreError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Arrays = dict[str, NDArray[Any]]
MAGIC = b"ittools arrays 1\n"
ALIGN = 64  # bytes; a cache line, and what Arrow aligns to
MAPPED = 1 << 18  # bytes; up to here a plain read is faster than a map, and holds no file open
REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)


class MissingFile(StoreError):
    """A file of the exchange is not there; where tasks run on several machines, perhaps on another one."""


def is_url(where: str | Path) -> bool:
    return "://" in str(where)


def join(where: str | Path, name: str) -> str:
    """`name` below `where`: join("s3://b/run", "a/b") == "s3://b/run/a/b"."""
    return f"{str(where).rstrip('/')}/{name}" if is_url(where) else os.path.join(str(where), name)


@contextmanager
def scratch_folder(scratch: str | None, work: Path) -> Iterator[str]:
    """A folder for one command's exchange below `--scratch`, gone at the end; without one, `work`.

    Its name follows from `work`, so a run after a killed one finds and replaces what that left.

    Raises:
        StoreError: `scratch` cannot be written, or has no room left.
    """
    if scratch is None:
        yield str(work.absolute())
        return
    scratch = scratch.removeprefix("file://")  # a path: renamed into place and mapped, as no URL is
    name = hashlib.sha256(f"{platform.node()}:{work.absolute()}".encode()).hexdigest()[:16]
    folder = join(scratch if is_url(scratch) else Path(scratch).absolute(), f"ittools-{name}")
    try:
        remove(folder)
        put_arrays(join(folder, "begun"))  # else hours may pass until the first file is refused
        yield folder
    except OSError as error:
        if error.errno not in REFUSED or not str(error.filename).startswith(folder):
            raise
        told = f"--scratch {scratch}: {error.strerror} ({error.filename}); give another place"
        raise StoreError(told) from None
    finally:
        with contextlib.suppress(OSError, StoreError):  # what is told is what went wrong before
            remove(folder)


def put_arrays(where: str | Path, /, **arrays: NDArray[Any]) -> None:
    """Arrays of any fixed dtype and shape under one name; a failed write leaves what was there."""
    header, wholes, place = {}, [], 0
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name}: arrays of objects have no fixed width")
        header[name] = (np.lib.format.dtype_to_descr(array.dtype), array.shape, place)
        wholes.append(np.ascontiguousarray(array).reshape(-1))
        place += _aligned(array.nbytes)
    text = repr(header).encode()
    head = MAGIC + len(text).to_bytes(8, "little") + text
    with _writing(where) as sink:
        sink.write(head.ljust(_aligned(len(head)), b"\0"))
        for whole in wholes:
            if whole.nbytes:
                sink.write(whole.view(np.uint8).data)
                sink.write(bytes(-whole.nbytes % ALIGN))


def get_arrays(
    where: str | Path, *, names: Sequence[str] | None = None, rows: tuple[int, int] | None = None
) -> Arrays:
    """The arrays, read-only: all or those named; `rows` (first, past the last) of each, as far as it goes.

    Raises:
        StoreError: missing, or not a whole file of arrays.
    """
    with _explained(where):
        read, size = _reader(where, ranged=rows is not None or names is not None)
        start = len(MAGIC) + 8
        fixed = bytes(read(0, start))
        if not fixed.startswith(MAGIC):
            raise ValueError("not a file of arrays")
        length = int.from_bytes(fixed[len(MAGIC) :], "little")
        header = ast.literal_eval(bytes(read(start, length)).decode())
        first = _aligned(start + length)
        wanted = list(header) if names is None else names
        found = {name: _array(read, first, header[name], rows) for name in wanted}
        ends = [first + place + _aligned(_width(descr, shape)) for descr, shape, place in header.values()]
        if size is not None and size != max(ends, default=first):
            raise ValueError(f"{size} bytes of {max(ends, default=first)}")
        return found


def put_table(where: str | Path, table: pa.Table) -> None:
    """An Arrow table as IPC, uncompressed, so that it is read without a copy."""
    import pyarrow as pa

    with _writing(where) as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def get_table(where: str | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The table, mapped into memory when local. Raises StoreError as `get_arrays` does."""
    import pyarrow as pa

    with _explained(where):
        if is_url(where):
            source: Any = pa.BufferReader(_fetch(str(where)))
        else:
            source = pa.memory_map(str(where))
        names = list(pa.ipc.open_file(source).schema.names)
        wanted = names if columns is None else list(columns)
        fields = [names.index(name) for name in wanted]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        return pa.ipc.open_file(source, options=options).read_all().select(wanted)


def remove(where: str | Path) -> None:
    """A file or a folder with all in it; what is not there is no error."""
    if is_url(where):
        files, path = _filesystem(str(where))
        with _told_by_store(where), contextlib.suppress(FileNotFoundError):
            files.rm(path, recursive=True)
    elif os.path.isdir(where) and not os.path.islink(where):
        shutil.rmtree(where, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(where)


@contextmanager
def _writing(where: str | Path) -> Iterator[Any]:
    """A file that gets its name when the block ends well."""
    if is_url(where):
        files, path = _filesystem(str(where))
        sink = io.BytesIO()
        yield sink
        with _told_by_store(where):
            _put(files, path, sink.getvalue())
        return
    folder, name = os.path.split(str(where))
    staged = os.path.join(folder, f".{name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        handle = open(staged, "wb")  # noqa: SIM115
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        handle = open(staged, "wb")  # noqa: SIM115
    try:
        with handle:
            yield handle
        os.replace(staged, where)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say whose
            error.filename = str(where)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(staged)
        raise


Reader = Callable[[int, int], Any]  # (first byte, bytes) -> a buffer of them


def _reader(where: str | Path, *, ranged: bool) -> tuple[Reader, int | None]:
    """Reads of one file, and its size where it is known. Small files are read at once."""
    if is_url(where) and ranged:
        files, path = _filesystem(str(where))

        def fetched(start: int, length: int) -> bytes:
            with _told_by_store(where):
                return files.cat_file(path, start=start, end=start + length)  # type: ignore[no-any-return]

        return fetched, None
    data: Any = _fetch(str(where)) if is_url(where) else _local(where)
    view = memoryview(data)
    return (lambda start, length: view[start : start + length]), len(view)


def _local(where: str | Path) -> Any:
    import pyarrow as pa

    with open(where, "rb") as handle:
        if os.fstat(handle.fileno()).st_size <= MAPPED:
            return handle.read()
    with pa.memory_map(
        str(where)
    ) as source:  # unlike Python's, these hold no file open: a task maps thousands
        return source.read_buffer()


def _array(
    read: Reader, first: int, entry: tuple[Any, tuple[int, ...], int], rows: tuple[int, int] | None
) -> NDArray[Any]:
    descr, shape, place = entry
    length = shape[0] if shape else 1
    start, stop = (0, length) if rows is None or not shape else (min(row, length) for row in rows)
    each = _width(descr, shape[1:])
    data = read(first + place + start * each, (stop - start) * each)
    if len(data) != (stop - start) * each:
        raise ValueError("cut off")
    dtype = np.lib.format.descr_to_dtype(descr)
    found = np.ndarray((stop - start, *shape[1:]) if shape else (), dtype, data or b"\0")
    found.flags.writeable = False
    return found


def _width(descr: Any, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * int(np.lib.format.descr_to_dtype(descr).itemsize)


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


@contextmanager
def _explained(where: str | Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise MissingFile(f"{where}: missing; were the files of this run removed while it ran?") from None
    except (ValueError, SyntaxError, KeyError, TypeError) as error:  # Arrow's errors are ValueErrors
        raise StoreError(f"{where}: damaged exchange file ({error}); remove it and run again") from None


def _put(files: Any, path: str, content: bytes) -> None:
    """One put; no open file whose close would commit a half."""
    try:
        files.pipe_file(path, content)
    except FileNotFoundError as error:  # no such bucket
        raise RuntimeError(str(error)) from None


@contextmanager
def _told_by_store(where: str | Path) -> Iterator[None]:
    """What a store raises is of any kind: no bucket, no right, no network."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise StoreError(f"{where}: the store says: {error or type(error).__name__}") from error


def _fetch(url: str) -> bytes:
    files, path = _filesystem(url)
    with _told_by_store(url):
        content: bytes = files.cat_file(path)
    return content


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UsageError(f"{url}: URLs need fsspec: pip install fsspec (and s3fs, gcsfs ...)") from None
    try:
        files, path = url_to_fs(url)
    except (ImportError, ValueError) as error:  # no package for this kind of URL; no such kind
        raise UsageError(f"{url}: {error}") from None
    return files, path
