"""A lesson: what a teacher writes above the page, and how a link carries it.

It is plain text of unknown origin. Whoever shows it escapes it.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from unicodedata import category

from pages.ui.text import count

LENGTHS: Mapping[str, int] = {"title": 120, "question": 2_000, "press": 2_000, "answer": 20_000}
"""Characters of each text at most."""
LABELS: Mapping[str, str] = {
    "title": "Title",
    "question": "Question",
    "press": "What to press",
    "answer": "Answer",
}
MAX_LINK_BYTES = 6_000
"""Size of the longest lesson in a link, as UTF-8. Many servers refuse addresses of more than 8 kB,
and the settings need their room too."""
REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that show a text in another order than it has."""


@dataclass(frozen=True)
class Lesson:
    """A lesson. Its texts have no blanks at their ends and no control characters but line breaks.

    Attributes:
        title: its name, on one line.
        question: what there is to find out.
        press: what to do; may be empty.
        answer: what will be seen; shown on demand, may be empty.
    """

    title: str
    question: str
    press: str = ""
    answer: str = ""

    @property
    def num_bytes(self) -> int:
        """Size of all its texts as UTF-8."""
        return sum(len(text.encode()) for text in asdict(self).values())

    @property
    def fits_link(self) -> bool:
        """Whether a link carries it; if not, only an experiment file does."""
        return self.num_bytes <= MAX_LINK_BYTES


def lesson_of(texts: Mapping[str, Any]) -> Lesson:
    """The lesson of these texts, by the names of its attributes.

    Raises:
        ValueError: if one is no text or too long, or if the title or the question is empty; in one
            sentence.
    """
    clean = {}
    for name, longest in LENGTHS.items():
        text = texts.get(name, "")
        if not isinstance(text, str):
            raise ValueError(f"{LABELS[name]} of the lesson is no text.")
        clean[name] = _clean(text)
        if len(clean[name]) > longest:
            raise ValueError(
                f"{LABELS[name]} of the lesson has {count(len(clean[name]))} characters; "
                f"{count(longest)} are the most."
            )
    clean["title"] = " ".join(clean["title"].split())
    if not (clean["title"] and clean["question"]):
        raise ValueError("A lesson needs a title and a question.")
    return Lesson(**clean)


def packed(lesson: Lesson) -> str:
    """A lesson as a parameter of a URL. It cannot be read there, so that it tells no answer."""
    texts = json.dumps([getattr(lesson, one.name) for one in fields(Lesson)], ensure_ascii=False)
    return base64.urlsafe_b64encode(zlib.compress(texts.encode(), 9)).decode().rstrip("=")


def unpacked(text: str) -> Lesson | None:
    """The lesson that `packed` wrote; None if the text is something else."""
    most = 2 * MAX_LINK_BYTES + 100  # JSON writes a quote or a line break as two characters
    try:
        content = base64.urlsafe_b64decode(text[: 2 * most] + "=" * (-len(text) % 4))
        # Bounded, because a few bytes can decompress into gigabytes.
        texts = json.loads(zlib.decompressobj().decompress(content, most))
        if not isinstance(texts, list):
            return None
        lesson = lesson_of(dict(zip(LENGTHS, texts, strict=True)))
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        return None
    return lesson if lesson.fits_link else None


def _clean(text: str) -> str:
    """The text with \\n between its lines, and without what is no character to be read."""
    lines = "\n".join(text.replace("\t", " ").splitlines())
    kept = (c for c in lines if c == "\n" or not (category(c) in ("Cc", "Cs") or c in REORDERING))
    return "".join(kept).strip()
