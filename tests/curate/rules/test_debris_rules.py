"""Double-encoded letters, HTML, outputs of signs, inputs that spell their absence."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import batch_of, judged

from ittools.curate.filter import FilterOptions, reason
from ittools.curate.rules.debris import double_encoding, garbled
from ittools.curate.rules.no_input import repaired, says_no_input
from ittools.records.build import build_record


def _misread(text: str) -> str:
    """UTF-8 read as cp1252, where it leaves bytes free as latin-1."""
    return "".join(
        bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b)
        for b in text.encode()
    )


@pytest.mark.parametrize(
    "text",
    ["café", "it’s", "£10.5m", "naïve", "“quoted”", "Привет мир", "привет", "你好世界", "日本語",
     "안녕하세요", "Ελλάδα", "שלום", "مرحبا", "👍", "São Paulo", "12 €", "a – b", "NÃO É"],
)  # fmt: skip
def test_utf8_that_was_read_as_cp1252_is_found_and_its_original_is_not(text: str) -> None:
    assert double_encoding(_misread(text)) is not None, _misread(text)
    assert double_encoding(text) is None
    assert judged("mojibake", f"Well, {_misread(text)} indeed")
    assert not judged("mojibake", f"Well, {text} indeed")


@pytest.mark.parametrize(
    "text",
    ["CAFÉ» «MANHÃ»", "São Tomé e Príncipe", "Ü", "â", "Ã", "ÀÉÎÕÜ", "«à»", "É®", "À demain !", "Ö»", "é€",
     "Ç’est", "ÄÖÜ äöü ß", "Điện Biên Phủ", "Žlutý kůň", "ÉTÉ”", "x² ± y³", "50 °C", "¿Qué? ¡Ñandú!"],
)  # fmt: skip
def test_letters_and_signs_that_only_look_so_stay(text: str) -> None:
    assert double_encoding(text) is None


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_ascii_is_never_garbled(text: str) -> None:
    assert garbled(pa.array([text])).tolist() == []


def test_a_lost_character_is_mojibake_unless_the_task_is_about_encodings() -> None:
    assert judged("mojibake", "caf\ufffd")
    assert judged("mojibake", "fine", input="caf\ufffd")
    assert not judged("mojibake", "cafÃ©", "How does UTF-8 look when decoded as latin-1?")


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("Great film.<br /><br />Really.", True),
        ("He said &quot;yes&quot;.", True),
        ("South Africa #39;s best", True),
        ("It&amp;#39;s here", True),
        (" quot;Yes quot; he said", True),
        ("H&amp;M", True),
        ("2 &lt; 3", True),
        ("He is #1; she is #2", False),
        ("Rock & roll; AT&T; R&D", False),
        ("a < b and b > c", False),
        ("issue #39 is open", False),
    ],
)
def test_markup_debris_in_any_field(text: str, dropped: bool) -> None:
    assert judged("markup-debris", text) is dropped
    assert judged("markup-debris", "Good", "Is this review good?", text) is dropped
    assert not judged("markup-debris", text, "Write it as an HTML page.")


@pytest.mark.parametrize(
    ("output", "dropped"),
    [
        ("#$%^&*()!@#$%^&*()!@#$%", True),
        ("。。。！！！？？？。。。！！！？？？。。。！！！", True),
        ("🧙🚪📚🦅⚡🧙🚪📚🦅⚡🧙🚪📚🦅⚡🧙🚪📚🦅⚡", True),
        ("(1/2)x^3 - (1/3)x^2 + 2x - 3 = 0", False),
        ("+", False),
        ("... --- ...", False),  # short
        ("他走到港口，看着船。她也走了，看着海。", False),
        ("def f(x):\n    return {'a': [x ** 2], 'b': (x, x)}", False),
        ("مرحبا، كيف حالك اليوم؟ أنا بخير، شكرا.", False),
    ],
)
def test_outputs_of_hardly_any_letters(output: str, dropped: bool) -> None:
    assert judged("mostly-symbols", output) is dropped
    assert not judged("mostly-symbols", output, "Show an ASCII pattern.")


SPELT = [
    *("<noinput>", "No input", "noinput.", "No Input required.", '"<noinput>"', "< noinput >", "`<noinput>`"),
    *("(noinput)", "\\<noinput\\>", "N/A", "<none>", "<noinputs>", "no_input", "[No Input]", "<noinput>,"),
    *("无输入", "没有输入。", "<无输入>", "&lt;无输入&gt;", "입력 없음", "入力なし"),
    *("Keine Eingabe", "aucune entrée", "sin entrada", "Нет ввода", "girdi yok"),
]
MEANT = [
    *(
        "",
        "None of the students",
        "No lemon",
        "no",
        "none",
        "The <noinput>",
        "[3, 4, <noinput>]",
        "<noinput> 8",
    ),
    *("NA", "No input is ever checked by this function.", "输入", "Input: 5", "The boy <noinput> the ball"),
]


def test_inputs_that_spell_their_absence_in_many_languages() -> None:
    assert says_no_input(pa.array(SPELT)).to_pylist() == [True] * len(SPELT)
    assert says_no_input(pa.array(MEANT)).to_pylist() == [False] * len(MEANT)


def test_a_repaired_record_has_the_id_of_its_content() -> None:
    context = [{"role": "user", "content": "Hi"}]
    batch = batch_of(("Add it.", "<noinput>", "2"), ("Add it.", "1", "2"), context=context, rejected="3")
    mended, count = repaired(batch, FilterOptions(inputs=("x",)))
    wanted = build_record("Add it.", "", "2", source="s", context=context, rejected="3")
    assert count == 1
    assert mended.schema == batch.schema
    assert mended.to_pylist() == [wanted, batch.to_pylist()[1]]
    assert repaired(batch, FilterOptions(inputs=("x",), no_input="keep")) == (batch, 0)


def test_inputs_that_spell_their_absence_may_be_dropped() -> None:
    assert judged("no-input", "2", input="No input", no_input="drop")
    assert not judged("no-input", "2", input="", no_input="drop")
    batch = batch_of(("Add it.", "No input", "2"))
    kept = FilterOptions(inputs=("x",), preset="none", no_input="keep")
    assert reason(batch, options=kept).to_pylist() == [None]
