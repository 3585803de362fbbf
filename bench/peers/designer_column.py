"""NVIDIA DataDesigner: one LLM text column over a seed dataset, its own adaptive concurrency."""

from __future__ import annotations

import os

os.environ["NEMO_TELEMETRY_ENABLED"] = "false"

import data_designer.config as dd
import pandas as pd
from common import KEY, MODEL, Asked, measure, prompts
from data_designer.interface import DataDesigner


def run(wanted: Asked) -> int:
    provider = dd.ModelProvider(
        name="local", endpoint=f"{wanted.url}/v1", provider_type="openai", api_key=KEY
    )
    parallel = {"max_parallel_requests": wanted.concurrency} if wanted.concurrency else {}
    model = dd.ModelConfig(
        alias="teacher",
        model=MODEL,
        provider="local",
        inference_parameters=dd.ChatCompletionInferenceParams(**parallel),
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    seeds = pd.DataFrame({"instruction": prompts(wanted.number)})
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=seeds))
    builder.add_column(
        dd.LLMTextColumnConfig(name="output", model_alias="teacher", prompt="{{ instruction }}")
    )
    designer = DataDesigner(artifact_path=wanted.folder, model_providers=[provider])
    results = designer.create(
        builder, num_records=wanted.number, dataset_name="bench", resume=dd.ResumeMode.IF_POSSIBLE
    )
    return int(results.load_dataset()["output"].astype(bool).sum())


if __name__ == "__main__":
    measure(run)
