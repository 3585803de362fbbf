"""Licences as datasets spell them, as SPDX expressions. Nothing is lost: what has no id keeps its name.

    spdx_of(["CC BY-NC 4.0"])                      -> "CC-BY-NC-4.0"
    spdx_of(["CC BY-SA 4.0", "RACE license"])      -> "CC-BY-SA-4.0 AND LicenseRef-RACE-license"
    spdx_of(["Unknown"])                           -> "LicenseRef-unspecified"

Source of the ids: https://spdx.org/licenses; a version that is not told is not guessed, and a GPL without
"or later" is one without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ittools.records.schema import UNSPECIFIED_LICENSE

UNKNOWN = {"", "-", "n/a", "na", "nan", "none", "null", "tbd", "unknown", "unspecified"}
KNOWN = {
    "afl 3.0": "AFL-3.0", "agpl 3.0": "AGPL-3.0-only", "apache 2.0": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause", "bsd 3-clause": "BSD-3-Clause", "cc0": "CC0-1.0", "cc0 1.0": "CC0-1.0",
    "cc0: public domain": "CC0-1.0", "cdla permissive 1.0": "CDLA-Permissive-1.0",
    "cdla permissive 2.0": "CDLA-Permissive-2.0", "cdla sharing 1.0": "CDLA-Sharing-1.0",
    "gfdl 1.3": "GFDL-1.3-only", "gpl 2.0": "GPL-2.0-only", "gpl 3.0": "GPL-3.0-only",
    "lgpl 3.0": "LGPL-3.0-only", "mit": "MIT", "mpl 2.0": "MPL-2.0", "odbl 1.0": "ODbL-1.0",
    "odc-by 1.0": "ODC-By-1.0", "unlicense": "Unlicense",
}  # fmt: skip
_CREATIVE_COMMONS = r"cc[ -]by((?:[ -](?:nc|nd|sa))*)[ -](\d\.\d)"
_SPDX = r"[A-Za-z0-9.+-]+"  # an id as it is
_SCHEME = r"https?://(?:www\.)?"
_NOT_IN_AN_ID = r"[^A-Za-z0-9.]+"


def spdx_of(names: Iterable[str]) -> str | None:
    """All of them at once, joined by AND, each once; null where none is named."""
    found = list(dict.fromkeys(_one(" ".join(name.split())) for name in names))
    return " AND ".join(found) or None


def _one(name: str) -> str:
    low = name.lower().replace(" license", "").replace(" licence", "").strip()
    if low in UNKNOWN:
        return UNSPECIFIED_LICENSE
    if low in KNOWN:
        return KNOWN[low]
    commons = re.fullmatch(_CREATIVE_COMMONS, low)
    if commons:
        terms = [term for term in ("nc", "nd", "sa") if term in re.split("[ -]", commons[1])]
        return "-".join(["CC-BY", *(term.upper() for term in terms), commons[2]])
    if name.startswith("LicenseRef-") and re.fullmatch(_SPDX, name):
        return name
    known = {spdx.lower(): spdx for spdx in KNOWN.values()}
    return known.get(name.lower()) or _reference(name)


def _reference(name: str) -> str:
    """Letters, digits, `-` and `.` of the whole name, its address with it: two "Dedicated" ones differ."""
    kept = re.sub(_NOT_IN_AN_ID, "-", re.sub(_SCHEME, "", name)).strip("-.")
    return f"LicenseRef-{kept}" if kept else UNSPECIFIED_LICENSE
