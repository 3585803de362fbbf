"""Independent answers for the seed tasks that carry a `check` key.

Every function takes the task, the input and the stored output of one instance,
works the answer out anew and says whether the stored output is right.
"""

from __future__ import annotations

import calendar
import csv
import io
import json
import math
import re
import sqlite3
import statistics
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NotRequired, TypedDict

from seed_cases import ASSERTS, REGEX_CASES, SQL_CASES


class Instance(TypedDict):
    input: str
    output: str


class Task(TypedDict):
    id: str
    name: str
    instruction: str
    instances: list[Instance]
    is_classification: bool
    language: str
    category: str
    license: str
    author: str
    check: NotRequired[str]


Check = Callable[[Task, str, str], bool]

NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "dozen": 12}
ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
MONTHS = [month.lower() for month in calendar.month_abbr]
IDENTIFIER_STYLES = {
    "camelCase": r"[a-z]+(?:[A-Z][a-z]*)+",
    "PascalCase": r"(?:[A-Z][a-z]*){2,}",
    "snake_case": r"[a-z]+(?:_[a-z]+)+",
    "kebab-case": r"[a-z]+(?:-[a-z]+)+",
}


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def first_number(text: str) -> int:
    return int(numbers(text)[0])


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-X", "utf8", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


def same_number(output: str, expected: float) -> bool:
    return math.isclose(float(output), expected, abs_tol=1e-9)


# Numbers


def check_sum(task: Task, given: str, output: str) -> bool:
    return same_number(output, sum(numbers(given)))


def check_sum_products(task: Task, given: str, output: str) -> bool:
    pairs = re.findall(r"(\d+) x (\d+)", given)
    return same_number(output, sum(int(count) * int(price) for count, price in pairs))


def check_mean(task: Task, given: str, output: str) -> bool:
    return same_number(output, statistics.mean(numbers(given)))


def check_median(task: Task, given: str, output: str) -> bool:
    return same_number(output, statistics.median(numbers(given)))


def check_discount(task: Task, given: str, output: str) -> bool:
    price, percent = numbers(given)
    return same_number(output, price - price * percent / 100)


def check_unit(task: Task, given: str, output: str) -> bool:
    return same_number(output, float(given) * 9 / 5 + 32)


def check_gcd(task: Task, given: str, output: str) -> bool:
    sides = [int(number) for number in numbers(given)]
    return output == f"{math.gcd(*sides)} cm"


def check_binary(task: Task, given: str, output: str) -> bool:
    return set(output) <= {"0", "1"} and output[0] == "1" and int(output, 2) == int(given)


def check_divisible(task: Task, given: str, output: str) -> bool:
    divides = int(given) % first_number(task["instruction"]) == 0
    return output == ("yes" if divides else "no")


def check_parity(task: Task, given: str, output: str) -> bool:
    return output == ("odd" if sum(numbers(given)) % 2 else "even")


def check_triangle(task: Task, given: str, output: str) -> bool:
    short, middle, long = sorted(numbers(given))
    return output == ("possible" if short + middle > long else "impossible")


def check_thousands(task: Task, given: str, output: str) -> bool:
    return output == f"{int(given):,}"


def check_sorted_desc(task: Task, given: str, output: str) -> bool:
    return numbers(output) == sorted(numbers(given), reverse=True)


def check_isbn(task: Task, given: str, output: str) -> bool:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(given))
    return len(given) == 13 and output == ("valid" if total % 10 == 0 else "invalid")


def roman_value(numeral: str) -> int:
    values = [ROMAN_DIGITS[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-one if one < after else one for one, after in zip(values, following, strict=True))


def check_roman(task: Task, given: str, output: str) -> bool:
    numeral, number = (output, given) if given.isdigit() else (given, output)
    canonical = r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})"
    return bool(re.fullmatch(canonical, numeral)) and roman_value(numeral) == int(number)


# Dates and times


def check_date_diff(task: Task, given: str, output: str) -> bool:
    start, end = (date.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", given))
    return int(output) == (end - start).days


def check_leap_year(task: Task, given: str, output: str) -> bool:
    return output == ("leap" if calendar.isleap(int(given)) else "common")


def check_weekday(task: Task, given: str, output: str) -> bool:
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return output == names[date.fromisoformat(given).weekday()]


def check_iso_date(task: Task, given: str, output: str) -> bool:
    month = next(MONTHS.index(word[:3].lower()) for word in re.findall(r"[A-Z][a-z]+", given))
    day, year = sorted(int(number) for number in re.findall(r"\d+", given))
    return date.fromisoformat(output) == date(year, month, day)


def check_dmy_iso(task: Task, given: str, output: str) -> bool:
    return output == datetime.strptime(given, "%d/%m/%Y").date().isoformat()


def check_ymd_iso(task: Task, given: str, output: str) -> bool:
    year, month, day = (int(number) for number in re.findall(r"\d+", given))
    return output == date(year, month, day).isoformat()


def check_time_add(task: Task, given: str, output: str) -> bool:
    clock, minutes = given.split(" + ")
    arrival = datetime.strptime(clock, "%H:%M") + timedelta(minutes=int(minutes))
    return output == arrival.strftime("%H:%M")


def check_overlap(task: Task, given: str, output: str) -> bool:
    start_a, end_a, start_b, end_b = re.findall(r"\d\d:\d\d", given)
    return output == ("possible" if max(start_a, start_b) < min(end_a, end_b) else "impossible")


# Words and letters


def check_max_words(task: Task, given: str, output: str) -> bool:
    found = re.search(r"(under )?(\d+) words", task["instruction"])
    assert found, f"{task['id']}: the instruction names no limit of words"
    return len(output.split()) <= int(found[2]) - bool(found[1])


def check_word_count(task: Task, given: str, output: str) -> bool:
    return int(output) == len(re.findall(r"\w+", given))


def check_char_count(task: Task, given: str, output: str) -> bool:
    return int(output) == len(re.findall(r"[\u4e00-\u9fff]", given))


def check_vowel_count(task: Task, given: str, output: str) -> bool:
    return int(output) == sum(given.lower().count(vowel) for vowel in "aeiou")


def check_anagram(task: Task, given: str, output: str) -> bool:
    one, other = given.split(" / ")
    return output == ("anagram" if sorted(one) == sorted(other) else "different")


def check_reverse_words(task: Task, given: str, output: str) -> bool:
    return output.split(" ") == given.split(" ")[::-1]


def check_sorted_words(task: Task, given: str, output: str) -> bool:
    return items(output) == sorted(items(given), key=str.casefold)


def check_dedupe(task: Task, given: str, output: str) -> bool:
    return items(output) == list(dict.fromkeys(items(given)))


def check_tally(task: Task, given: str, output: str) -> bool:
    counted = sorted(Counter(given.split()).items())
    return output == "\n".join(f"{word}: {count}" for word, count in counted)


def check_lipogram(task: Task, given: str, output: str) -> bool:
    found = re.search(r"letter (\w)\b", task["instruction"])
    assert found, f"{task['id']}: the instruction names no letter"
    return found[1] not in output.lower() and len(output.split()) >= 8


def check_acrostic(task: Task, given: str, output: str) -> bool:
    return "".join(line[0] for line in output.splitlines()) == given


def check_pangram(task: Task, given: str, output: str) -> bool:
    complete = set(string.ascii_lowercase) <= set(given.lower())
    return output == ("pangram" if complete else "incomplete")


def check_caesar(task: Task, given: str, output: str) -> bool:
    shift, letters = first_number(task["instruction"]), string.ascii_lowercase
    return output == given.translate(str.maketrans(letters, letters[shift:] + letters[:shift]))


def check_shorter(task: Task, given: str, output: str) -> bool:
    sizes = {line[0]: len(line[2:].split()) for line in given.splitlines()}
    return output == min(sizes, key=lambda label: sizes[label])


def check_kebab_upper(task: Task, given: str, output: str) -> bool:
    return output == "-".join(given.split()).upper()


def check_snake_case(task: Task, given: str, output: str) -> bool:
    return items(output) == [name.lower().replace(" ", "_") for name in items(given)]


def check_identifier_case(task: Task, given: str, output: str) -> bool:
    fitting = [name for name, form in IDENTIFIER_STYLES.items() if re.fullmatch(form, given)]
    return fitting == [output]


def check_vowel_harmony(task: Task, given: str, output: str) -> bool:
    last = [letter for letter in given if letter in "aıoueiöü"][-1]
    return output == ("-lar" if last in "aıou" else "-ler")


def check_josa(task: Task, given: str, output: str) -> bool:
    has_final = (ord(given[-1]) - 0xAC00) % 28 != 0
    return output == ("은" if has_final else "는")


def check_choseong(task: Task, given: str, output: str) -> bool:
    initials = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
    return output == "".join(initials[(ord(letter) - 0xAC00) // 588] for letter in given)


def check_mora_count(task: Task, given: str, output: str) -> bool:
    return int(output) == len(re.findall(r"[\u3041-\u3096](?<![ゃゅょ])", given))


# Extraction and formats


def check_emails(task: Task, given: str, output: str) -> bool:
    return output.splitlines() == re.findall(r"[\w.]+@\w+(?:\.\w+)+", given)


def check_amounts(task: Task, given: str, output: str) -> bool:
    return output.splitlines() == re.findall(r"£\d+(?:,\d{3})*", given)


def check_digits(task: Task, given: str, output: str) -> bool:
    return output == "".join(letter for letter in given if letter in string.digits)


def check_error_lines(task: Task, given: str, output: str) -> bool:
    return output.splitlines() == [line for line in given.splitlines() if "ERROR" in line.split()]


def check_json_from_csv(task: Task, given: str, output: str) -> bool:
    return bool(json.loads(output) == list(csv.DictReader(io.StringIO(given))))


def check_csv_from_json(task: Task, given: str, output: str) -> bool:
    rows = [{key: str(value) for key, value in row.items()} for row in json.loads(given)]
    return list(csv.DictReader(io.StringIO(output))) == rows


def check_json_valid(task: Task, given: str, output: str) -> bool:
    record = json.loads(output)
    words = re.findall(r"\w+", given)
    counts = [int(w) if w.isdigit() else NUMBER_WORDS.get(w, 1) for w in words]
    texts = [value for value in record.values() if isinstance(value, str)]
    keys_named = all(re.search(rf"\b{key}\b", task["instruction"]) for key in record)
    return keys_named and record["quantity"] == math.prod(counts) and all(t in given for t in texts)


def check_json_label(task: Task, given: str, output: str) -> bool:
    try:
        json.loads(given)
    except json.JSONDecodeError:
        return output == "broken"
    return output == "valid"


def check_markdown_table(task: Task, given: str, output: str) -> bool:
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in output.splitlines()]
    wanted = [tuple(item.split(" ", 1)) for item in items(given)]
    return rows == [("Ingredient", "Amount"), ("---", "---"), *wanted]


# Programs


def check_python_output(task: Task, given: str, output: str) -> bool:
    done = run_python(given)
    return done.returncode == 0 and done.stdout.rstrip("\n") == output


def check_python_asserts(task: Task, given: str, output: str) -> bool:
    return run_python(f"{output}\n{ASSERTS[task['name']]}").returncode == 0


def check_python_exception(task: Task, given: str, output: str) -> bool:
    trace = run_python(given).stderr.strip().splitlines()
    return bool(trace) and trace[-1].split(":")[0] == output


def check_regex(task: Task, given: str, output: str) -> bool:
    good, bad = REGEX_CASES[task["name"]]
    matches = [bool(re.fullmatch(output, text)) for text in good + bad]
    return matches == [True] * len(good) + [False] * len(bad)


def check_sql(task: Task, given: str, output: str) -> bool:
    setup, expected = SQL_CASES[task["name"]]
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(setup)
        return connection.execute(output).fetchall() == expected
    finally:
        connection.close()


CHECKS: dict[str, Check] = {
    name.removeprefix("check_").replace("_", "-"): function
    for name, function in list(globals().items())
    if name.startswith("check_") and callable(function)
}
