"""Records: ids from content, text that Arrow can hold, nothing of a row lost."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.records.build import build_record, content_id, content_ids, mend_text, opened_meta, record_batch
from ittools.records.schema import SCHEMA

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)  # lone surrogates among them
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": ANY_TEXT}),
    max_size=3,
)


def test_an_id_is_the_same_on_every_machine() -> None:
    canonical = '["Add.","1 + 1","zwei €",[["user","Hi"]],null]'
    by_hand = hashlib.blake2b(canonical.encode("utf-8"), digest_size=16).hexdigest()
    assert content_id("Add.", "1 + 1", "zwei €", [{"role": "user", "content": "Hi"}]) == by_hand
    assert content_id("Add.", "1 + 1", "2") == "7a60a3c9184b9944a711a72bf334857d"


@given(
    *[st.text()] * 3,
    TURNS.filter(lambda turns: all(t["content"].isascii() for t in turns)),
    st.none() | st.text(),
)
@settings(deadline=None)
def test_an_id_is_over_compact_json(
    instruction: str, input: str, output: str, turns: list[dict[str, str]], rejected: str | None
) -> None:
    content = [instruction, input, output, [[turn["role"], turn["content"]] for turn in turns], rejected]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    by_hand = hashlib.blake2b(canonical, digest_size=16).hexdigest()
    assert content_id(instruction, input, output, turns, rejected) == by_hand


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8") | st.sampled_from('"\\\n\x00\x1f'))] * 3)),
    st.integers(0, 3),
)
@settings(deadline=None)
def test_ids_of_columns_are_those_of_their_records(texts: list[tuple[str, str, str]], first: int) -> None:
    columns = [pa.array([record[i] for record in texts], pa.string())[first:] for i in range(3)]
    assert content_ids(*columns).to_pylist() == [content_id(*record) for record in texts[first:]]


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, TURNS)
@settings(deadline=None)
def test_equal_content_has_equal_id_whatever_its_provenance(
    instruction: str, input: str, output: str, context: list[dict[str, str]]
) -> None:
    one = build_record(instruction, input, output, context=context, source="a", task="t", license="MIT")
    two = build_record(instruction, input, output, context=context, source="b", meta='{"x": 1}')
    assert one["id"] == two["id"]


@pytest.mark.parametrize(
    "other",
    [
        {"instruction": "b"},
        {"input": "b"},
        {"output": "b"},
        {"context": [{"role": "user", "content": "b"}]},
        {"rejected": "b"},
        {"rejected": ""},
    ],
)
def test_any_other_content_has_another_id(other: dict[str, object]) -> None:
    plain = {"instruction": "a", "input": "", "output": "a", "source": "s"}
    assert build_record(**plain)["id"] != build_record(**plain | other)["id"]  # type: ignore[arg-type]


def test_text_that_moves_between_fields_changes_the_id() -> None:
    assert content_id("a", "b", "") != content_id("a", "", "b") != content_id("ab", "", "")


@given(ANY_TEXT, ANY_TEXT, TURNS, ANY_TEXT)
@settings(deadline=None)
def test_every_text_fits_into_arrow(text: str, name: str, context: list[dict[str, str]], meta: str) -> None:
    record = build_record(
        text, text, text, source=name, task=name, license=name, context=context, rejected=text,
        language=name, template=name, generator=name, parents=[name], meta=meta, scores={"a": 1},
    )  # fmt: skip
    batch = record_batch([record])
    assert batch.schema == SCHEMA
    assert batch.to_pylist() == [record]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("plain", "plain"),
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),  # a pair that was torn apart is one character again
        ("\U0001f600\ud83d", "\U0001f600\ufffd"),
    ],
)
def test_lone_surrogates_are_mended(text: str, mended: str) -> None:
    assert mend_text(text) == mended


def test_a_record_says_its_defaults() -> None:
    record = build_record("a", "", "b", source="mine", license="")
    assert (record["task"], record["license"]) == ("mine", "LicenseRef-unspecified")
    assert [name for name in SCHEMA.names if record[name] is None] == [
        "rejected", "language", "template", "generator", "parents", "scores", "meta"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("meta", "opened"),
    [
        (None, {}),
        ("", {}),
        ('{"a": [1]}', {"a": [1]}),
        ("free text", {"meta": "free text"}),
        ("[1, 2]", {"meta": "[1, 2]"}),
        ("[" * 100_000, {"meta": "[" * 100_000}),
    ],
)
def test_meta_opens_to_a_mapping(meta: str | None, opened: dict[str, object]) -> None:
    assert opened_meta(meta) == opened
    json.dumps(opened)
