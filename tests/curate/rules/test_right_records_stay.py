"""Records that look like what a rule drops and are right, beside those that are not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import batch_of, judged

from ittools.curate.filter import FilterOptions, reason
from ittools.curate.rules.debris import double_encoding

PROGRAM = "What does this program print when it is run?"


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("No output, because the list is empty.", False),
        ("No output. The loop body never runs.", False),
        ("No output: `x` is None, and the branch is skipped.", False),
        ("No output (the list is empty)", False),
        ("No output is required here, because print is never called.", False),
        ("No output required: the function only sets a state", False),
        ("No output: the instruction `pass` does nothing.", False),
        ("<no output> is printed where the list is empty", False),
        ("No output", True),
        ("No output is required.", True),
        ("(No output needed)", True),
        ("<No output. The task requires a poster, not text.>", True),
        ("<nooutput> - Cannot develop an algorithm by a language model.", True),
        ("<nooutput> This type of instruction cannot be fulfilled by a GPT model.", True),
        ("No Output, GPT model cannot create visuals.", True),
        ("No output possible, this type of instruction is not suitable for a GPT language model.", True),
    ],
)
def test_an_answer_that_says_why_nothing_is_printed_is_one(output: str, dropped: bool) -> None:
    assert judged("empty-output", output, PROGRAM) is dropped


@pytest.mark.parametrize(
    "text",
    ["VEJO VOCÊ AMANHÃ… ATÉ LOGO", "ATÉ AMANHÃ—DISSE ELA", "ATÉ AMANHÃ – DISSE ELA", "AMANHÃ– HOJE",
     "TÔI ĐÃ… KHÔNG BIẾT", "TÔI ĐÃ\u00a0KHÔNG BIẾT", "AMANHÃ\u00a0", "«AMANHû", "AMANHÃ”, DISSE", "MAÇÃ®"],
)  # fmt: skip
def test_a_word_in_capitals_may_end_before_a_sign(text: str) -> None:
    assert double_encoding(text) is None
    assert not judged("mojibake", text)


@pytest.mark.parametrize(
    "text",
    ["it Ã¢â‚¬â„¢s", "cafÃ©", "3 Ã— 4", "3Ã—4", "KÃ–LN", "HÃ…KON", "CÃ”TE", "LÃ\u00a0-bas", "VoilÃ\u00a0",
     "NASAÂ\u00a0is", "BRANDÂ®"],
)  # fmt: skip
def test_capitals_that_were_read_wrongly_are_found(text: str) -> None:
    assert double_encoding(text) is not None
    assert judged("mojibake", text)


@pytest.mark.parametrize(
    ("instruction", "word", "dropped"),
    [
        ("इस कमी को दूर करो", "कम", False),
        ("इसे कम करो अभी", "कम", True),
        ("एक हिन्दीभाषी से पूछो", "हिन्दी", False),
        ("इसे हिन्दी में लिखो", "हिन्दी", True),
        ("Visit the cafe\u0301, please", "cafe", False),
        ("Visit the cafe\u0301, please", "café", True),
        ("Visit the café, please", "cafe\u0301", True),
        ("Be nai\u0308ve about it", "naïve", True),
        ("Find x\u0302 in it", "x", False),  # no letter of its own
        ("ฉันต้องการน้ำแข็ง", "น้ำ", True),  # written without spaces
    ],
)
def test_a_mark_belongs_to_its_word(instruction: str, word: str, dropped: bool) -> None:
    given = FilterOptions(inputs=("x",), preset="none", blacklist=(word,))
    found = reason(batch_of((instruction, "", "fine")), options=given).to_pylist()
    assert found == ["blacklisted" if dropped else None]


@given(
    st.text("aéकमी\u0301\u093f ", min_size=1, max_size=6).filter(str.strip),
    st.text("ab éकी\u0301", max_size=12),
)
def test_a_blacklist_sees_no_difference_between_forms_of_unicode(word: str, text: str) -> None:
    found = set()
    for form in ("NFC", "NFD"):
        listed = FilterOptions(inputs=("x",), preset="none", blacklist=(unicodedata.normalize(form, word),))
        for other in ("NFC", "NFD"):
            batch = batch_of((unicodedata.normalize(other, text), "", "fine"))
            found |= set(reason(batch, options=listed).to_pylist())
    assert len(found) == 1


@pytest.mark.parametrize("nothing", ["\u200b", "\ufeff", "\u00ad", "\u2060 \n\u200d", "\ufe0f\u3000"])
def test_invisible_characters_are_no_text(nothing: str) -> None:
    assert judged("empty-output", nothing)
    assert judged("empty-instruction", "fine", nothing)
    usual = FilterOptions(inputs=("x",))
    assert reason(batch_of((nothing, "", "fine")), options=usual).to_pylist() == ["empty-instruction"]
    assert judged("output-echoes-input", f"{nothing}It is so.", input="It is so.")
