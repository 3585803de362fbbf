"""Language codes: the primary one, the macrolanguage, and what each backend can answer.

    primary_code("pt-BR") -> "pt"; macro_code("nn") -> "no"; same_language("nb", "Norwegian") -> True

Source: IANA language subtag registry (its `Macrolanguage` and `Preferred-Value` fields, RFC 5646).
"""

from __future__ import annotations

import pyarrow as pa

from ittools.text.languages.names import called

UNDETERMINED = "und"  # no answer; what says nothing (`zxx`, `mul`, "") becomes it too

# What two backends, or two datasets, call by different names. Serbian, Croatian and Bosnian, or Malay and
# Indonesian, stay apart though the registry has a macrolanguage for them: datasets keep them apart.
PREFERRED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "fil": "tl", "ki": "kik"}
_MEMBERS = {
    "no": "nb nn", "ak": "tw fat", "sw": "swh swc", "uz": "uzn uzs", "lv": "lvs ltg", "et": "ekk vro",
    "zh": "cdo cjy cmn cnp cpx csp czh czo gan hak hsn lzh mnp nan wuu yue",
    "ar": "aao abh abv acm acq acw acx acy adf aeb ajp apc apd arb arq ars ary arz auz avl ayh ayl ayn ayp"
          " shu ssh",
    "fa": "pes prs", "sq": "aae aat aln als", "az": "azj azb", "mn": "khk mvf", "ne": "npi dty",
    "or": "ory spv", "ku": "kmr ckb sdh", "mg": "bhr bmm bzc msh plt skg tdx tkg txy xmv xmw",
    "gn": "gnw gug gui gun nhd", "ff": "ffm fub fuc fue fuf fuh fui fuq fuv", "yi": "ydd yih",
    "om": "gax gaz hae orc", "qu": "quz quy quh", "ps": "pbt pbu pst", "ms": "zsm", "gom": "knn",
}  # fmt: skip
MACRO = {code: macro for macro, codes in _MEMBERS.items() for code in codes.split()}

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
    """The code that this project compares: primary, up to date, and of the macrolanguage; names will do.

    >>> [macro_code(code) for code in ("nn", "zh_TW", "yue", "iw", "zxx", "pt-BR", "deu", "German")]
    ["no", "zh", "zh", "he", "und", "pt", "de", "de"]
    """
    primary = called(code)
    primary = PREFERRED.get(primary, primary)
    return MACRO.get(primary, primary)


def macro_codes(codes: pa.Array) -> pa.Array:
    """`macro_code` of each; null stays null."""
    encoded = codes.dictionary_encode()
    return pa.array(map(macro_code, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)


def same_language(one: str, other: str) -> bool:
    """Whether two codes name one language: `nb` and `no`, `iw` and `he`, `zh-TW` and `zh`."""
    return macro_code(one) == macro_code(other)
