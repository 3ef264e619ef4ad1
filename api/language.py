"""The language that a caller reads: English unless it prefers Chinese."""

from enum import StrEnum

__all__ = ["Language", "language_of"]


class Language(StrEnum):
    """A language that reasons and titles are written in."""

    EN = "en"
    ZH = "zh"


def language_of(accept_language: str) -> Language:
    """Return the best of the languages that Accept-Language names (RFC 9110, 12.5.4)."""
    best, best_quality = Language.EN, 0.0
    for part in accept_language.split(","):
        tag, _, parameter = part.strip().partition(";")
        quality = _quality(parameter)
        for language in Language:
            if tag.strip().lower().split("-")[0] == language and quality > best_quality:
                best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
