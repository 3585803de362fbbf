"""Licences as SuperNI spells them, 34 ways: no restriction is lost on the way to SPDX."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ittools.formats.license_names import spdx_of

ID = re.compile(r"[A-Za-z0-9.+-]+")


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("CC BY-NC 3.0", "CC-BY-NC-3.0"),
        ("CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0"),
        ("CC BY-NC-ND 4.0", "CC-BY-NC-ND-4.0"),
        ("CC BY-SA", "LicenseRef-CC-BY-SA"),
        ("CC0: Public Domain", "CC0-1.0"),
        ("Public Domain", "LicenseRef-Public-Domain"),
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache", "LicenseRef-Apache"),
        ("MIT", "MIT"),
        ("MIT License", "MIT"),
        ("GPL 3.0", "GPL-3.0-only"),
        ("AFL 3.0", "AFL-3.0"),
        ("CDLA Permissive 2.0", "CDLA-Permissive-2.0"),
        ("RACE license", "LicenseRef-RACE-license"),
        ("Unknown", "LicenseRef-unspecified"),
        ("", "LicenseRef-unspecified"),
        ("©", "LicenseRef-unspecified"),
        ("LicenseRef-ours", "LicenseRef-ours"),
        ("Dedicated License (https://github.com/a/b)", "LicenseRef-Dedicated-License-github.com-a-b"),
    ],
)
def test_a_spelling_has_one_expression(spelt: str, expected: str) -> None:
    assert spdx_of([spelt]) == expected


def test_several_hold_at_once_and_none_is_none() -> None:
    assert spdx_of(["CC BY-SA", "GFDL", "CC BY-SA"]) == "LicenseRef-CC-BY-SA AND LicenseRef-GFDL"
    assert spdx_of(["MIT", "Unknown"]) == "MIT AND LicenseRef-unspecified"
    assert spdx_of([]) is None


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_each_of_several_stays_in_the_expression(names: list[str]) -> None:
    expression = spdx_of(names)
    assert expression is not None
    parts = expression.split(" AND ")
    assert len(set(parts)) == len(parts)
    assert {spdx_of([name]) for name in names} == set(parts)
    assert all(ID.fullmatch(part) for part in parts)


def test_the_spellings_of_214_tasks(shared_data: Path) -> None:
    lines = (shared_data / "licences" / "superni_214_instance_licences.jsonl").read_text("utf-8").splitlines()
    every = [json.loads(line)["Instance License"] for line in lines]
    found = [spdx_of(one) for one in every]
    assert len(found) == 214
    assert Counter(found)["LicenseRef-unspecified"] == 77
    assert sum("-NC-" in str(one) for one in found) == 15
    assert sum(" AND " in str(one) for one in found) == 4
    assert all(ID.fullmatch(part) for one in found for part in str(one).split(" AND "))
    single = {name for one in every for name in one}
    assert len({spdx_of([name]) for name in single}) == len(single)
    for names, expression in zip(every, found, strict=True):
        for term in ("NC", "SA", "ND", "GPL"):
            assert any(term in re.split(r"[ -]", name) for name in names) == bool(
                re.search(rf"\b{term}\b", str(expression))
            )
