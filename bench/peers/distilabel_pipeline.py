"""distilabel: a pipeline of one TextGeneration step; its own retries (6) and its own cache."""

from __future__ import annotations

from common import KEY, MODEL, Asked, measure, prompts
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

BATCH = 50  # distilabel's own default; a batch is what it sends at once, and what it caches


def run(wanted: Asked) -> int:
    rows = [{"instruction": text} for text in prompts(wanted.number)]
    batch = wanted.concurrency or BATCH
    with Pipeline(name="bench", cache_dir=wanted.folder) as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=batch)
        llm = OpenAILLM(model=MODEL, base_url=f"{wanted.url}/v1", api_key=KEY)
        load >> TextGeneration(llm=llm, input_batch_size=batch)
    distiset = pipeline.run(use_cache=True)
    answers = distiset["default"]["train"]["generation"] if len(distiset) else []
    return sum(bool(answer) for answer in answers)


if __name__ == "__main__":
    measure(run)
