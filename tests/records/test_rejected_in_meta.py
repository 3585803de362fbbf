"""The dispreferred output moves into `meta`, whatever stands there already."""

from __future__ import annotations

import json

from ittools.records.build import build_record, record_batch
from ittools.records.messages import messages_batch


def test_half_a_character_in_meta_is_mended_when_the_rejected_output_joins_it() -> None:
    held = json.dumps({"note": "x\ud83dy"})
    record = build_record("q", "", "a", rejected="b", source="s", meta=held)
    (row,) = messages_batch(record_batch([record])).to_pylist()
    assert json.loads(row["meta"]) == {"note": "x\ufffdy", "rejected": "b"}
