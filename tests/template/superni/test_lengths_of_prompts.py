"""Lengths in words and in tokens, and beginnings of so many."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ittools.errors import UsageError
from ittools.template.lengths import ruler, tokenizer_entries


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n", 0),
        ("One, two -- three", 4),
        ("Où est-ce ?", 3),
        ("東京へ行く", 5),
        ("in 東京 now", 4),
        ("ไทย", 3),
        ("한국어 단어", 2),
    ],
)
def test_words_are_runs_or_letters(text: str, words: int) -> None:
    assert ruler(None).counts([text]) == [words]


@given(st.text(st.sampled_from("ab \n東カé\u00a0"), max_size=30), st.integers(0, 12))
def test_a_head_is_the_beginning_of_so_many_words(text: str, most: int) -> None:
    words = ruler(None)
    (count,) = words.counts([text])
    head = words.head(text, most)
    assert text.startswith(head)
    assert words.counts([head]) == [min(count, most)]
    assert head == head.rstrip()


@given(st.lists(st.text(max_size=20), max_size=6))
def test_words_of_pieces_add_up(pieces: list[str]) -> None:
    words = ruler(None)
    assert words.counts(["\n".join(pieces)]) == [sum(words.counts(pieces))]


def test_a_tokenizer_is_an_input_by_its_bytes(tmp_path: Path) -> None:
    from ittools.train.tiny import tiny_tokenizer

    for name in ("one", "two"):
        tiny_tokenizer().save_pretrained(tmp_path / name)
    (one,), (two,) = (tokenizer_entries(str(tmp_path / name)) for name in ("one", "two"))
    assert (one.kind, one.fingerprint) == ("tokenizer", two.fingerprint)
    (tmp_path / "two" / "vocab.txt").write_text("x")
    assert tokenizer_entries(str(tmp_path / "two"))[0].fingerprint != one.fingerprint
    tokens = ruler(str(tmp_path / "one"))
    assert tokens.counts(["abc", "é", ""]) == [3, 2, 0]
    assert (tokens.head("abc", 2), tokens.head("abc", 3), tokens.head("abc", -1)) == ("ab", "abc", "")
    assert tokenizer_entries(None) == ()


def test_an_end_mark_counts_of_a_whole_text_only(tmp_path: Path) -> None:
    from tokenizers import processors

    from ittools.train.tiny import END, tiny_tokenizer

    tokenizer = tiny_tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.convert_tokens_to_ids(END))]
    )
    tokenizer.save_pretrained(tmp_path)
    tokens = ruler(str(tmp_path))
    assert (tokens.counts(["abc"]), tokens.counts(["abc"], whole=False)) == ([4], [3])
    assert [tokens.head("abc", most) for most in (2, 3, 4)] == ["ab", "abc", "abc"]


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="no tokenizer in this folder or of this name"):
        tokenizer_entries(str(tmp_path))
