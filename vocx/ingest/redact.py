"""Masks of personal data in text, put on before anything is stored: what has a pattern, then names.

Presidio's recognisers were measured beside these: with its phone recogniser a text takes forty times as
long, numbers that are not in use are not found, and its e-mail recogniser asks the network for a list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from vocx.ingest.persons import persons

_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}(?:[ -]?(?=[A-Z]*\d)[A-Z0-9]{4}){1,6}(?:[ -]?(?=[A-Z]*\d)[A-Z0-9]{1,3})?\b",
    re.I,
)
_PHONE = re.compile(
    r"(?<![\w.,/#-])(?:"
    r"\+\d{1,3}(?:[ .()/-]{0,3}\d){6,12}"  # international
    r"|00\d{2}(?:[ .()/-]{0,3}\d){7,12}"
    r"|\(0?\d{2,5}\)(?:[ .-]?\d){5,9}"
    r"|0\d{1,5}(?:(?:[ ./-]|[ ]?\()?\d\)?){5,10}"  # national, with a trunk zero
    r"|(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}"  # North America
    r")(?:,? ?(?:ext\.?|extension|x) ?\d{1,6})?(?![\w-]|\.\d)"
)
_SPOKEN_PHONE = re.compile(
    r"(?:\b(?:phone|mobile|cell|tel|telephone|number|no|ring|call|text|reach|whatsapp|contact)\b[\w ':.,]{0,24}?)"
    r"(?<![\w.,/#-])(\d(?:[ .-]?\d){6,11})(?![\w-]|\.\d)",
    re.I,
)
_DIGIT_WORD = r"(?:oh|zero|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_WORDED_PHONE = re.compile(rf"\b{_DIGIT_WORD}(?:[ ,.-]{{1,3}}{_DIGIT_WORD}){{6,14}}\b", re.I)
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+'-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b"
    r"|\b[\w.]+(?: (?:dot|underscore|dash) \w+)* at \w+ dot (?:com|net|org|co dot uk|co|uk|edu|io|me)\b",
    re.I,
)
_IP = re.compile(
    r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}(?![\w:])",
    re.I,
)
_VERSION = re.compile(
    r"(?:\b(?:version|ver|v|build|firmware|release|update|ios|android|app|software|driver)\W{0,3}(?:\w+\W{1,2})?)$",
    re.I,
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_NINO = re.compile(
    r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
    re.I,
)
_CUED_ID = re.compile(
    r"\b(?:ssn|social security|national insurance|ni number|nino|nhs (?:number|no)|passport|driving licence|"
    r"driver'?s license)\b[\w ':.#,]{0,20}?(?<![A-Z0-9])([A-Z]{0,5}\d(?:[ -]?[A-Z]{0,2}\d){3,12}[A-Z0-9]{0,4})\b",
    re.I,
)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+", re.I)
_LONG_URL = 500  # characters of a link that is taken to hold something secret
_SECRET = re.compile(
    r"[?&#;/](?:[\w.-]*(?:token|session|sess|sid|auth|key|secret|email|e-mail|user|uid|account|acct|customer|cust|member|"
    r"code|pwd|pass|signature|sig|otp|jwt|phone|ref|id))=[^&\s]+|@|%40|/[A-Za-z0-9_-]*(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{16,}",
    re.I,
)
_ORDER = re.compile(
    r"\b(?:orders?|booking|reservation|e?-?tickets?|account|acct|a/c|policy|customer|client|member(?:ship)?|loyalty|tracking|"
    r"trace|consignment|shipment|parcel|reference|ref|case|claim|invoice|confirmation|complaint|incident|quote|contract|"
    r"subscription|application|pnr|locator|serial|card|job|docket|rma|returns?|repair|voucher|receipt|transaction|payment|"
    r"loan|mortgage|charge|penalty|fine|enquiry|inquiry|log|request|meter|imei|po|delivery|package|dispatch|agreement|mandate|sort code|gift card|chat|call|ppid|mpan|mprn|uprn|vin|reg|sticker|voucher|coupon|promo)\b"
    r"(?:[ ]?(?:number|num|no|nr|nbr|id|ref|reference|code|label|note)\b)?"
    r"(?:[ .:#=-]{0,3}(?:is|was|being|it'?s|of mine|under|with|as|says|ending(?: in)?|(?:\w+ ){1,4}(?:is|was)|i have is|you gave me(?: is| was)?)?[ .:#=(\[,-]{0,3})"
    r"(?=[A-Z/-]{0,9}\d)([A-Z0-9]+(?:[/-][A-Z0-9]+|\.[A-Z0-9]+(?=\.[A-Z0-9])|(?<=\.\d{3})\.\d+|(?<=\.\d{4})\.\d+|(?<=\.\d{5})\.[A-Z0-9]+)*(?: (?=[A-Z]{0,3}\d)[A-Z0-9]{2,7}){0,4})(?![\w%])(?!\.\d)",
    re.I,
)
_PREFIXED = re.compile(  # letters, then groups of figures: "HOM 7733910", "RA 553-918-207", "MPAN 1900 0912 3347 81"
    r"(?<![\w/.-])((?!(?:GBP|USD|EUR|INR|AUD|CAD|AED|RS|ISBN|ISO|EAN|UPC|SKU|PM|AM|BST|GMT|UTC)\b)[A-Z]{2,5}[ -]?\d{2,4}(?:[ -]\d{3,7})+(?:[ -]?\d?[A-Z]{1,2})?|[A-Z]{2,4} \d{6,12}|[A-Z]{2}\d{4}(?: \d{4}){1,4})(?![\w%-])"
)
_LOCATOR = re.compile(  # of six letters and figures, as airlines and hotels give them
    r"\b(?i:conf|booking|reservation|pnr|locator|confirmation|reference|ref|ticket|order)\b(?i: (?:number|no|code|ref|reference))?"
    r"(?i:[ .:#-]{0,3}(?:is|was)?[ .:#(-]{0,3})((?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,8})\b"
)
_LETTERED = re.compile(  # of letters alone
    r"\b(?i:booking|reservation|pnr|locator|confirmation|voucher|reference|ref|ticket|order)\b(?i: (?:number|no|code|ref|reference|locator))?"
    r"(?i:[ .:#-]{0,3}(?:is|was)?[ .:#('\"-]{0,3})([B-DF-HJ-NP-TV-Z]{5,8}|(?=[A-Z]*[QXZJKVW])[A-Z]{6})\b"
)
_LETTERS_FIRST = re.compile(
    r"\b([A-Z]{6}) (?i:(?:is|was) (?:my|the|our) (?:locator|pnr|booking|reservation|confirmation|record))"
)
_SAID_AFTER = re.compile(
    r"(?<![\w/-])((?=[A-Z/-]*\d)[A-Z0-9]+(?:[/-][A-Z0-9]+)*)(?:,| -|:)? (?:is|was|being|that'?s|as) (?:my|the|our|an?)(?: \w+)? "
    r"(?:order|booking|reservation|account|policy|customer|membership|tracking|reference|ref|case|claim|ticket|invoice|"
    r"confirmation|complaint|incident|job|serial)\b",
    re.I,
)
_BARE_ORDER = re.compile(
    r"(?<![\w./-])(?:#\d{4,}|[A-Z]{1,2}\d{7,12}|[A-Z]{2,4}\d{5,12}|(?:[a-z]{2}\d{7,12})|\d{16,26}|(?!(?:19|20)\d{6}\b)\d{8,15}[A-Z]?"
    r"|[A-Z]{1,5}[/-]\d{4,}(?:[/-][A-Za-z0-9]+)*|\d{3}-\d{7}-\d{7}|1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}"
    r"|\d{4}(?: \d{4}){2,5}(?: \d{2})?|[A-Z]{2,4}\d{6,12}(?:/\d{1,3})?"
    r"|(?=(?:[\w-]*?\d){4})(?=[\d-]*[A-Za-z])(?![\w-]*[A-Za-z]{3})[A-Za-z0-9]{1,4}(?:-[A-Za-z0-9]{2,4}){2}|(?=(?:[A-Z]*\d){7})(?=\d*[A-Z])[A-Z0-9]{12,24}"
    r"|(?=[\w-]*\d[\w-]*\d)(?=[\d-]*[A-Z])[A-Z0-9]{2,4}(?:-[A-Z0-9]{3,4}){2,4}|\d[a-z]{2}(?:-(?=[a-z]*\d)[a-z0-9]{3}){2,4})(?![\w/-]|\.\d)"
)
_ANOTHER = re.compile(r"\[ORDER\](?:,| and| or| &) ((?=[A-Z-]{0,5}\d)[A-Z0-9-]{5,20})\b", re.I)
_DATE = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?[ ./-](?:of )?(?:\d{1,2}|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|"
    r"nov\w*|dec\w*),?[ ./-]\d{2,4}|(?:jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*) "
    r"\d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{4}-\d{2}-\d{2})"
)
_DOB = re.compile(
    rf"\b(?:born|d\.?o\.?b\.?|date of birth|birth ?dates?|birthday|b\.)\b[\w ':,.(-]{{0,24}}?({_DATE})",
    re.I,
)
_STREET = (
    r"(?:street|st|road|rd|avenue|ave|av|lane|ln|drive|dr|close|court|ct|way|place|pl|crescent|cres|terrace|gardens|gdns|"
    r"boulevard|blvd|square|sq|grove|hill|mews|parade|park|row|walk|highway|hwy|parkway|pkwy|circle|cir|trail|trl|loop|"
    r"green|rise|view|vale|wharf|quay|broadway|turnpike|pike|alley|path|bank|chase|croft|fold|drove|gate|cl|brae|wynd|"
    r"hollow|mansions|dene|glebe|strand|esplanade|promenade|plaza|crossing|bend|ridge|run|camino|calle)"
)
_POSTCODE = r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})"
_ZIP = r"(?:[A-Z]{2}|[A-Z][a-z]+)[ ,]{1,2}\d{5}(?:-\d{4})?"
_UNIT = r"(?:(?i:flat|apt|apartment|unit|suite|ste|room|bldg|building|floor|#)\.? ?\w{1,5})"
_TOWN = r"(?:[A-Z][a-z'’]+|[A-Z]{3,})(?:[ -](?:on|upon|under|in|le|the|by|[A-Z][a-z'’]+))*"
_STATE = r"[A-Z]{2}\b|Texas|Ohio|California|Florida|Oregon|Georgia|Virginia|Arizona|Colorado|Michigan|Illinois"
_TAIL = (
    rf"(?:[ ,\n]{{1,3}}(?:{_POSTCODE}|{_ZIP}|\d{{5}}(?:-\d{{4}})?\b)|[,\n] ?\n?{_UNIT}|,[ \n]*{_TOWN}(?=[ ,.;\n)!?]|$)"
    rf"|, (?:{_STATE})|[ \n]{_TOWN}(?=[ ,\n]{{1,3}}(?:{_POSTCODE}|{_ZIP}|{_STATE})))"
)
_HOUSE = rf"(?:{_UNIT}[ ,]{{1,2}})?(?:(?:[A-Z][\w'’]+ ){{1,2}}House, )?(?<![\w£$€.,-])\d{{1,5}}[A-Za-z]?,? "
_ADDRESS = re.compile(
    rf"{_HOUSE}(?:[NSEW]\.? |North |South |East |West )?"
    rf"(?:(?:[\w'’.-]+ ){{1,3}}(?i:{_STREET})\b\.?|Broadway\b)(?: \d{{1,3}}\b)?(?: [NSEW]{{1,2}}\b)?(?: {_UNIT})?{_TAIL}{{0,6}}"
    rf"|{_HOUSE}(?:[A-Z][\w'’.-]*|y|the|of|on|del|de|la)(?: (?:[A-Z][\w'’.-]*|y|the|of|on|del|de|la)){{0,5}}"
    rf"(?:,[ \n]*(?:{_UNIT}|{_TOWN})){{0,4}}[ ,\n]{{1,3}}(?:{_POSTCODE}|{_ZIP})"
    rf"|\b[Pp]\.?[Oo]\.? [Bb]ox \d+{_TAIL}{{0,4}}"
    rf"|\b{_POSTCODE}\b"
)
_LOWER_ADDRESS = re.compile(
    rf"(?:{_UNIT},? )?(?<![\w£$€.,/-])\d{{1,5}}[a-z]? (?:[a-z0-9'-]+ ){{1,3}}{_STREET}\b"
    rf"(?:,? (?:[a-z]+,? ){{0,3}}(?:[a-z]{{1,2}}\d[a-z\d]? ?\d[a-z]{{2}}\b|[a-z]{{2}},? \d{{5}}\b))?",
)
_STREET_WORD = re.compile(rf"\b{_STREET}\b|box \d|\b{_POSTCODE}\b", re.I)
_ZIPPED = re.compile(_ZIP)
_NOT_STREETS = re.compile(
    r"\b(?:in|of|to|the|a|for|and|or|per|from|that|this|my|your|our|is|was|minutes?|hours?|days?|weeks?|months?|years?|"
    r"miles?|times?|people|items?|stars?|pounds?|dollars?|different|more|other|out|too|any|no|by|half|way|people)\b",
    re.I,
)


def _luhn(digits: str) -> bool:
    """Whether digits carry a valid card check digit (ISO/IEC 7812-1)."""
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def _is_card(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    isbn = len(digits) == 13 and digits[:3] in ("978", "979")
    return len(digits) >= 13 and _luhn(digits) and not isbn and len(set(digits)) > 1


def _is_iban(found: str) -> bool:
    """Whether check digits are right (ISO 13616, mod 97)."""
    plain = re.sub(r"[ -]", "", found).upper()
    if not 15 <= len(plain) <= 34:
        return False
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


_DATED = re.compile(r"\d{1,2}([./ -])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}")


def _is_phone(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    if _DATED.fullmatch(found):
        return False
    return 7 <= len(digits) <= 15 and len(set(digits)) > 1 and digits[:3] not in ("978", "979")


def _tells(url: str) -> bool:
    """Whether a link holds a token, a session, an address or an account."""
    return len(url) > _LONG_URL or bool(_SECRET.search(url.split("://")[-1]))


def _is_number(found: str) -> bool:
    """Whether what stands behind "order" or "account" is long enough to be its number, and no year."""
    plain = re.sub(r"\W", "", found)
    digits = sum(c.isdigit() for c in plain)
    return (
        digits >= 3
        and len(plain) >= 4
        and not re.fullmatch(r"(?:19|20)\d\d|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}", found)
    )


def _is_address(found: str) -> bool:
    if re.search(rf"(?:{_POSTCODE}|{_ZIP})$", found) or "box" in found.lower()[:9]:
        return True
    street = re.match(rf".*?\b{_STREET}\b", found, re.I | re.S)
    words = street.group() if street else found.split(",")[0]
    return not _NOT_STREETS.search(
        re.sub(r"^\W*(?:flat|apt|unit)?\s?\w+", "", words, count=1, flags=re.I)
    )


class _Masks:
    """Puts masks on one text, and counts them."""

    def __init__(self, text: str, counts: Counter[str]):
        self.text = text
        self.counts = counts

    def put(
        self,
        kind: str,
        pattern: re.Pattern[str],
        holds: Callable[[str], bool] | None = None,
        group: int = 0,
        after: Callable[[str], bool] | None = None,
    ) -> None:
        """Mask what a pattern finds and a check confirms; of a pattern with a cue, the group alone.

        ``after`` is asked of what stands before a match.
        """

        def masked(match: re.Match[str]) -> str:
            found = match.group(group)
            before = match.string[max(0, match.start(group) - 40) : match.start(group)]
            if (holds and not holds(found)) or (after and after(before)):
                return match.group()
            self.counts[kind] += 1
            whole, start = match.group(), match.start(group) - match.start()
            return f"{whole[:start]}[{kind}]{whole[start + len(found) :]}"

        self.text = pattern.sub(masked, self.text)


def redact(
    text: str, counts: Counter[str] | None = None, things: frozenset[str] = frozenset()
) -> str:
    """The text with personal data masked by its type.

    EMAIL, PHONE (UK, US, international), CARD (checked by Luhn), IBAN (by mod 97), ID (SSN, NINO, numbers of
    passports and licences that are named as such), ADDRESS, ORDER (numbers of orders, accounts and the like),
    IP, DOB (dates of birth), URL (links that hold a token, an address or an account), NAME.
    ``counts`` is raised by what was masked; ``things`` are words that name goods here (see `things_in`).

    >>> redact("mail me at jo@example.com about order HF-2041877, or 07700 900123")
    'mail me at [EMAIL] about order [ORDER], or [PHONE]'
    >>> redact("I spoke to Priya Shah, who lives at 12 Mill Lane, Leeds LS1 4AB")
    'I spoke to [NAME], who lives at [ADDRESS]'
    """
    masks = _Masks(text, Counter() if counts is None else counts)
    digits = any(c.isdigit() for c in text)
    masks.put("ORDER", _LETTERED, group=1)
    masks.put("ORDER", _LETTERS_FIRST, group=1)
    masks.put("PHONE", _WORDED_PHONE)
    if "://" in text or "www." in text:
        masks.put("URL", _URL, _tells)
    if "@" in text or " dot " in text or " DOT " in text:
        masks.put("EMAIL", _EMAIL)
    if digits or ":" in text:
        masks.put(
            "IP",
            _IP,
            lambda ip: any(c.isdigit() for c in ip),
            after=lambda b: bool(_VERSION.search(b)),
        )
    if digits:
        masks.put("IBAN", _IBAN, _is_iban)
        masks.put("CARD", _CARD, _is_card)
        masks.put("ID", _SSN)
        masks.put("ID", _NINO)
        masks.put("ID", _CUED_ID, group=1)
        masks.put("DOB", _DOB, group=1)
        masks.put("ORDER", _ORDER, _is_number, group=1)
        masks.put("ORDER", _LOCATOR, group=1)
        masks.put("ORDER", _SAID_AFTER, _is_number, group=1)
        masks.put("ORDER", _PREFIXED, group=1)
        masks.put("PHONE", _PHONE, _is_phone)
        masks.put("PHONE", _SPOKEN_PHONE, _is_phone, group=1)
        masks.put("ORDER", _BARE_ORDER)
        masks.put("ORDER", _ANOTHER, _is_number, group=1)
        if _STREET_WORD.search(text) or _ZIPPED.search(text):
            masks.put("ADDRESS", _LOWER_ADDRESS, _is_address)
            masks.put("ADDRESS", _ADDRESS, _is_address)
    return _without_persons(masks, things)


def _without_persons(masks: _Masks, things: frozenset[str]) -> str:
    found = persons(masks.text, things)
    if not found:
        return masks.text
    masks.counts["NAME"] += len(found)
    parts, at = [], 0
    for start, end in found:
        parts += [masks.text[at:start], "[NAME]"]
        at = end
    return "".join([*parts, masks.text[at:]])
