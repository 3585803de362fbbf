"""The servers of `bench.servers`: a random model for each, how each is started and how it is asked.

A model is made by the server's own Python, which has the libraries for it:

    python -m bench.server_models llama-cpp FOLDER      # a GGUF of 0.7 MB
    python -m bench.server_models transformers FOLDER   # a Llama of 3 MB with its tokenizer
    python -m bench.server_models litellm FOLDER        # a proxy's configuration with mock answers

Random weights say nothing, but they prove a protocol: whatever has a shape got it from the server.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "tiny"  # of every model
BUSY = "busy"  # of the litellm model with a limit of two requests a minute
CONTEXT = 2048
PATIENCE = 120.0  # seconds for a server to start, and for one answer
PROMPT = "Say hello to the whole street."
KEY = "sk-bench-0123456789abcdef"  # litellm does not start without one


@dataclass(frozen=True)
class Server:
    """How one server is started and what its version is; every command for the home of its environment."""

    command: Callable[[Path, Path, int], list[str]]  # (home, folder of the model, port)
    version: Callable[[Path], list[str]]
    key: str = "none"
    busy: str | None = None  # a model that answers 429


def _where(port: int) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(port)]


def _llama_cpp(home: Path, folder: Path, port: int) -> list[str]:
    model = ["--model", str(folder / "tiny.gguf"), "--model_alias", NAME, "--n_ctx", str(CONTEXT)]
    return [str(home / "bin" / "python"), "-m", "llama_cpp.server", *model, "--n_threads", "1", *_where(port)]


def _llama_server(home: Path, folder: Path, port: int) -> list[str]:
    model = ["--model", str(folder / "tiny.gguf"), "--alias", NAME]
    slots = ["-np", "4", "--ctx-size", str(4 * CONTEXT)]  # each slot has a quarter of it
    return [str(home / "bin" / "llama-server"), *model, *slots, "--threads", "1", *_where(port)]


def _transformers(home: Path, folder: Path, port: int) -> list[str]:
    return [
        str(home / "bin" / "transformers"),
        "serve",
        NAME,
        "--device",
        "cpu",
        *_where(port),
    ]  # NAME is a path here


def _litellm(home: Path, folder: Path, port: int) -> list[str]:
    return [str(home / "bin" / "litellm"), "--config", str(folder / "litellm.yaml"), *_where(port)]


def _of_package(name: str) -> Callable[[Path], list[str]]:
    code = f"from importlib.metadata import version; print(version('{name}'))"
    return lambda home: [str(home / "bin" / "python"), "-c", code]


SERVERS = {
    "llama-cpp": Server(_llama_cpp, _of_package("llama-cpp-python")),
    "llama-server": Server(_llama_server, lambda home: [str(home / "bin" / "llama-server"), "--version"]),
    "transformers": Server(_transformers, _of_package("transformers")),
    "litellm": Server(_litellm, _of_package("litellm"), KEY, BUSY),
}


def make(name: str, home: Path, folder: Path) -> None:
    """Write the model of `name` into `folder`, by the Python of its environment."""
    subprocess.run([home / "bin" / "python", "-m", "bench.server_models", name, folder], check=True)
    (folder / "cache" / "hub").mkdir(parents=True)  # without one `transformers serve` cannot list its models


def version(name: str, home: Path) -> str:
    shown = subprocess.run(SERVERS[name].version(home), capture_output=True, text=True, check=True)
    return (shown.stdout or shown.stderr).splitlines()[0].removeprefix("version: ")


def environment(folder: Path) -> dict[str, str]:
    """Nothing is fetched, nothing of the user's cache is listed, one thread."""
    offline = {"HF_HUB_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **offline, "HF_HOME": str(folder / "cache"), "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Reply:
    """status 0: no HTTP answer at all."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def value(self) -> Any:
        """The body as JSON; null where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def choices(self) -> list[dict[str, Any]]:
        value = self.value
        return value.get("choices") or [] if isinstance(value, dict) else []

    @property
    def texts(self) -> list[Any]:
        return [c["text"] if "text" in c else (c.get("message") or {}).get("content") for c in self.choices]

    @property
    def said(self) -> str:
        """`400: the message`, whatever the shape of the error."""
        value = self.value
        error = value.get("error", value) if isinstance(value, dict) else value
        if isinstance(error, dict):
            error = error.get("message") or error.get("detail") or error
        return f"{self.status}: {' '.join(str(error or self.text).split())[:90]}"


@dataclass(frozen=True)
class Endpoint:
    url: str
    model: str
    key: str = "none"
    busy: str | None = None

    def send(self, path: str, body: bytes | None = None, *, patience: float = PATIENCE) -> Reply:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.url}/{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=patience) as answer:
                said = answer.read().decode("utf-8", "replace")
                return Reply(answer.status, said, {k.lower(): v for k, v in answer.headers.items()})
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            return Reply(error.code, said, {k.lower(): v for k, v in error.headers.items()})
        except (OSError, http.client.HTTPException) as error:
            return Reply(0, f"no answer ({error})", {})

    def chat(self, **fields: Any) -> Reply:
        asked = {"messages": [{"role": "user", "content": PROMPT}]}
        return self._ask("chat/completions", asked | fields)

    def complete(self, **fields: Any) -> Reply:
        return self._ask("completions", {"prompt": PROMPT, **fields})

    def _ask(self, path: str, fields: dict[str, Any]) -> Reply:
        patience = fields.pop("patience", PATIENCE)
        usual = {"model": self.model, "max_tokens": 16, "temperature": 0}
        return self.send(path, json.dumps(usual | fields).encode(), patience=patience)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server process that can be killed and started again on the same port."""

    def __init__(self, name: str, home: Path, folder: Path) -> None:
        self.server: Server = SERVERS[name]
        self.folder, self.port = folder, _free_port()
        self.endpoint = Endpoint(f"http://127.0.0.1:{self.port}/v1", NAME, self.server.key, self.server.busy)
        self._command = self.server.command(home, folder, self.port)

    def start(self) -> float:
        """Seconds until it answers."""
        began = time.perf_counter()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, env=environment(self.folder), stdout=log, stderr=log
            )
        while not self.endpoint.send("models").status:
            if self._process.poll() is not None or time.perf_counter() - began > PATIENCE:
                sys.exit(
                    f"{self._command[0]} does not start:\n{(self.folder / 'server.log').read_text()[-3000:]}"
                )
            time.sleep(0.2)
        return time.perf_counter() - began

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


# the model of llama-cpp

WORDS = [a + b for a in "ba de fi go hu ka le mi no pu ra se ti vo".split() for b in "n rt lla sk mo".split()]
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
CHARACTERS = ["▁", "\n", *map(chr, range(33, 127))]
WIDTH, LAYERS, HEADS, INNER = 64, 2, 4, 192
ANCHOR = 4.0  # of the one dimension that is alike for every token: it carries a bias for the head
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # token types of a GGUF

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _vocabulary() -> list[tuple[str, int, float]]:
    """(token, type, bias): words are likely, an end comes every 30 tokens or so, bytes never."""
    ends = {"<|im_end|>": 0.5}
    special = [(token, UNKNOWN if token == "<unk>" else CONTROL, ends.get(token, -20.0)) for token in SPECIAL]
    single_bytes = [(f"<0x{i:02X}>", BYTE, -20.0) for i in range(256)]
    characters = [(c, NORMAL, -2.0) for c in CHARACTERS]
    return special + single_bytes + characters + [("▁" + word, NORMAL, 0.0) for word in WORDS]


def tiny_gguf(path: Path, *, seed: int = 0) -> None:
    """A random Llama with a vocabulary of bytes, characters and 70 words, and ChatML as its template."""
    import gguf

    vocabulary = _vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token for token, _, _ in vocabulary])
    writer.add_token_scores([-float(i) for i in range(len(vocabulary))])
    writer.add_token_types([kind for _, kind, _ in vocabulary])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(SPECIAL.index("<|im_end|>"))
    writer.add_add_bos_token(False)  # as the models with this template
    writer.add_add_space_prefix(False)  # one before "assistant" breaks the grammars of llama-server
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, weights in _weights([bias for _, _, bias in vocabulary], seed=seed).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(biases: list[float], *, seed: int) -> dict[str, Any]:
    """Tensors by name, each (outputs, inputs) float32; no layer writes to dimension 0."""
    import numpy as np

    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> Any:
        return (rng.standard_normal((rows, columns)) / columns**0.5).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    shapes = {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
    shapes |= {f"attn_{part}": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
    tensors = {"output_norm.weight": ones}
    for layer in range(LAYERS):
        tensors |= {f"blk.{layer}.{norm}.weight": ones for norm in ("attn_norm", "ffn_norm")}
        for name, (rows, columns) in shapes.items():
            weights = matrix(rows, columns)
            if name in ("attn_output", "ffn_down"):
                weights[0] = 0
            tensors[f"blk.{layer}.{name}.weight"] = weights
    embedding = rng.standard_normal((len(biases), WIDTH)).astype(np.float32)
    embedding[:, 0] = ANCHOR
    head = matrix(len(biases), WIDTH)
    head[:, 0] = np.array(biases) / (ANCHOR / 1.7)  # after the last norm the anchor is about that
    return tensors | {"token_embd.weight": embedding, "output.weight": head}


# the other two

WRITTEN = {*"ĠĊ", *map(chr, range(33, 127))}  # space, newline and ASCII as a byte-level tokenizer has them


def tiny_transformers(folder: Path, *, seed: int = 0) -> None:
    """The tiny model of this project, drawing as chat models on the hub do (`do_sample`).

    Dimension 0 carries a bias as above, so that it writes ASCII and ends every 40 tokens or so.
    """
    import torch

    from ittools.train.tiny import END, tiny_model, tiny_tokenizer

    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer, seed=seed)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight[0] = layer.mlp.down_proj.weight[0] = 0
        model.model.embed_tokens.weight *= 20  # so that what it says depends on what was said
        model.model.embed_tokens.weight[:, 0] = 2
        model.lm_head.weight *= 5
        model.lm_head.weight[:, 0] = -3
        model.lm_head.weight[[i for t, i in tokenizer.get_vocab().items() if t in WRITTEN], 0] = 0
        model.lm_head.weight[tokenizer.convert_tokens_to_ids(END)] = 0
        model.lm_head.weight[tokenizer.convert_tokens_to_ids(END), 0] = 0.3
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


MOCK = """\
model_list:
  - model_name: {name}
    litellm_params: {{model: openai/{name}, api_key: none, mock_response: "It is a mild day."}}
  - model_name: {busy}
    litellm_params: {{model: openai/{busy}, api_key: none, mock_response: "It is a mild day.", rpm: 2}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0, optional_pre_call_checks: [enforce_model_rate_limits]}}
"""


def write(server: str, folder: Path) -> None:
    """Write what `server` serves into `folder`; needs the libraries of its environment."""
    folder.mkdir(parents=True, exist_ok=True)
    if server == "transformers":
        tiny_transformers(folder / NAME)
    elif server == "litellm":
        (folder / "litellm.yaml").write_text(MOCK.format(name=NAME, busy=BUSY, key=KEY))
    else:
        tiny_gguf(folder / "tiny.gguf")


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
