"""What a template may be made of: everything else is refused when it is read.

The 2,085 public templates of promptsource need 29 kinds of syntax, 27 filters and 16 methods; here stand
those, and what else of Jinja computes text and can do no harm.
"""

from __future__ import annotations

NODES = frozenset(
    """
    Template Output TemplateData Name NSRef Const Getattr Getitem Slice Filter Test Call Keyword
    Assign AssignBlock If For Macro CondExpr Compare Operand And Or Not Neg Pos
    Add Sub Mul Div FloorDiv Mod Pow Concat List Tuple Dict Pair
    """.split()
)
# what these stand for is not allowed
NAMES_OF_JINJA = frozenset({"self", "super", "caller", "cycler", "joiner", "lipsum"})

FILTERS = frozenset(
    """
    abs batch capitalize center choice count d default dictsort first float format groupby highlight indent
    int items join last length list lower map max min most_frequent random reject rejectattr replace reverse
    round select selectattr slice sort string sum title trim truncate unique upper wordcount
    """.split()
)
TESTS = frozenset(
    """
    boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan
    lower lt mapping ne none number odd sameas sequence string true undefined upper == != > >= < <=
    """.split()
)
GLOBALS = frozenset({"range", "zip", "dict", "namespace"})

METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        """
        capitalize casefold center count endswith find format index isalnum isalpha isascii isdecimal isdigit
        islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix removesuffix
        replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title
        upper zfill
        """.split()
    ),
    list: frozenset("append clear copy count extend index insert pop remove reverse sort".split()),
    dict: frozenset("clear copy get items keys pop setdefault update values".split()),
    tuple: frozenset({"count", "index"}),
}
MUTATING = frozenset("append clear extend insert pop remove reverse sort setdefault update".split())
LOOP = frozenset(
    """
    index index0 revindex revindex0 first last length depth depth0 previtem nextitem cycle changed
    """.split()
)
DATES = frozenset("year month day hour minute second microsecond isoformat weekday isoweekday".split())
