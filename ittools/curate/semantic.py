"""`dedup --method semantic`: records whose embeddings point the same way.

portions -> vectors-0003.arrays -> clusters of vectors -> who stays in each cluster

`--embedder` is a model that transformers can load (a folder or a hub name), whose last hidden states are
averaged over the text, as sentence-transformers models expect; or a .npy of one vector a record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ittools.curate.fields import columns_of, whole_texts
from ittools.curate.portions import Portion, priority_of
from ittools.curate.sketch import Plan
from ittools.engine.exchange import get_arrays, put_arrays
from ittools.engine.protocol import Engine
from ittools.errors import InputError, UsageError
from ittools.formats.hub import quiet_models
from ittools.progress import Progress
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_folder
from ittools.text.cosine import F32, STEPS, keep_first_cosine, nearest_centres, start_centres, unit
from ittools.text.ragged import I64

TOGETHER = 30_000  # records compared all with all: half a minute of two cores
CLUSTER = 10_000  # records of a cluster, about, beyond that
TOKENS = 512  # of a text; what follows is not read
BATCH = 32  # texts at a time

Embed = Callable[[list[str]], F32]


def semantic_twins(
    portions: Sequence[Portion],
    gone: str,
    known: int,
    embedder: str,
    plan: Plan,
    engine: Engine,
    progress: Progress,
) -> list[str]:
    """Files of who goes for whom, one of each cluster."""
    progress.start("dedup: embed", len(portions))
    _write_vectors(portions, embedder, plan, progress)
    count = portions[-1].stop if portions else 0
    clusters = 1 if count <= TOGETHER else -(-count // CLUSTER)
    members = _clustered(portions, clusters, plan, progress)
    tasks = [(number, portions, members, gone, known, plan) for number in range(clusters)]
    progress.start("dedup: compare", len(tasks))
    return engine.run(near_in_cluster, tasks, progress, small=plan.small)


def _write_vectors(portions: Sequence[Portion], embedder: str, plan: Plan, progress: Progress) -> None:
    """Here and not in tasks: a model is loaded once, and uses all cores or the GPU by itself."""
    if embedder.endswith(".npy"):
        vectors = _given(Path(embedder), portions[-1].stop if portions else 0)
        for portion in portions:
            _put(plan, portion, vectors[portion.first : portion.stop], embedder)
            progress.advance()
        return
    embed = model_embedder(embedder) if portions else None
    for portion in portions:
        assert embed is not None
        _put(plan, portion, embed(_texts(portion, plan)), embedder)
        progress.advance()


def embedder_entry(embedder: str) -> InputEntry:
    """What vectors come from, by content where it is here; a hub name stands for itself."""
    path = Path(embedder)
    if path.is_file():
        return InputEntry(embedder, "vectors", sha256_file(path))
    if path.is_dir():
        return InputEntry(embedder, "model directory", sha256_folder(path))
    return InputEntry(embedder, "model", f"name:{embedder}")


def _put(plan: Plan, portion: Portion, vectors: NDArray[Any], embedder: str) -> None:
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise InputError(
            f"--embedder {embedder}: the vector of record {portion.first + int(bad[0]) + 1} is not finite"
        )
    put_arrays(
        plan.path("vectors", portion.number),
        vectors=unit(vectors), priority=priority_of(portion, plan.compared),
    )  # fmt: skip


def _given(path: Path, records: int) -> NDArray[Any]:
    try:
        vectors: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"--embedder {path}: not a readable .npy ({error})") from None
    if vectors.ndim != 2 or len(vectors) != records or vectors.dtype.kind != "f" or not vectors.shape[1]:
        raise InputError(
            f"--embedder {path}: {vectors.dtype} of shape {vectors.shape}; "
            f"expected floats of shape ({records}, dimensions), a row for each record read"
        )
    return vectors


def model_embedder(name: str) -> Embed:
    """Mean of the last hidden states over each text. Raises UsageError where the model cannot be had."""
    quiet_models()
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError:
        raise UsageError("--embedder needs the train extra: pip install 'ittools[train]'") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModel.from_pretrained(name).eval()
    except (OSError, ValueError) as error:
        raise UsageError(f"--embedder {name}: no such model ({str(error).splitlines()[0]})") from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token

    def embed(texts: list[str]) -> F32:
        order = sorted(range(len(texts)), key=lambda n: (-len(texts[n]), n))  # like lengths together
        found: dict[int, NDArray[Any]] = {}
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            asked = tokenizer([texts[n] or " " for n in some], padding=True, truncation=True,
                              max_length=TOKENS, return_tensors="pt").to(device)  # fmt: skip
            with torch.inference_mode():
                states = model(input_ids=asked["input_ids"], attention_mask=asked["attention_mask"])
            mask = asked["attention_mask"].unsqueeze(-1).float()
            means = (states.last_hidden_state.float() * mask).sum(1) / mask.sum(1).clamp(min=1)
            found |= dict(zip(some, means.cpu().numpy(), strict=True))
        return np.stack([found[n] for n in range(len(texts))]) if texts else np.zeros((0, 1), np.float32)

    return embed


def _texts(portion: Portion, plan: Plan) -> list[str]:
    on = plan.compared.on
    found: list[str] = []
    for part in portion.parts:
        found += whole_texts(part.read(columns_of(on)), on).to_pylist()
    return found


def _clustered(portions: Sequence[Portion], clusters: int, plan: Plan, progress: Progress) -> str:
    """The cluster of every record."""
    path = plan.path("clusters")
    if clusters == 1:
        put_arrays(path, clusters=np.zeros(portions[-1].stop if portions else 0, np.int64))
        return path
    progress.start("dedup: clusters", STEPS)
    begin = start_centres(portions[-1].stop, clusters)
    centres = np.concatenate(
        [_vectors(p, plan)[begin[(begin >= p.first) & (begin < p.stop)] - p.first] for p in portions]
    )
    for _ in range(STEPS):
        sums = np.zeros(centres.shape, np.float64)
        found = []
        for portion in portions:
            vectors = _vectors(portion, plan)
            nearest = nearest_centres(vectors, centres)
            np.add.at(sums, nearest, vectors)
            found.append(nearest)
        filled = np.abs(sums).sum(axis=1, keepdims=True) > 0
        centres = np.where(filled, unit(sums), centres)
        progress.advance()
    put_arrays(path, clusters=np.concatenate(found))
    return path


def _vectors(portion: Portion, plan: Plan) -> F32:
    return get_arrays(plan.path("vectors", portion.number))["vectors"]


def near_in_cluster(
    number: int, portions: Sequence[Portion], members: str, gone: str, known: int, plan: Plan
) -> str:
    """Task: who of a cluster goes for whom."""
    mine = (get_arrays(members)["clusters"] == number) & ~get_arrays(gone)["gone"]
    records = np.flatnonzero(mine)
    vectors, priority = [], []
    for portion in portions:
        begin, end = np.searchsorted(records, (portion.first, portion.stop))
        if end > begin:
            found = get_arrays(plan.path("vectors", portion.number))
            vectors.append(found["vectors"][records[begin:end] - portion.first])
            priority.append(found["priority"][records[begin:end] - portion.first])
    path = plan.path("gone", number)
    none: I64 = np.zeros(0, np.int64)
    if not len(records):
        put_arrays(path, gone=none, twins=none, similarity=np.zeros(0))
        return path
    order = np.lexsort((records, -np.concatenate(priority)))
    every = records[order]
    settled = int((every < known).sum())
    decision = keep_first_cosine(np.concatenate(vectors)[order], plan.threshold, settled=settled)
    lost = np.flatnonzero(decision.twins >= 0)
    put_arrays(
        path,
        gone=every[lost], twins=every[decision.twins[lost]], similarity=decision.similarities[lost],
    )  # fmt: skip
    return path
