"""How hard a text is to read: the Flesch-Kincaid grade, with syllables counted by pyphen."""

import re

import pyphen

HYPHENATION = pyphen.Pyphen(lang="en_US")


def grade(text: str) -> float:
    """School year (American) that a text needs; a reader's age is about five more. Source: Kincaid et al., 1975."""
    sentences = [part for part in re.split(r"[.?\n]+", text) if re.search(r"\w", part)]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    """The larger of two counts, since hyphenation never leaves a lone letter and so misses some syllables."""
    sounded = re.sub(r"(?<=[^aeioudty])e[ds]?$", "", word.casefold())
    return max(len(HYPHENATION.positions(word)) + 1, len(re.findall(r"[aeiouy]+", sounded)))
