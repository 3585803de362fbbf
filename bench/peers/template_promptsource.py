"""promptsource 0.2.3 in its own environment: `apply` as it is.

python SCRIPT bench ROWS.jsonl TEMPLATES OUT.parquet [NUMBER]   seconds for every template of a file
python SCRIPT oracle JOBS.jsonl OUT.jsonl                       what it makes of each job, both truncate modes

A job is {"path", "template", "rows"}. For the oracle what is drawn is the first of what there is.
"""

from __future__ import annotations

import json
import random
import sys
import time
from functools import lru_cache

import promptsource.templates as peer
import yaml


@lru_cache(maxsize=8)
def templates(path: str) -> dict[str, peer.Template]:
    with open(path, encoding="utf-8") as handle:
        found = yaml.load(handle, Loader=yaml.FullLoader)["templates"]
    return {template.name: template for template in found.values()}


def applied(template: peer.Template, row: dict[str, object], truncate: bool) -> dict[str, object]:
    try:
        parts = template.apply(row, truncate=truncate)
        return {"parts": parts, "choices": template.get_answer_choices_list(row)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def oracle(jobs: str, out: str) -> None:
    random.choice = lambda values: values[0]
    peer.env.filters["choice"] = lambda values: values[0]
    with open(jobs, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as sink:
        for line in lines:
            job = json.loads(line)
            template = templates(job["path"])[job["template"]]
            found = [
                [applied(template, json.loads(row), truncate) for truncate in (True, False)]
                for row in map(json.dumps, job["rows"])
            ]
            print(json.dumps(found), file=sink)


def bench(rows: str, path: str, out: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open(rows, encoding="utf-8") as lines:
        every = [json.loads(line) for line in lines]
    began, used, prompts, targets = time.perf_counter(), time.process_time(), [], []
    for row in every:
        for template in templates(path).values():
            parts = template.apply(row)
            if len(parts) == 2 and all(parts):
                prompts.append(parts[0])
                targets.append(parts[1])
    pq.write_table(pa.table({"inputs": prompts, "targets": targets}), out, compression="zstd")
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu": cpu, "records": len(prompts)}))


if __name__ == "__main__":
    {"bench": bench, "oracle": oracle}[sys.argv[1]](*sys.argv[2:])
