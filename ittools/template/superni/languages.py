"""The language of a task's records, found in its texts; what a file declares is often that of its origin.

declared English, all texts in Finnish -> "fi"; declared English, outputs are numbers -> "en"
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa

from ittools.formats.superni import TaskFile
from ittools.records.build import mend_text
from ittools.text.language import UNDETERMINED, identify, same_language

TEXTS = 200  # instances that are looked at
PASSAGE = 300  # characters: texts are joined up to here, for labels and names say nothing alone
AGREE = 0.8  # of the passages, for a language to be believed
NAMES = {
    "Afrikaans": "af", "Akan": "ak", "Albanian": "sq", "Amharic": "am", "Arabic": "ar", "Assamese": "as",
    "Azerbaijani": "az", "Basque": "eu", "Bengali": "bn", "Bosnian": "bs", "Bulgarian": "bg",
    "Burmese": "my", "Catalan": "ca", "Cebuano": "ceb", "Central Khmer": "km", "Chinese": "zh",
    "Croatian": "hr", "Czech": "cs", "Danish": "da", "Dutch": "nl", "English": "en", "Esperanto": "eo",
    "Estonian": "et", "Farsi": "fa", "Filipino": "fil", "Finnish": "fi", "French": "fr", "Galician": "gl",
    "Georgian": "ka", "German": "de", "Greek": "el", "Gujarati": "gu", "Haitian": "ht", "Hausa": "ha",
    "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu", "Icelandic": "is", "Igbo": "ig", "Indonesian": "id",
    "Irish": "ga", "Italian": "it", "Japanese": "ja", "Javanese": "jv", "Kannada": "kn", "Kazakh": "kk",
    "Khmer": "km", "Kinyarwanda": "rw", "Korean": "ko", "Kurdish": "ku", "Lao": "lo", "Latvian": "lv",
    "Lithuanian": "lt", "Macedonian": "mk", "Malagasy": "mg", "Malay": "ms", "Malayalam": "ml",
    "Maltese": "mt", "Marathi": "mr", "Mongolian": "mn", "Nepali": "ne", "Norwegian": "no", "Oriya": "or",
    "Panjabi": "pa", "Pashto": "ps", "Persian": "fa", "Polish": "pl", "Portuguese": "pt", "Punjabi": "pa",
    "Romanian": "ro", "Russian": "ru", "Serbian": "sr", "Sindhi": "sd", "Sinhala": "si", "Slovak": "sk",
    "Slovenian": "sl", "Somali": "so", "Spanish": "es", "Sundanese": "su", "Swahili": "sw",
    "Swedish": "sv", "Tagalog": "tl", "Tajik": "tg", "Tamil": "ta", "Telugu": "te", "Thai": "th",
    "Turkish": "tr", "Ukrainian": "uk", "Urdu": "ur", "Uzbek": "uz", "Vietnamese": "vi", "Welsh": "cy",
    "Xhosa": "xh", "Yoruba": "yo", "Zulu": "zu",
}  # fmt: skip


def language_of(task: TaskFile) -> tuple[str | None, dict[str, list[str]]]:
    """(language of the outputs, else of the definition; declarations that texts contradict).

    What cannot be told from texts is what the file declares, unless its other texts belie it.
    """
    found = {
        "input": _found(one.input for one in task.instances),
        "instruction": _found([task.definition]),
        "output": _found(one.outputs[0] for one in task.instances if one.outputs),
    }
    wrong = {
        part: list(names)
        for part, names in task.declared.items()
        if found[part] is not None and not _among(found[part], names)
    }
    declared = next(iter(task.declared.get("output", ())), None)
    stated = None if "input" in wrong or "instruction" in wrong else NAMES.get(declared or "")
    return found["output"] or stated or found["instruction"], wrong


def _among(code: str | None, names: Iterable[str]) -> bool:
    """Whether a language is declared; what is no language of people, such as Code, is not contradicted."""
    codes = [NAMES.get(name) for name in names]
    return None in codes or any(code and known and same_language(code, known) for known in codes)


def _found(texts: Iterable[str]) -> str | None:
    passages = list(_passages(islice(dict.fromkeys(texts), TEXTS)))
    codes = identify(pa.array(list(map(mend_text, passages)), pa.string()))[0].to_pylist()
    if not codes:
        return None
    (most, count), *_ = Counter(codes).most_common(1)
    return None if most == UNDETERMINED or count < AGREE * len(codes) else str(most)


def _passages(texts: Iterable[str]) -> Iterator[str]:
    """Texts joined; a rest that is short goes to the last one."""
    passage, before = "", ""
    for text in texts:
        passage += text.strip() + "\n"
        if len(passage) >= PASSAGE:
            if before:
                yield before
            before, passage = passage, ""
    if before or passage:
        yield before + passage
