"""The report page: one HTML file, no network, readable by eye and by keyboard.

Records travel as JSON in the page and are put in as text, never as markup.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ittools.report.charts import bars, histogram, length_edges
from ittools.report.gather import VERBS, Facts, Step

ASSETS = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def page(facts: Facts) -> str:
    """The whole page. Equal facts give equal bytes."""
    style = (ASSETS / "page.css").read_text(encoding="utf-8")
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    sections = [_head(facts), _funnel(facts), _model(facts), _charts(facts), _browser(facts)]
    return "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(facts.title)} · ittools report</title><style>{style}</style></head><body><main>",
        *filter(None, sections),
        f'</main><script type="application/json" id="records">{_json(facts)}</script>',
        f"<script>{script}</script></body></html>", "",
    ])  # fmt: skip


def _json(facts: Facts) -> str:
    value = {"kept": facts.kept, "dropped": facts.dropped, "answers": facts.predictions}
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _head(facts: Facts) -> str:
    last = facts.steps[-1].manifest
    tiles = [("records", f"{facts.records:,}"), ("languages", str(len(facts.facets.get("language", {})))),
             ("sources", str(len(facts.facets.get("source", {})))),
             ("licences", str(len(facts.facets.get("license", {}))))]  # fmt: skip
    if facts.metrics:
        tiles += [("ROUGE-L", f"{facts.metrics['rouge_l']:.3f}"),
                  ("exact match", f"{facts.metrics['exact_match']:.1%}")]  # fmt: skip
    shown = "".join(f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for name, value in tiles)
    return (
        f"<header><h1>{escape(facts.title)}</h1>"
        f"<p>What is in <code>{escape(facts.subject)}</code>, how it came about and what was dropped on the "
        f"way. Written by ittools {escape(last['ittools'])}.</p><ul class='tiles'>{shown}</ul></header>"
    )


def _funnel(facts: Facts) -> str:
    rows = [_funnel_row(step) for step in facts.steps if step.manifest.get("funnel")]
    if not rows:
        return ""
    return (
        "<section><h2>Funnel</h2><p>Each step: what it read, what it dropped and why, what it kept.</p>"
        f"<table class='funnel'><thead><tr><th>step</th><th>in</th><th>out</th><th>kept</th><th>dropped</th>"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></section>"
    )


def _funnel_row(step: Step) -> str:
    funnel: dict[str, Any] = step.manifest["funnel"]
    share = funnel["out"] / funnel["in"] if funnel["in"] else 0.0
    dropped = "".join(
        f"<span class='chip'>{escape(reason)} <b>{count:,}</b></span>"
        for reason, count in funnel["dropped"].items()
    )
    name = step.name if step.name == step.manifest["command"] else f"{step.name} ({step.manifest['command']})"
    return (
        f"<tr><th>{escape(name)}</th><td>{funnel['in']:,}</td><td>{funnel['out']:,}</td>"
        f"<td class='wide'><span class='track'><i style='width:{share:.1%}'></i></span>{share:.0%}</td>"
        f"<td>{dropped or '<span class=none>nothing</span>'}</td></tr>"
    )


def _model(facts: Facts) -> str:
    if not facts.training and not facts.metrics:
        return ""
    parts = []
    if facts.loss_picture:
        picture = f"data:image/png;base64,{facts.loss_picture}"
        parts.append(f"<div><h3>Loss</h3><img alt='loss by step' src='{picture}'></div>")
    if facts.metrics:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{m['records']:,}</td><td>{m['rouge_l']:.3f}</td>"
            f"<td>{m['exact_match']:.1%}</td><td>{m['stopped']:.0%}</td></tr>"
            for name, m in [("all", facts.metrics), *facts.metrics["by_language"].items()]
        )
        parts.append(
            "<div><h3>Held-out split</h3><table><thead><tr><th>language</th><th>records</th><th>ROUGE-L</th>"
            f"<th>exact</th><th>stopped</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    if facts.training:
        t = facts.training
        parts.append(
            f"<div><h3>Training</h3><p>{t['steps']:,} steps, loss {t['first_loss']:.3f} to "
            f"{t['last_loss']:.3f}. {t['trained_tokens']:,} of {t['tokens']:,} tokens carry loss; "
            f"{t['trainable_parameters']:,} of {t['parameters']:,} parameters were tuned.</p></div>"
        )
    return f"<section><h2>Model</h2><div class='grid'>{''.join(parts)}</div></section>"


def _charts(facts: Facts) -> str:
    if not facts.records:
        return ""
    parts = []
    for name, lengths in facts.lengths.items():
        if lengths:
            middle = sorted(lengths)[len(lengths) // 2]
            about = f"characters; median {middle:,}, {len(lengths):,} not empty"
            chart = histogram(lengths, length_edges(lengths))
            parts.append(f"<div><h3>{name.title()} length</h3><p>{about}</p>{chart}</div>")
    if facts.nearest:
        edges = [i / 20 for i in range(21)]
        parts.append(
            "<div><h3>Nearest neighbour</h3><p>ROUGE-L of each instruction to the most similar one before "
            f"it; left is new</p>{histogram(facts.nearest, edges, marks={0.7: 'limit'})}</div>"
        )
    for name, title in (("language", "Languages"), ("source", "Sources"), ("license", "Licences"),
                        ("generator", "Generators")):  # fmt: skip
        parts.append(f"<div><h3>{title}</h3>{bars(facts.facets[name])}</div>")
    verbs = bars(dict(facts.verbs.most_common(VERBS)), most=VERBS, total=facts.records)
    parts.append(
        f"<div><h3>Leading verbs</h3><p>the first word of an instruction, where it is not an article or a "
        f"question word; {len(facts.verbs):,} different ones</p>{verbs}</div>"
    )
    return f"<section><h2>Records</h2><div class='grid'>{''.join(parts)}</div></section>"


def _browser(facts: Facts) -> str:
    buttons = "".join(
        f"<button data-list='{key}' {'aria-pressed=true' if i == 0 else 'aria-pressed=false'}>{label} "
        f"<b>{count:,}</b></button>"
        for i, (key, label, count) in enumerate((
            ("kept", "kept", len(facts.kept)), ("dropped", "dropped", len(facts.dropped)),
            ("answers", "model answers", len(facts.predictions)),
        ))
    )  # fmt: skip
    return (
        "<section id='browse'><h2>Browse</h2><div class='controls'>"
        f"<div role='group' aria-label='list'>{buttons}</div>"
        "<input type='search' id='find' placeholder='find text' aria-label='find text'>"
        "<select id='only' aria-label='filter'></select><span id='found' aria-live='polite'></span></div>"
        "<ol id='list'></ol><div class='controls'><button id='back'>earlier</button>"
        "<button id='more'>later</button></div></section>"
    )
