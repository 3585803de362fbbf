"""What a training run leaves: adapter, merged model, loss curve, model card."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ittools.store.files import json_text, write_text
from ittools.train.loop import History, base_model, base_name

if TYPE_CHECKING:
    from ittools.store.dataset import Output
    from ittools.train.options import FinetuneOptions


def save_all(
    options: FinetuneOptions, model: Any, tokenizer: Any, history: History, output: Output
) -> dict[str, Any]:
    """Write everything below staging; returns facts for the manifest."""
    model = model.to("cpu")
    facts = _facts(model, history)
    if options.tune == "full":
        _save(model, tokenizer, output.staging / "model")
    else:
        # embeddings and head are the base's; in the adapter they would only keep servers from loading it
        _save(model, tokenizer, output.staging / "adapter", save_embedding_layers=False)
        if options.model == "tiny":
            base = base_model("tiny", tokenizer, seed=options.seed)
            _save(base, tokenizer, output.staging / "base")
        if options.merge or options.model == "tiny":
            _save(model.merge_and_unload(safe_merge=True), tokenizer, output.staging / "model")
    output.add_bytes("loss.json", json_text(history_rows(history)).encode())
    output.add_bytes("loss.png", loss_picture(history))
    write_text(output.staging / "README.md", _card(options, facts))
    for path in sorted(output.staging.rglob("*")):
        name = path.relative_to(output.staging).as_posix()
        if path.is_file() and name not in ("loss.json", "loss.png"):
            output.add_file(name)
    return facts


def _save(model: Any, tokenizer: Any, folder: Path, **how: Any) -> None:
    folder.mkdir(parents=True)
    model.save_pretrained(folder, **how)
    tokenizer.save_pretrained(folder)


def _facts(model: Any, history: History) -> dict[str, Any]:
    return {
        "steps": int(history[-1]["step"]),
        "first_loss": history[0]["loss"],
        "last_loss": history[-1]["loss"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }


def history_rows(history: History) -> list[dict[str, float]]:
    """Step, loss and learning rate of every step."""
    return [
        {"step": int(entry["step"]), "loss": float(entry["loss"]),
         "learning_rate": float(entry["learning_rate"])}
        for entry in history
    ]  # fmt: skip


def loss_picture(history: History) -> bytes:
    """The loss curve as PNG; equal histories give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = FigureCanvasAgg(figure).figure.add_subplot()
    steps, losses = [e["step"] for e in history], [e["loss"] for e in history]
    axes.plot(steps, losses, color="#9db8d9", linewidth=1, label="each step")
    axes.plot(steps, _smoothed(losses), color="#1f5fa8", linewidth=2, label="smoothed")
    axes.set(xlabel="step", ylabel="loss on trained tokens", ylim=(0, None))
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _smoothed(values: list[float], keep: float = 0.9) -> list[float]:
    """Exponential mean, its start corrected."""
    mean, weight, found = 0.0, 0.0, []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        found.append(mean / weight)
    return found


def _card(options: FinetuneOptions, facts: dict[str, Any]) -> str:
    base = "a tiny model built on the spot" if options.model == "tiny" else options.model
    library = "library_name: peft" if options.tune == "lora" else "library_name: transformers"
    return "\n".join([
        "---", library, f"base_model: {base_name(options)}", "tags: [instruction-tuning, ittools]", "---", "",
        f"# {options.out.name}", "",
        f"{base}, tuned ({options.tune}) by `ittools finetune` on {', '.join(options.inputs)}.", "",
        "| | |", "|---|---|",
        f"| steps | {facts['steps']:,} |",
        f"| loss | {facts['first_loss']:.4f} to {facts['last_loss']:.4f} |",
        f"| parameters trained | {facts['trainable_parameters']:,} of {facts['parameters']:,} |",
        "", "Trained on the assistant's turns and their ends only. The curve: loss.png and loss.json.", "",
    ])  # fmt: skip
