from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ittools.template.flan.library import FOLDER
from ittools.template.flan.listing import LAYOUTS, NAMES, listed, shuffled, starts, ways

OPTIONS = ("World", "Sports", "Business", "Sci/Tech")


def test_there_are_as_many_ways_as_in_flan() -> None:
    """16 starts x 87 item names x 3 layouts, and no two look alike."""
    assert (len(starts("en")), NAMES, LAYOUTS, ways("en")) == (16, 87, 3, 4_176)
    shown = Counter(listed(OPTIONS, "en", way)[0] for way in range(ways("en")))
    assert len(shown) >= 4_000  # without a start two layouts are the same


def test_some_ways_by_hand() -> None:
    found = {listed(("no", "yes"), "en", way)[0] for way in range(ways("en"))}
    assert "OPTIONS:\n- no\n- yes" in found
    assert "Pick one:\n(a) no\n(b) yes" in found
    assert "Choices: 1) no; 2) yes" in found
    assert "Choose from:\n\nII. yes" not in found
    assert "I. no\nII. yes" in found
    assert "no\nyes" in found


@given(st.integers(2, 90), st.integers(0, 10**6))
def test_names_tell_items_apart_and_stand_before_them(count: int, draw: int) -> None:
    options = tuple(f"«{n}»" for n in range(count))
    text, names = listed(options, "en", draw % ways("en"))
    at = -1
    for option in options:
        assert text.index(option) > at
        at = text.index(option)
    assert names == () or len(set(names)) == count
    rest = text
    for name, option in zip(names, options, strict=False):
        before, found, rest = rest.partition(option)
        assert found
        assert name in before


@given(st.integers(1, 90), st.integers(0, 2**64 - 1))
def test_an_order_loses_nothing_and_is_the_same_again(count: int, draw: int) -> None:
    found = shuffled(count, draw)
    assert sorted(found) == list(range(count))
    assert found == shuffled(count, draw)


def test_starts_are_in_the_language_of_the_template() -> None:
    assert "Optionen:" in starts("de")
    assert "選択肢：" in starts("ja")
    assert starts("de-AT") == starts("de")
    assert starts("xx") == ("",)


@given(
    st.lists(st.sampled_from(["1", "2", "4", "A", "b", " I ", "iv", "no", "a text of some length"]),
             min_size=1, max_size=9, unique=True),
    st.integers(0, 10**6),
)  # fmt: skip
def test_no_name_is_the_text_of_an_option(options: list[str], draw: int) -> None:
    text, names = listed(tuple(options), "en", draw % ways("en"))
    assert not {name.casefold() for name in names} & {one.strip().casefold() for one in options}
    assert len(names) in (0, len(options))
    assert all(option in text for option in options)


def test_other_names_are_found_for_options_that_are_numbers() -> None:
    """Number, letter and roman names alike name most lists; only those by number go elsewhere."""
    named = [listed(("2", "4", "6", "10"), "en", way)[1] for way in range(ways("en"))]
    assert ("1", "2", "3", "4") not in named
    assert {names[:2] for names in named} == {(), ("A", "B"), ("a", "b"), ("I", "II"), ("i", "ii")}
    assert sum(map(bool, named)) == ways("en") * 70 // 87


def test_where_all_names_are_texts_there_are_bullets() -> None:
    options = ("A", "1", "I")
    assert {listed(options, "en", way)[1] for way in range(ways("en"))} == {()}


def test_the_docs_tell_how_many_starts_there_are() -> None:
    text = (Path(__file__).parents[3] / "docs" / "template" / "flan.md").read_text(encoding="utf-8")
    others = {len(starts(path.name.split(".")[1])) for path in FOLDER.glob("nli.*.yaml")} - {16}
    assert f"{len(starts('en'))} starts x {NAMES} item names x {LAYOUTS} layouts in English" in text
    assert f"{min(others)} or {max(others)} starts in other languages" in text.replace("\n", " ")
