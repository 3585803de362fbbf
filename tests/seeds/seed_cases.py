"""Test cases, by task name, for the seed tasks whose answer is a program or a pattern."""

from __future__ import annotations

ASSERTS: dict[str, str] = {
    "python_middle_function": (
        "assert middle('') == ''\nassert middle('x') == 'x'\nassert middle('ab') == 'ab'\n"
        "assert middle('otter') == 't'\nassert middle('bridge') == 'id'"
    ),
    "python_fix_average": (
        "assert average([]) is None\nassert average([2, 4]) == 3\nassert average([-1]) == -1"
    ),
    "python_group_initials": (
        "assert by_initial(['eva', 'Bo', '', 'Edda', 'ben'])"
        " == {'E': ['Edda', 'eva'], 'B': ['Bo', 'ben']}\nassert by_initial([]) == {}"
    ),
}
REGEX_CASES: dict[str, tuple[list[str], list[str]]] = {
    "regex_plate_code": (
        ["AB-123", "ZQ-0001"],
        ["A-123", "ab-123", "AB-12", "AB-12345", "AB123", "ABC-123", "AB-123 "],
    ),
}
SQL_CASES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "sql_overdue_loans": (
        (
            "CREATE TABLE loans (id INTEGER, reader TEXT, days_late INTEGER, returned INTEGER);"
            "INSERT INTO loans VALUES (1,'Noor',20,0),(2,'Adil',15,0),(3,'Noor',40,0),"
            "(4,'Vera',14,0),(5,'Finn',90,1);"
        ),
        [("Adil",), ("Noor",)],
    ),
}
