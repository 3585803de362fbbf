"""Checkers of the kinds about words, tables and rewriting.

CHECKERS["acronym"]("en", {}, "Green River Bank", "GRB")  ->  True
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from itertools import pairwise

from checkers_numbers import Checker, Parameters, says

Rows = list[dict[str, str]]


def count_letter(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == str(len(re.findall(params["letter"], given, re.IGNORECASE)))


def count_words(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == str(given.count(" ") + 1)


def reverse_words(_: str, __: Parameters, given: str, output: str) -> bool:
    return given == " ".join(output.split(" ")[::-1])


def reverse_letters(_: str, __: Parameters, given: str, output: str) -> bool:
    return given == ", ".join(output[::-1].split(" ,")[::-1])


def acronym(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == "".join(filter(str.isupper, given))


def palindrome(language: str, _: Parameters, given: str, output: str) -> bool:
    mirrored = all(given[i] == given[-1 - i] for i in range(len(given) // 2))
    return says(mirrored, language, output)


def anagram(language: str, _: Parameters, given: str, output: str) -> bool:
    left, right = given.split(", ")
    return says(Counter(left) == Counter(right), language, output)


def sort_words(_: str, params: Parameters, given: str, output: str) -> bool:
    words = output.split(", ")
    if params["order"].endswith("A"):
        words = words[::-1]
    rising = all(a.casefold() < b.casefold() for a, b in pairwise(words))
    return rising and Counter(words) == Counter(given.split(", "))


def remove_duplicates(_: str, __: Parameters, given: str, output: str) -> bool:
    words = given.split(", ")
    return output == ", ".join(word for i, word in enumerate(words) if word not in words[:i])


def longest_word(_: str, __: Parameters, given: str, output: str) -> bool:
    *_rest, shorter, longest = sorted(given.split(", "), key=len)
    return len(longest) > len(shorter) and output == longest


def count_word(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == str(Counter(given.split(" "))[params["word"]])


def long_words(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == ", ".join(re.findall(rf"\w{{{int(params['length']) + 1},}}", given))


def initial_check(language: str, params: Parameters, given: str, output: str) -> bool:
    found = re.search(rf"(^|, ){params['letter']}", given, re.IGNORECASE)
    return says(bool(found), language, output)


def _rows(given: str) -> Rows:
    return list(csv.DictReader(io.StringIO(given)))


def column_sum(_: str, params: Parameters, given: str, output: str) -> bool:
    left = int(output) if output.isdigit() and output[0] != "0" else -1
    for row in _rows(given):
        left -= int(row[params["column"]])
    return left == 0


def row_lookup(_: str, params: Parameters, given: str, output: str) -> bool:
    answers = [row[params["column"]] for row in _rows(given) if params["name"] in row.values()]
    return answers == [output]


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in pairs) + "}"


def csv_to_json(_: str, __: Parameters, given: str, output: str) -> bool:
    written = "[" + ", ".join(_object(list(row.items())) for row in _rows(given)) + "]"
    return output == written and json.loads(output) == _rows(given)


def pairs_to_json(_: str, __: Parameters, given: str, output: str) -> bool:
    return output == _object(re.findall(r"(\w+)=([^;]+)", given))


def markdown_table(_: str, __: Parameters, given: str, output: str) -> bool:
    header, rule, *rest = output.split("\n")
    lines = [",".join(line[2:-2].split(" | ")) for line in [header, *rest]]
    framed = all(line[:2] == "| " and line[-2:] == " |" for line in [header, *rest])
    return framed and rule == "| --- | --- | --- | --- |" and "\n".join(lines) == given


def sort_table(_: str, params: Parameters, given: str, output: str) -> bool:
    before, after = given.split("\n"), output.split("\n")
    if after[0] != before[0] or sorted(before) != sorted(after):
        return False
    return all(int(a[params["column"]]) > int(b[params["column"]]) for a, b in pairwise(_rows(output)))


def table_maximum(_: str, params: Parameters, given: str, output: str) -> bool:
    ranked = sorted(_rows(given), key=lambda row: int(row[params["column"]]))
    return output == next(iter(ranked[-1].values()))


def replace_word(_: str, params: Parameters, given: str, output: str) -> bool:
    return output == re.sub(rf"\b{params['old']}\b", params["new"], given)


def name_order(_: str, __: Parameters, given: str, output: str) -> bool:
    return given == re.sub(r"(\w+) (\w+)", r"\2, \1", output)


def bullet_list(_: str, params: Parameters, given: str, output: str) -> bool:
    start = params["mark"] + " "
    lines = output.split("\n")
    whole = all(line.startswith(start) for line in lines)
    return whole and given == ", ".join(line.removeprefix(start) for line in lines)


def date_pattern(_: str, params: Parameters, given: str, output: str) -> bool:
    year, month, day = given.split("-")
    filled = params["pattern"].replace("YYYY", year).replace("MM", month).replace("DD", day)
    return output == filled


def identifier(_: str, params: Parameters, given: str, output: str) -> bool:
    signs = {"hyphens": "-", "underscores": "_", "points": ".", "plus signs": "+", "slashes": "/"}
    return output == given.casefold().replace(" ", signs[params["joiner"]])


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def _index(ordinal: str, words: list[str]) -> int:
    return len(words) - 1 if ordinal == "last" else _ORDINALS.index(ordinal)


def upper_case(_: str, params: Parameters, given: str, output: str) -> bool:
    before, after = given.split(" "), output.split(" ")
    if len(before) != len(after):
        return False
    place = _index(params["place"], before)
    same = all(a == b for i, (a, b) in enumerate(zip(before, after, strict=True)) if i != place)
    return same and after[place].isupper() and after[place].lower() == before[place].lower()


def phone_format(_: str, params: Parameters, given: str, output: str) -> bool:
    digits = iter(given)
    return output == "".join(next(digits) if c.isdigit() else c for c in params["model"])


def choose_plural(_: str, __: Parameters, given: str, output: str) -> bool:
    singular = re.sub(r"\b1 (\w+)/\w+", r"1 \1", given)
    return output == re.sub(r"(\d+) \w+/(\w+)", r"\1 \2", singular)


def swap_words(_: str, params: Parameters, given: str, output: str) -> bool:
    words = output.split(" ")
    one, other = sorted((_index(params["one"], words), _index(params["other"], words)))
    if other >= len(words):
        return False
    back = [*words[:one], words[other], *words[one + 1 : other], words[one], *words[other + 1 :]]
    return " ".join(back) == given


CHECKERS: dict[str, Checker] = {
    check.__name__: check
    for check in (
        count_letter,
        count_words,
        reverse_words,
        reverse_letters,
        acronym,
        palindrome,
        anagram,
        sort_words,
        remove_duplicates,
        longest_word,
        count_word,
        long_words,
        initial_check,
        column_sum,
        row_lookup,
        csv_to_json,
        pairs_to_json,
        markdown_table,
        sort_table,
        table_maximum,
        replace_word,
        name_order,
        bullet_list,
        date_pattern,
        identifier,
        upper_case,
        phone_format,
        choose_plural,
        swap_words,
    )
}
