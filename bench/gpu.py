"""Fine-tuning on a CUDA GPU: does it run, in both precisions, and what comes out.

Needs a GPU and the train extra; without one it says so and exits 1. Run: python -m bench.gpu
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def ittools(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ittools", *arguments], check=True)


def main() -> int:
    import torch

    if not torch.cuda.is_available():
        print("no CUDA GPU here: nothing was measured", file=sys.stderr)
        return 1
    print(torch.cuda.get_device_name(), "torch", torch.__version__)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        mixture = base / "mix"
        ittools("generate", "--teacher", "offline", "-n", "200", "--out", str(base / "generate"), "-q")
        ittools("mix", str(base / "generate"), "--heldout", "0.1", "--out", str(mixture), "-q")
        for precision in ("fp32", "bf16"):
            out = base / precision
            began = time.perf_counter()
            ittools("finetune", str(mixture), "--device", "cuda", "--precision", precision,
                    "--max-steps", "200", "--save-steps", "100", "--out", str(out), "-q")  # fmt: skip
            losses = [row["loss"] for row in json.loads((out / "loss.json").read_text())]
            spent = time.perf_counter() - began
            print(f"{precision}: {spent:.1f} s with start-up, loss {losses[0]:.4f} to {losses[-1]:.4f}")
            ittools("evaluate", str(mixture), "--model", str(out), "--device", "cuda",
                    "--out", str(base / f"{precision}-scores"), "-q")  # fmt: skip
            print((base / f"{precision}-scores" / "metrics.json").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
