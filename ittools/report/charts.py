"""Small charts as HTML and SVG text; every label escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, FOOT = 360, 120, 18  # of a histogram, in SVG units


def bars(counts: Mapping[str, int], *, most: int = 12, total: int | None = None) -> str:
    """Horizontal bars, largest first; what does not fit is one bar "others". Shares are of `total`."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, rest = ranked[:most], ranked[most:]
    if rest:
        shown.append((f"{len(rest)} others", sum(count for _, count in rest)))
    total, top = total or sum(counts.values()) or 1, max((count for _, count in shown), default=1)
    rows = [
        f'<div class="bar"><span class="name" title="{escape(name)}">{escape(name)}</span>'
        f'<span class="track"><i style="width:{100 * count / top:.1f}%"></i></span>'
        f'<span class="count">{count:,}</span><span class="share">{count / total:.0%}</span></div>'
        for name, count in shown
    ]
    return "".join(rows) or '<p class="none">nothing to show</p>'


def histogram(
    values: Sequence[float], edges: Sequence[float], *, marks: Mapping[float, str] | None = None
) -> str:
    """Counts between edges (the last bin closed) as SVG; `marks` are labelled lines."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[_bin(value, edges)] += 1
    top, step = max(counts, default=0) or 1, WIDTH / max(1, len(counts))
    pieces = [
        f'<rect x="{i * step + 1:.1f}" y="{HEIGHT - HEIGHT * c / top:.1f}" width="{step - 2:.1f}" '
        f'height="{HEIGHT * c / top:.1f}"><title>{edges[i]:g} to {edges[i + 1]:g}: {c:,}</title></rect>'
        for i, c in enumerate(counts)
    ]
    for value, label in (marks or {}).items():
        x = WIDTH * (value - edges[0]) / (edges[-1] - edges[0])
        pieces.append(f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{HEIGHT}"/>')
        pieces.append(f'<text x="{x + 4:.1f}" y="10">{escape(label)}</text>')
    for edge in (edges[0], edges[len(edges) // 2], edges[-1]):
        place = edges.index(edge) * step
        anchor = "start" if edge == edges[0] else "end" if edge == edges[-1] else "middle"
        pieces.append(f'<text x="{place:.1f}" y="{HEIGHT + FOOT - 4}" text-anchor="{anchor}">{edge:g}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{len(values):,} values">'
        + "".join(pieces)
        + "</svg>"
    )


def _bin(value: float, edges: Sequence[float]) -> int:
    for number in range(len(edges) - 2):
        if value < edges[number + 1]:
            return number
    return len(edges) - 2


def length_edges(values: Sequence[int]) -> list[float]:
    """Twenty-four equal bins up to the 98th percentile, rounded up to a plain number."""
    ranked = sorted(values)
    high = ranked[int(0.98 * (len(ranked) - 1))] if ranked else 1
    unit = 10 ** max(0, len(str(max(1, high))) - 2)
    top = max(24, -(-max(1, high) // (12 * unit)) * 12 * unit)
    return [top * i / 24 for i in range(25)]
