"""Why a file cannot be opened."""

from __future__ import annotations


class FileRefused(ValueError):
    """One sentence that says why a file cannot be opened."""

    @classmethod
    def damaged(cls, error: Exception, what: str = "experiment file") -> FileRefused:
        """The refusal of a file whose content raised an error."""
        if isinstance(error, KeyError):
            return cls(f"The {what} is damaged: it has no {error.args[0]}.")
        text = str(error)
        is_sentence = text.endswith(".") and isinstance(error, ValueError)
        return cls(f"The {what} is damaged: {text if is_sentence else 'a part is malformed.'}")
