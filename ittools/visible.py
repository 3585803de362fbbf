"""Text of strangers made safe for a terminal: control, format and surrogate characters shown.

visible("a\\x1b[31mb") -> "a␛[31mb"
"""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def visible(text: str, *, keep_newlines: bool = False) -> str:
    """C0 controls as their pictures, everything else that is invisible as `<U+202E>`."""
    return "".join(_shown(c, keep_newlines) for c in text)


def escaped(json_text: str) -> str:
    """JSON in which such characters are escapes: the same value when it is read."""
    return "".join(_json_escape(c) if c >= "\x7f" and _shown(c, True) != c else c for c in json_text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _shown(character: str, keep_newlines: bool) -> str:
    if character == "\n" and keep_newlines:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code >= 0x7F and unicodedata.category(character) in _HIDDEN and character != "\u200d":
        return "␡" if code == 0x7F else f"<U+{code:04X}>"
    return character
