"""`python -m bench.template_oracle [ROWS]`: every public template against promptsource itself, byte for byte.

Needs an environment with promptsource 0.2.3 (BENCH_PEERS/promptsource). Rows are made up to fit each template
(`template_rows`); of BENCH_DATA the real rows of AG News, MRPC and DREAM are taken as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from bench.template_rows import made_row, real_rows, shapes
from ittools.template.options import StyleOptions
from ittools.template.p3.files import Template, read_templates, template_files
from ittools.template.p3.style import known_of
from ittools.template.sandbox import draws
from ittools.template.sandbox.tree import checked_tree, nodes_of

Job = tuple[Template, list[dict[str, Any]]]
REAL = 300  # rows of each real dataset
PEER = Path(__file__).parent / "peers" / "template_promptsource.py"


def python() -> Path:
    return Path(os.environ.get("BENCH_PEERS", "")) / "promptsource" / "bin" / "python"


def package() -> Path:
    """The folder of all public templates."""
    code = "import promptsource, os; print(os.path.dirname(promptsource.__file__))"
    said = subprocess.run([python(), "-c", code], capture_output=True, text=True, check=True)
    return Path(said.stdout.strip()) / "templates"


def run(rows: int = 6) -> Iterator[str]:
    if not python().is_file():
        yield "promptsource: no environment (BENCH_PEERS)"
        return
    templates = [one for file in template_files(str(package())) for one in read_templates(file, package())]
    jobs = [(one, list(_rows(one, rows))) for one in templates]
    yield from counted(jobs, f"{len(templates)} templates, {rows} rows made up for each")
    folder = os.environ.get("BENCH_DATA")
    for name, real in real_rows(Path(folder), REAL) if folder else ():
        some = [(one, real) for one in templates if one.set == name]
        yield from counted(some, f"{name}: {len(some)} templates, {len(real)} real rows")


def counted(jobs: list[Job], what: str) -> Iterator[str]:
    """Those that differ, then how many are equal in both truncate modes."""
    counts: Counter[str] = Counter()
    for (template, rows), answers in zip(jobs, asked(jobs), strict=True):
        kind, where = compared(template, rows, answers)
        counts[kind] += 1
        if kind not in ("equal", "never renders"):
            yield f"{template.key}: {kind}: {where}"
    yield f"{what}, truncated and not: {dict(counts)}"


def asked(jobs: list[Job]) -> list[list[list[dict[str, Any]]]]:
    """What promptsource makes of the jobs."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "jobs.jsonl", Path(folder) / "found.jsonl"
        given.write_text("".join(map(_line, jobs)), encoding="utf-8")
        subprocess.run([python(), "-W", "ignore", PEER, "oracle", given, found], check=True)
        return [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]


def _line(job: Job) -> str:
    return json.dumps({"path": job[0].path, "template": job[0].name, "rows": job[1]}) + "\n"


def _rows(template: Template, number: int) -> Iterator[dict[str, Any]]:
    trees = [checked_tree(template.jinja), checked_tree(template.answer_choices or "")]
    names = {
        n.name for tree in trees for n in nodes_of(tree) if type(n).__name__ == "Name" and n.ctx == "load"
    }
    found = shapes(*trees)
    random = Random(crc32(template.key.encode()))
    wanted = sorted(names - {"answer_choices", "range", "zip", "namespace", "loop"})
    for n in range(number):
        yield made_row(wanted, found, random, long=n % 3 == 2)


def compared(template: Template, rows: list[Any], answers: list[list[dict[str, Any]]]) -> tuple[str, str]:
    """equal, never renders, refused, or different with the first difference."""
    draws.Draws.choice = lambda self, values: values[0]  # type: ignore[method-assign]
    rendered = 0
    for place, truncate in enumerate((True, False)):
        try:
            ours = parts_of(template, rows, truncate)
        except Exception as error:
            return "refused", str(error)
        for row, (mine, theirs) in enumerate(zip(ours, (a[place] for a in answers), strict=True)):
            rendered += "parts" in theirs
            if mine.get("parts") != theirs.get("parts"):
                return "different", f"row {row}, truncate {truncate}: {str(mine)[:300]} / {str(theirs)[:300]}"
            if "parts" in mine and mine["choices"] != theirs["choices"]:
                return "different choices", f"{mine['choices']} / {theirs['choices']}"
    return ("equal" if rendered else "never renders"), ""


def parts_of(template: Template, rows: list[Any], truncate: bool) -> list[dict[str, Any]]:
    """What we make of rows, in promptsource's words."""
    source = known_of(template, StyleOptions(inputs=(), no_truncate=not truncate)).source
    from ittools.template.p3.apply import rendered_parts

    found = []
    for row in rows:
        try:
            parts, choices = rendered_parts(source, json.loads(json.dumps(row)), "0:0")
            found.append({"parts": parts, "choices": choices})
        except Exception as error:
            found.append({"error": f"{type(error).__name__}: {error}"})
    return found


if __name__ == "__main__":
    for line in run(*map(int, sys.argv[1:])):
        print(line, flush=True)
