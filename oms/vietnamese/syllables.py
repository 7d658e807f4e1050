"""Which written syllables Vietnamese can have at all.

The set is finite: onset, rhyme and tone follow spelling rules. So a page can be judged without knowing what
it says, and a misread word can be told from a real one. Knows no dictionary: `nghuyễn` is refused because no
rule writes it, `nguyển` is accepted although no word is spelled so.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from oms.vietnamese.text import TONES, nfc, tone_place

_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_RHYMES = """
    a ac ach ai am an ang anh ao ap at au ay
    ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oc oi om on ong oong ooc op ot ô ôc ôi ôm ôn ông ôông ôôc ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut uôc uôi uôm uôn uông uôt
    ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt oe oem oen oeng oeo oet
    uân uâng uât uâc uây uê uêch uên uênh uêt uêu uơ uơi uơn uy uya uych uyn uynh uyp uyt uyu uyên uyêt
    y yêm yên yêng yêt yêu
    """
_GLIDES = ("oa", "oă", "oe", "uâ", "uê", "uơ", "uy")
_Y_ONSETS = frozenset(("", "d", "h", "k", "l", "m", "n", "s", "t", "th", "v"))
"""Onsets that are also written with y for i: Lý, Mỹ, Kỳ, Sỹ, Thy, Vy."""
_FRONT = frozenset("iyeê")
_PLAIN_ONLY = frozenset(("c", "g", "ng"))
_FRONT_ONLY = frozenset(("k", "gh", "ngh"))
_LABIALS = frozenset(("b", "m", "ph", "v", "p"))
_STOPS = ("c", "ch", "p", "t")
_VOWELS = frozenset("aăâeêioôơuưy")


def is_syllable(word: str) -> bool:
    """Whether `word` is one possible Vietnamese syllable, in any case and with either tone placement."""
    return nfc(word).lower() in all_syllables()


def syllable_share(words: Iterable[str]) -> float:
    """Share (0 to 1) of possible syllables among the words that have a letter; 0 without any such word."""
    known = all_syllables()
    lettered = [word for word in (nfc(word).lower() for word in words) if any(map(str.isalpha, word))]
    if not lettered:
        return 0.0
    return sum(word in known for word in lettered) / len(lettered)


@cache
def all_syllables() -> frozenset[str]:
    """Every written form by rule, lower case, NFC, both tone placements."""
    return frozenset(
        form for onset in ("", *_ONSETS.split()) for rhyme in _RHYMES.split() for form in _write(onset, rhyme)
    )


def _write(onset: str, rhyme: str) -> Iterator[str]:
    """The toned forms of one onset with one rhyme, none when they do not go together."""
    joined = _join(onset, rhyme)
    if joined is None:
        return
    head, rhyme = joined
    size = next((place for place, letter in enumerate(rhyme) if letter not in _VOWELS), len(rhyme))
    vowels, coda = rhyme[:size], rhyme[size:]
    if coda not in _STOPS:
        yield head + rhyme  # with a stop at the end a syllable always has a written tone
    places = {tone_place(vowels, closed=bool(coda))}
    if not coda and vowels in ("oa", "oe", "uy"):
        places = {0, 1}
    for tone in "\u0301\u0323" if coda in _STOPS else TONES:
        for place in places:
            yield head + unicodedata.normalize("NFC", vowels[: place + 1] + tone + vowels[place + 1 :]) + coda


def _join(onset: str, rhyme: str) -> tuple[str, str] | None:
    """What is written before the toned part, and the toned part; None when spelling forbids the pair."""
    if onset == "qu":
        return _join_qu(rhyme)
    if onset == "gi":
        return _join_gi(rhyme)
    front = rhyme[0] in _FRONT
    if (onset in _PLAIN_ONLY and front) or (onset in _FRONT_ONLY and not front):
        return None
    if onset in _LABIALS and rhyme.startswith(_GLIDES) and rhyme not in ("oa", "oan", "oe", "uy", "uynh", "uyt"):
        return None  # loan words only: voan, phuy, toa, buýt
    if rhyme[0] == "y":
        allowed = onset in _Y_ONSETS if rhyme == "y" else onset == ""
    else:
        allowed = onset != "" or not rhyme.startswith("iê")  # alone it is written yê
    return (onset, rhyme) if allowed else None


def _join_qu(rhyme: str) -> tuple[str, str] | None:
    if rhyme.startswith(_GLIDES):
        rest = rhyme[1:]  # the glide is the u of qu: quên, quyết, quang
        return None if rest in ("o", "u") else ("qu", rest)
    if rhyme in ("a", "i", "it", "in", "inh", "iu", "ôc", "y"):
        return "qu", rhyme
    return None


def _join_gi(rhyme: str) -> tuple[str, str] | None:
    if rhyme.startswith(_GLIDES) or rhyme[0] == "y" or rhyme == "ia":
        return None
    if rhyme[0] == "i":
        return "g", rhyme  # one i is written once: gì, giếng
    return "gi", rhyme
