"""Language codes: the primary one, the macrolanguage, and what each backend can answer.

    primary_code("pt-BR") -> "pt"; macro_code("nn") -> "no"; same_language("nb", "no-NO") -> True

Source: IANA language subtag registry (its `Macrolanguage` and `Preferred-Value` fields, RFC 5646).
"""

from __future__ import annotations

import pyarrow as pa

UNDETERMINED = "und"  # no answer; `zxx` (not a language) becomes it too

# What two backends, or two datasets, call by different names. Serbian, Croatian and Bosnian, or Malay and
# Indonesian, stay apart though the registry has a macrolanguage for them: datasets keep them apart.
PREFERRED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "fil": "tl", "zxx": UNDETERMINED}
MACRO = {
    "nb": "no", "nn": "no",  # Bokmål, Nynorsk
    "cmn": "zh", "yue": "zh", "wuu": "zh", "nan": "zh", "hak": "zh", "gan": "zh", "hsn": "zh", "lzh": "zh",
    "arb": "ar", "ary": "ar", "arz": "ar", "apc": "ar", "ajp": "ar", "acm": "ar", "aeb": "ar",
    "pes": "fa", "prs": "fa", "uzn": "uz", "uzs": "uz", "lvs": "lv", "ltg": "lv", "ekk": "et",
    "als": "sq", "azj": "az", "azb": "az", "khk": "mn", "swh": "sw", "npi": "ne", "ory": "or",
    "kmr": "ku", "ckb": "ku", "sdh": "ku", "plt": "mg", "gug": "gn", "fuv": "ff", "ydd": "yi",
    "gaz": "om", "quz": "qu", "pbt": "ps", "zsm": "ms",
}  # fmt: skip

# py3langid 0.4: reading the model for its labels takes 0.7 s. Ids of languages are facts, not text.
FAST = frozenset(
    "ace af am an ar as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa ff fi fo "
    "fr fy ga gcf gcr gd gl gn gom grc gu guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km "
    "kn ko ku ky la lb lg lij ln lo lt lv mg mk ml mn mr ms mt my ne nl no nso oc om or pa pcm pl ps pt qu "
    "ro ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz vec vi vo wa xh yo zh "
    "zu".split()
)
LINGUA = frozenset(
    "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gu he hi hr hu hy id is it ja ka kk "
    "ko la lg lt lv mi mk mn mr ms nl no pa pl pt ro ru sk sl sn so sq sr st sv sw ta te th tl tn tr ts uk "
    "ur vi xh yo zh zu".split()
)


def primary_code(code: str) -> str:
    """`pt-BR` -> `pt`, in lower case."""
    return code.split("-", maxsplit=1)[0].lower()


def macro_code(code: str) -> str:
    """The code that this project compares: primary, up to date, and of the macrolanguage.

    >>> [macro_code(code) for code in ("nn", "zh-TW", "yue", "iw", "zxx", "pt-BR")]
    ["no", "zh", "zh", "he", "und", "pt"]
    """
    primary = primary_code(code)
    primary = PREFERRED.get(primary, primary)
    return MACRO.get(primary, primary)


def macro_codes(codes: pa.Array) -> pa.Array:
    """`macro_code` of each; null stays null."""
    encoded = codes.dictionary_encode()
    return pa.array(map(macro_code, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)


def same_language(one: str, other: str) -> bool:
    """Whether two codes name one language: `nb` and `no`, `iw` and `he`, `zh-TW` and `zh`."""
    return macro_code(one) == macro_code(other)
