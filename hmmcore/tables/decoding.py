"""From the bytes of a file to its text."""

from __future__ import annotations

import re

MAX_FILE_BYTES = 25 * 2**20

SIGNATURES = (
    (b"\x89PNG", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"%PDF", "a PDF document", ""),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "in Excel, File, Save As, CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "in Excel, File, Save As, CSV UTF-8"),
    (b"\x1f\x8b", "a compressed file", "unpack it, and bring what is inside"),
)
PARQUET = b"PAR1"
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class TableError(ValueError):
    """One sentence on what is wrong with a file, where, and what would be right.

    It quotes the file, so it must be escaped before it is shown as Markdown or HTML.
    """


def too_large(size: int) -> str:
    """The sentence on a file of too many bytes."""
    return f"The file has {size / 2**20:.1f} MB; at most {MAX_FILE_BYTES // 2**20} MB can be read."


def file_text(content: bytes | str) -> str:
    """The text of a file: UTF-8, UTF-16 with a byte order mark, or else Windows-1252.

    Line ends become "\\n".

    Raises:
        TableError: if the file is too large or not text.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > MAX_FILE_BYTES:
        raise TableError(too_large(len(content)))
    for signature, kind, advice in SIGNATURES:
        if content.startswith(signature):
            how = (
                f"save the data as CSV first ({advice})" if advice else "save the data as CSV first"
            )
            raise TableError(f"The file is {kind}, not text; {how}.")
    text = _decoded(content)
    if CONTROL.search(text):
        raise TableError("The file is not text; save the data as CSV first.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes) -> str:
    try:
        is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252.
        return content.decode("latin-1")
