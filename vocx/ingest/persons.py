"""Where a text names persons: by what stands before a name, and by how it looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from vocx.ingest.given_names import likeness

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame lady lord rev reverend sister nurse captain councillor cllr constable sergeant officer judge".split()
)
# Before a name, whatever the name is like.
_TOLD = re.compile(
    r"(?:\b(?:my|his|her|their|the agent'?s|the driver'?s|whose) (?:full |first |last )?name(?: is|'s| was|:)?|\bname(?:'s| is|:)|"
    r"\bnamed|\bspeaking (?:to|with)|\bspoke(?:n)? (?:to|with)|\btalk(?:ed|ing) (?:to|with)|\bchatt(?:ed|ing) (?:to|with)|"
    r"\b(?:served|helped|assisted|seen|treated|dealt with|advised|handled|answered|signed|told|looked after) by|"
    r"\bthrough to|\bask(?:ed)? for|\battn:?|\bfao:?|\bc/o)\s*$",
    re.I,
)
# Before a name, or a day, or a thing.
_SAID = re.compile(
    r"\b(?:it'?s|it is|this is|here is|is that|was that|called|i am|i'm|under|tell|had|gave)\s*$",
    re.I,
)
_CLOSED = re.compile(
    r"\b(?:cheers|regards|sincerely|faithfully|wishes|thanks|thank you|love|yours),?\s*$", re.I
)
# Before a name that is like one.
_HINTED = re.compile(
    r"(?:\b(?:thanks|thank you|thankyou|thx|ta|cheers|regards|wishes|sincerely|faithfully|truly|love|best|dear|hi|hello|hey|"
    r"signed|from|by|with|to|and|for|agent|advisor|adviser|assistant|rep|representative|manager|supervisor|colleague|"
    r"engineer|technician|driver|courier|doctor|nurse|midwife|consultant|surgeon|dentist|physio|waiter|waitress|barista|"
    r"server|bartender|host|hostess|receptionist|cashier|stylist|trainer|teacher|tutor|lecturer|lady|gentleman|guy|man|"
    r"woman|girl|boy|chap|lad|son|daughter|husband|wife|mother|mum|mom|father|dad|brother|sister|friend|partner|fiance|"
    r"fiancee|baby|grandson|granddaughter|nan|grandad|aunt|uncle|cousin|neighbour|neighbor|boss|team|i am|i'm|is|was|"
    r"that|when|because|but|both|through to|it's|its|honestly|seriously|oh|well|so|staff|member|especially|particularly|person)|[,!:;(–—-]|\n)\s*$",
    re.I,
)
_FAMILY = re.compile(
    r"\b(?:son|daughter|husband|wife|mother|mum|mom|father|dad|brother|sister|friend|partner|baby|agent|advisor|adviser|"
    r"manager|driver|engineer|nurse|doctor|waiter|waitress|assistant|colleague|receptionist|midwife|rep|lady called|"
    r"technician|supervisor|representative|server|barista|regards|cheers|sincerely|love|dear|thanks|thank you),?\s*$",
    re.I,
)
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|near|to|from|via|into|outside|around|across|between|of|visit(?:ed|ing)?|flight|fly(?:ing)?|flew|city|"
    r"downtown|central|north|south|east|west|upper|lower|new|san|los|st|port|mount|lake|fort)\s*$",
    re.I,
)
_THING = re.compile(
    r"\b(?:the|a|an|this|these|our|your|new|some|any|no|each|every|more|watch(?:ed|ing)?|play(?:ed|ing)?)\s*$",
    re.I,
)
_NAMED_THING = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|[Mm]y|[Oo]ur|[Yy]our|[Tt]h(?:is|ese)|[Nn]ew|[Tt]wo|[A-Z][a-z]+ (?:&|and)) ([A-Z][a-z]{2,})\b"
    r"|\b([A-Z][a-z]{2,}) (?:Card|Plus|Pro|Club|Rewards|app|App|lamp|table|desk|chair|sofa|bed|kettle|phone|card|account|"
    r"store|shop)\b"
)
_RECURS = 2
_PLACE_AFTER = re.compile(
    r"^[.]?\s*(?:martens?|pepper|oetker|scholl|street|st|road|rd|station|airport|park|avenue|lane|hospital|hotel|inn|branch|store|shop|mall|centre|center|"
    r"bank|university|college|school|city|county|beach|bay|island|bridge|square|terminal|line|branch|office|court|&|and sons|"
    r"'?s secret|malone|ashley|bank|stanley|brothers|ltd|inc|plc|llc)\b",
    re.I,
)
# Names that shops, goods and places have, and words that are names too: of persons only where told.
_OTHERS = frozenset(
    """
    wendy wendys macy macys dell chase tiffany alexa siri cortana bixby lloyds morrisons marks spencer john lewis malone
    ben jerry victoria baker smith calvin klein ralph lauren tommy hilfiger kate spade michael kors hugo boss laura ashley
    charlotte tilbury elizabeth arden johnson jack daniels harry potter mcdonald mcdonalds denny dennys carl papa johns
    trader joe joes lowes kohl kohls dick dicks sainsbury sainsburys levi levis hermes wells fargo merrill morgan stanley
    charles schwab monzo klarna stella louis vuitton christian dior coco chanel jimmy choo tesla mercedes benz audi lexus
    ford chevy bentley aldi lidl argos boots debenhams halifax santander barclays nando nandos greggs costa pret leon
    wagamama jessops holland barrett dunelm wickes homebase hobbycraft superdrug clarks next river zara uniqlo mango
    austin paris london sydney dallas houston madison jackson lincoln chelsea kent florence georgia virginia carolina
    dakota savannah brooklyn phoenix orlando jordan israel china india kenya chad adelaide victoria melbourne geneva milan
    roma verona sofia santiago lima leicester chester lancaster bradford preston stafford warwick regina windsor carlisle
    may april june august summer autumn winter will mark bill rose hope faith grace joy art rich frank grant miles chip drew
    gene jean jack penny ruby amber crystal jade pearl daisy lily ivy hazel heather holly iris violet ginger rusty sandy
    dawn eve star sky misty chase pat sue bob rob nick max ray sunny christian melody harmony destiny trinity angel
    monday tuesday wednesday thursday friday saturday sunday january february march july september october november
    december christmas easter english french german spanish italian dutch polish welsh irish scottish british american
    iphone ipad android windows google amazon netflix apple samsung nike adidas ikea tesco asda ebay paypal visa uber
    facebook instagram twitter whatsapp zoom teams outlook office word excel oyster avios nectar alexas roku sonos
    safari edge chrome opera firefox excel nino iban
    covid nhs gp ups dhl fedex yodel evri dpd bt ee sky virgin vodafone
    """.split()
)
_DOCTORS = frozenset(
    "pepper martens marten oetker scholl scholls who seuss bronner bronners beat dre jart".split()
)
_SURE, _LIKELY, _PERHAPS = 0.85, 0.4, 0.2
_CUES = _TITLES | frozenset(
    "is was name name's name’s named to with by for attn fao o called it's it’s its thx thanks you ty tell ask cheers ex "
    "regards love told hi".split()
)
_SHORT = frozenset("jo al ed mo bo li wu ng xu".split())
_NEVER = frozenset(
    """
    i a the and or but so if it is was are be this that these those he she they we you my your his her their our its not no
    yes ok please thanks thank hi hello hey dear sorry very too just also all any some one two three four five on in at to
    from by with of for as up down out off over under again then than there here when where what who why how which while
    monday customer service team support manager staff agent everyone everybody someone nobody anyone somebody anybody
    sir madam mate guys lady both each every another other others more most much many such only even still yet ever never
    head chief senior general human reception sales care accounts billing technical management somebody them him us me
    """.split()
)


def things_in(texts: Iterable[str]) -> frozenset[str]:
    """Words, lower-cased, that these texts use as names of things: "the Wren", "my Brook", "Fern Card".

    Such a word stands, capitalised, behind an article or the like, or before a common noun for goods,
    in two texts or more; it is then a person's only where that is told.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({w.lower() for pair in _NAMED_THING.findall(text) for w in pair if w})
    return frozenset(w for w, n in counts.items() if n >= _RECURS)


def persons(text: str, things: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """(start, end) of each name of a person in a text, without titles; ``things`` as of `things_in`.

    >>> [ "Mr Okafor rang, then Chloe"[a:b] for a, b in persons("Mr Okafor rang, then Chloe")]
    ['Okafor', 'Chloe']
    >>> persons("Wendy's in Charlotte was closed in May"), persons("Mark my words, the bill was wrong")
    ([], [])
    """
    words = [m for m in _WORD.finditer(text) if text[m.start() - 1 : m.start()] != "["]
    letters = [c for c in text if c.isalpha()]
    shouted = len(letters) > 12 and sum(c.isupper() for c in letters) > 0.7 * len(letters)
    quiet = not any(c.isupper() for c in letters)
    found: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        n = _name_at(text, words, i, shouted, quiet, things)
        if n:
            last = words[i + n - 1]
            end = last.end() - (2 if last.group()[-2:].lower() in ("'s", "’s") else 0)
            found.append((words[i].start(), end))
        i += max(1, n)
    return found


def _name_at(
    text: str,
    words: list[re.Match[str]],
    i: int,
    shouted: bool,
    quiet: bool,
    things: frozenset[str],
) -> int:
    """How many words from the i-th on are a person's name; none: zero."""
    word = words[i].group()
    capital = word[0].isupper()
    if not capital and (i == 0 or words[i - 1].group().lower() not in _CUES):
        return 0  # most words: nothing before them tells of a name
    low = re.sub(r"['’]s$", "", word).lower()
    if low in _NEVER or re.split(r"['’]", low)[0] in _NEVER or len(low) == 1:
        return 0
    if not capital and _lower_cue(text, words[i]):
        return 1
    if not capital and not quiet:
        return 0
    before = text[max(0, words[i].start() - 60) : words[i].start()]
    after = text[words[i].end() : words[i].end() + 20]
    n = 1 + _more(text, words, i, shouted)
    like, other = _like(low), low in _OTHERS or low in things
    if i > 0 and words[i - 1].group().lower() in _TITLES and re.search(r"\w\.? $", before):
        return 0 if low in _DOCTORS else n
    if _announced(before, after, low, like, other, capital, shouted):
        return n
    if shouted:
        return int(like >= _SURE and not other and _SHOUTED.search(before) is not None)
    if quiet or word.isupper() or _THING.search(before) or _PLACE_AFTER.match(after):
        return 0
    if low in things or (other and (word[-2:] in ("'s", "’s") or not _full_name(text, words, i))):
        return 0
    return n if _looks(text, words[i], before, after, like, n) else 0


def _like(low: str) -> float:
    """How surely a lower-cased word is a given name; of two letters only a few are."""
    if len(low) < 2 or (len(low) == 2 and low not in _SHORT):
        return 0.0
    return likeness(low)


def _announced(
    before: str, after: str, low: str, like: float, other: bool, capital: bool, shouted: bool
) -> bool:
    """Whether what stands before a word says that a name follows."""
    common = like < 0.03 and (shouted or not capital)
    if _TOLD.search(before):
        return (capital or like >= _SURE) and not common
    if not capital:
        return False
    if _FAMILY.search(before) and like > 0.1:
        return not common
    if other or shouted:
        return False
    if _SAID.search(before) and like >= _PERHAPS:
        return True
    return _ends(after) and len(low) > 1 and _CLOSED.search(before) is not None


def _looks(text: str, word: re.Match[str], before: str, after: str, like: float, n: int) -> bool:
    """Whether a capitalised word that nothing announced is a name all the same."""
    placed = _PLACE_BEFORE.search(before)
    if n > 1 and like >= _PERHAPS and not placed:
        return True
    if placed and not re.search(r"\b(?:to|from)\s*$", before, re.I):
        return False
    if _starts_sentence(text, word) and not _ends(after):
        return word.group()[-2:] not in ("'s", "’s") and like >= 0.6 and _acts(after)
    hinted = _HINTED.search(before) is not None or _ends(after)
    return like >= (_LIKELY if hinted else _SURE)


def _ends(after: str) -> bool:
    """Whether a line or the text ends behind a word."""
    return re.match(r"\s*(?:$|[\n.!,]\s*(?:$|\n))", after) is not None


_SHOUTED = re.compile(
    r"\b(?:KUDOS TO|THANKS TO|THANK YOU|THANKS|WHERE IS|NAMED|CALLED|SPOKE TO|SPOKE WITH|TALKED TO|MANAGER|AGENT|BY|WITH|ASK FOR)\s*$"
)
_ACTS = re.compile(
    r"(?:,? (?:if you|you |thank|thanks|please)|!!|\s(?:(?:and (?:his|her|the team)|in the|at the|from|on reception)\b|(?:helped|told|said|"
    r"explained|rang|called|promised|listened|apologised|apologized|sorted|answered|assisted|fixed|"
    r"stayed|showed|knew|didn't|couldn't|always|really|who|refused|deserves|saved|"
    r"treated|offered|walked|understood)\b|(?:was|is|were|seemed) (?:so|very|really|"
    r"super|extremely|absolutely|lovely|great|rude|helpful|kind|patient|brilliant|amazing|fantastic|friendly|excellent|"
    r"polite|wonderful|professional|superb|my|our|an?|incredible|awesome|outstanding|fabulous|nice|sweet|attentive|"
    r"courteous|knowledgeable|efficient|honest|the (?:best|only|most|nicest|kindest))\b))"
)


def _lower_cue(text: str, word: re.Match[str]) -> bool:
    """Whether a word that is not capitalised stands where a name was announced."""
    before = text[max(0, word.start() - 40) : word.start()]
    like = likeness(word.group().lower())
    if word.group().lower() in _OTHERS:
        return False
    told = re.search(r"\b(?:my name is|my name's|name is|called|spoke (?:to|with)|talked (?:to|with)|speaking (?:to|with)|mr|mrs|ms|miss|dr)\.? $", before, re.I)  # fmt: skip
    if told:
        return like > _PERHAPS
    hinted = re.search(r"\b(?:its|it's|this is|thx|thanks|thank you|ty|tell|ask|cheers|ex|regards|love|waited (?:\d+ \w+ )?for|named|told|hi)\s$", before, re.I)  # fmt: skip
    return bool(hinted) and like >= _SURE


def _full_name(text: str, words: list[re.Match[str]], i: int) -> bool:
    """Whether a surname follows a word that is a name among others."""
    return _more(text, words, i, False) > 0 and words[i].group().lower() not in (
        "victoria", "morgan", "wells", "laura", "ben", "jo", "calvin", "ralph", "tommy", "kate", "michael", "hugo",
        "jack", "bob", "ruby", "charlotte", "harry", "charles", "louis", "jimmy", "john", "papa", "trader", "marks", "tiffany",
    )  # fmt: skip


def _more(text: str, words: list[re.Match[str]], i: int, shouted: bool) -> int:
    """How many words behind the i-th belong to the same name: capitalised, or an initial."""
    n = 0
    for k in range(i + 1, min(i + 3, len(words))):
        gap = text[words[k - 1].end() : words[k].start()]
        word = words[k].group()
        low = re.sub(r"['’]s$", "", word).lower()
        if not re.fullmatch(r"\.? ", gap) or words[k - 1].group()[-2:].lower() in ("'s", "’s"):
            break
        if (
            ("." in gap and len(words[k - 1].group()) > 1)
            or not word[0].isupper()
            or low in _NEVER
            or shouted
        ):
            break
        if low in _TITLES or low in ("from", "at", "ltd", "inc"):
            break
        n += 1
    return n


def _starts_sentence(text: str, word: re.Match[str]) -> bool:
    before = text[: word.start()].rstrip()
    return not before or before[-1] in '.!?:\n"“(' or text[: word.start()].endswith("\n")


def _acts(after: str) -> bool:
    """Whether what follows is what persons do or are, or the word is called out."""
    return _ACTS.match(after) is not None
