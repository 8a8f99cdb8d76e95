"""Which column holds what: found by name and content, or as the pipeline file says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from vocx.config import Columns
from vocx.errors import UserError, closest
from vocx.ingest.conversations import role_of
from vocx.ingest.values import numbers_of
from vocx.schema import SOURCES

# Names by which a role is known, most telling first. Matched on lower-case words joined by "_".
_NAMES: dict[str, str] = {
    "conversation": r"^(conversation|dialogue?|chat|call|session|thread|ticket|contact|case|interaction)(_?(id|no|nr|number|ref))?$",
    "speaker": r"^(speaker|role|participant|party|sender|from|who|author_type)(_?(role|label|type))?$",
    "id": r"^(id|.*_id|resp(ondent|onse)?(_?(no|nr|number|id))?|rid|uuid|key|number|nr)$",
    "author": r"^(customer|user|author|client|member|respondent|reviewer|contact|person)(_?(id|name|no|number|key))?$",
    "time": r"^(date|datum|when|time|timestamp|created(_(at|on|date|time))?|(completed|submitted|posted|recorded|updated|end|start)(_?(at|on|date|time))?|at|review_date|response_date|.*_date|.*_timestamp|.*_time)$",
    "source": r"^(source|feedback_source|source_type)$",
    "channel": r"^(channel|platform|medium|via|device)$",
    "language": r"^(language|lang|locale|user_language)$",
    "title": r"^(title|headline|subject|summary|review_title)$",
    "nps": r"(^|_)(nps|ltr)($|_)|(likel|would).*recommend|recommend.*(friend|colleague|likel)|recommendation_(score|rating)|net_promoter",
    "csat": r"csat|(^|_)satisf(ied|action)(_|$)",
    "ces": r"(^|_)ces($|_)|effort|how_easy",
    "rating": r"^(rating|stars?|star_rating|review_rating|.*_rating|rating_?\d+|score|overall)$",
}
# The same in other languages that exports are headed in: German, French, Spanish, Italian, Dutch, Portuguese; no accents.
_ABROAD: dict[str, str] = {
    "conversation": r"^(gesprach|gespraech|anruf|conversacion|conversazione|gesprek|conversa)(s?_?(id|nr|nummer))?$",
    "speaker": r"^(sprecher(in)?|rolle|teilnehmer(in)?|locuteur|hablante|parlante|spreker|falante)$",
    "nps": r"weiterempf|recommander|recomendar|recomendaria|raccomand|aanbevel",
    "csat": r"(^|_)(zufrieden(heit)?|satisfaccion|satisfecho|soddisfa\w+|tevreden(heid)?|satisfacao|satisfait)(_|$)",
    "id": r"^((antwort|umfrage|fall|beleg)s?_?(nr|nummer|id)|ref|referenz|nummer|kennung|vorgangs?(nummer|nr)?|numero|reference|referencia|codigo|codice|kenmerk)$",
    "author": r"^(kunden?(_?(nr|nummer|id))?|kundin|cliente?|klant(_?(nr|nummer))?|utente|usuario|utilisateur|autor|auteur|autore)$",
    "time": r"^(wann|ausgefullt_am|ausgefuellt_am|eingegangen_am|abgeschickt_am|zeit|zeitpunkt|zeitstempel|erstellt(_am)?|eingang(sdatum)?|bewertungsdatum|quand|heure|date_.*|fecha.*|hora|cuando|data|quando|datum_.*|wanneer|tijd)$",
    "channel": r"^(kanal|canal|canale|kanaal)$",
    "language": r"^(sprache|langue|idioma|lingua|taal)$",
    "title": r"^(titel|betreff|titre|sujet|objet|titulo|asunto|titolo|oggetto|onderwerp|assunto)$",
    "rating": r"^(bewertung|sterne|note|etoiles|evaluation|valoracion|puntuacion|calificacion|estrellas|valutazione|voto|stelle|beoordeling|cijfer|sterren|avaliacao|nota|estrelas)$",
}
_TEXT_ABROAD = (
    r"^(kommentare?|bemerkung(en)?|freitext|ruckmeldung|rueckmeldung|antwort|nachricht|rezension|meinung|commentaires?|avis|remarques?|"
    r"comentarios?|opinion|resena|mensaje|respuesta|commento|commenti|recensione|messaggio|opmerking(en)?|reactie|toelichting|bericht)$"
)
_TEXT_NAMES = (
    r"^(text|comments?|reviews?|review_text|body|content|feedback|verbatim|message|messages|"
    r"utterance|answer|response_text|narrative|description|transcript|open_end|tweet|post)$"
)
_NUMERIC = {"nps", "csat", "ces", "rating"}
_SCALE = {"nps": (0, 10), "csat": (0, 10), "ces": (0, 10), "rating": (0, 100)}
MAX_GROUP_VALUES = 30
_ROLE = 30  # characters that say who speaks, at most
_NAME = 200  # characters of a column's name that are read


@dataclass
class Recognised:
    """What each column of a file was taken for.

    ``roles`` maps a role to its column; ``questions`` are open questions, where there are several, of
    which each answer is a feedback; ``groups`` are kept as ``x_*``; ``ignored`` are not kept;
    ``unread`` are those of the ignored that hold words and are no question; ``misfits`` maps a role
    that no column has to one that is called so, and of whose cells too few are what the role needs.
    """

    roles: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    misfits: dict[str, str] = field(default_factory=dict)


def slug(name: str) -> str:
    """A column's name as lower-case words joined by underscores.

    >>> slug("How likely are you ... (0-10)?")
    'how_likely_are_you_0_10'
    """
    return re.sub(r"\W+", "_", str(name).lower()).strip("_")


def recognise(
    frame: pd.DataFrame, given: Columns, file: str, keep: Sequence[str] = ()
) -> Recognised:
    """Roles of a raw table's columns; what ``given`` names wins over what is found.

    Columns named in ``keep`` become groups whatever they hold, where the file has them.

    Raises UserError where a named column is not there, or none looks like customers' words.
    """
    columns = [str(c) for c in frame.columns]
    found = Recognised()
    for role, column in given.model_dump(exclude={"groups", "customers", "questions"}).items():
        if column is not None:
            found.roles[role] = _named(column, columns, file)
    taken = set(found.roles.values()) | set(given.groups or [])
    if given.questions is not None:
        found.questions = [_named(q, columns, file) for q in given.questions]
        found.roles.setdefault("text", found.questions[0])
        taken |= set(found.questions)
    asked = given.text is None and given.questions is None
    if "text" not in found.roles:
        text = _find_text(frame, columns, taken)
        if text is None:
            raise UserError(
                f"{file}: no column looks like customers' words; columns: {', '.join(columns)}",
                "name it: --set columns.text=COLUMN, or `columns: {text: COLUMN}` in a pipeline file",
            )
        found.roles["text"] = text
        taken.add(text)
    for role in _NAMES:
        if role in found.roles:
            continue
        for column in columns:
            patterns = [_NAMES[role], *([_ABROAD[role]] if role in _ABROAD else [])]
            if column in taken or not any(_is_called(column, p) for p in patterns):
                continue
            values = frame.drop_duplicates()[column] if role == "id" else frame[column]
            if _content_fits(role, values):  # a row that is there again has its id again
                found.roles[role] = column
                taken.add(column)
                break
            if role in _NUMERIC and numbers_of(values.head(2000)).between(*_SCALE[role]).any():
                found.misfits.setdefault(role, column)
    found.misfits = {
        role: column
        for role, column in found.misfits.items()
        if role not in found.roles and column not in taken
    }
    _find_conversations(frame, columns, found.roles, taken)
    if asked and not {"conversation", "title"} & set(found.roles):
        found.questions = _open_questions(frame, found.roles["text"], set(found.roles.values()))
    rest = [c for c in columns if c not in {*found.roles.values(), *found.questions}]
    wanted = {slug(k) for k in keep}
    if given.groups is not None:
        found.groups = [_named(c, columns, file) for c in given.groups]
        found.groups += [c for c in rest if slug(c) in wanted and c not in found.groups]
    else:
        found.groups = [c for c in rest if slug(c) in wanted or _is_group(frame[c])]
    found.ignored = [c for c in rest if c not in found.groups]
    found.unread = [c for c in found.ignored if _reads_like_words(frame[c])]
    return found


def _find_conversations(
    frame: pd.DataFrame, columns: list[str], roles: dict[str, str], taken: set[str]
) -> None:
    """The speaker's column by what it says, and the conversation's by its blocks of rows; in place.

    What only reads like a speaker's is one where another column holds several rows of a conversation: a
    survey may well have a column "member, staff".
    """
    free = [c for c in columns if c not in taken]
    talk = roles.get("conversation")
    if "speaker" in roles:
        talk = talk or roles.pop("id", None) or next((c for c in free if _stands_in_blocks(frame[c])), None)  # fmt: skip
    elif speaker := next((c for c in free if _tells_roles(frame[c])), None):
        free.remove(speaker)
        named = [c for c in (talk, roles.get("id")) if c and frame[c].nunique() <= len(frame) / 2]
        talk = next((c for c in [*named, *free] if c in named or _stands_in_blocks(frame[c])), None)
        if talk is None:
            return
        roles["speaker"] = speaker
        if roles.get("id") == talk:
            del roles["id"]
    else:
        return
    if talk is not None:
        roles["conversation"] = talk
    taken |= set(roles.values())


def _tells_roles(values: pd.Series) -> bool:
    """Whether a column says of nearly every row that a customer speaks, or an agent, and both do."""
    cells = values.dropna().astype(str).head(2000)
    if len(cells) < 2 or cells.nunique() > MAX_GROUP_VALUES:
        return False
    told = cells.map({c: role_of(c) if len(c) < _ROLE else None for c in cells.unique()})
    return bool(told.notna().mean() > 0.9 and told.nunique() == 2)


def _stands_in_blocks(values: pd.Series) -> bool:
    """Whether each value stands in rows that follow one another, several of them on average."""
    cells = values.astype(object).where(values.notna(), None)
    blocks = int((cells != cells.shift()).sum())
    return bool(cells.notna().all() and 1 < blocks == cells.nunique() <= len(cells) / 2)


def _open_questions(frame: pd.DataFrame, text: str, taken: set[str]) -> list[str]:
    """The columns of free answers to questions, if there are several; else none."""
    if not _asks(text):
        return []
    found = [
        str(c) for c in frame.columns
        if str(c) == text or (str(c) not in taken and _asks(str(c)) and _reads_like_words(frame[c], 1.5))
    ]  # fmt: skip
    return found if len(found) > 1 else []


def _asks(column: str) -> bool:
    """Whether a column's name is a question, or that of one's free answer ("comment_2", "Q5_TEXT").

    >>> [_asks(c) for c in ("What did you like?", "comment_2", "Q5_TEXT", "Agent notes", "Product")]
    [True, True, True, False, False]
    """
    column = column[:_NAME]
    if column.rstrip().endswith("?") or len(column.split()) >= 4:
        return True
    name = slug(column)
    return bool(
        re.search(r"^(what|why|how|which|where|please|tell|any|liked?|disliked?|pros|cons|positive|negative)(_|$)", name)
        or re.search(r"^(comments?|feedback|verbatim|answer|reason|suggestions?|improvements?)(_\w+)?$", name)
        or re.search(r"^q_?\d+\w*_(text|comment|other|open)$", name)
    )  # fmt: skip


def _named(column: str, columns: list[str], file: str) -> str:
    if column in columns:
        return column
    for known in columns:
        if slug(column) and slug(known) == slug(column):
            return known
    raise UserError(f"{file}: there is no column '{column}'", closest(column, columns))


def _is_called(column: str, pattern: str) -> bool:
    """Whether a column's name, or the last part of a nested one ("review.body"), is such a name."""
    last = column.rsplit(".", 1)[-1]
    return any(re.search(pattern, slug(_plain(name[:_NAME]))) for name in (column, last))


def _plain(name: str) -> str:
    """A name without accents."""
    if name.isascii():
        return name
    parts = unicodedata.normalize("NFKD", name)
    return "".join(c for c in parts if not unicodedata.combining(c))


def _find_text(frame: pd.DataFrame, columns: list[str], taken: set[str]) -> str | None:
    """The column that reads most like customers' words: many words, few repeats, a telling name."""
    best, best_score = None, 0.0
    for column in columns:
        if column in taken:
            continue
        cells = frame[column].dropna().head(2000)
        texts = cells[cells.map(lambda v: isinstance(v, str))]
        if texts.empty or len(texts) < 0.5 * len(cells):
            continue
        n_words = texts.str.count(r"[^\W\d_]{2,}")
        named = _is_called(column, _TEXT_NAMES) or _is_called(column, _TEXT_ABROAD)
        if not named and (n_words.mean() < 3 or texts.nunique() < min(5, len(texts))):
            continue
        score = min(n_words.mean(), 60.0) * (texts.nunique() / len(texts)) * (3 if named else 1)
        if score > best_score or (named and best is None):
            best, best_score = column, score
    return best


def _content_fits(role: str, values: pd.Series) -> bool:
    """Whether a column's cells are what a role needs: numbers in range, times, few sources."""
    cells = values.dropna().head(2000)
    if cells.empty:
        return False
    if role in _NUMERIC:
        numbers = numbers_of(cells)
        low, high = _SCALE[role]
        return bool(
            numbers.notna().mean() > 0.8 and numbers.dropna().between(low, high).mean() > 0.9
        )
    if role == "time":
        return _looks_like_time(cells)
    if role == "source":
        return bool(cells.astype(str).str.lower().isin(SOURCES).mean() > 0.9)
    if role in ("speaker", "channel", "language"):
        return cells.astype(str).nunique() <= max(12, len(cells) // 10)
    if role == "id":
        return bool(cells.astype(str).nunique() > 0.5 * len(cells))
    return True


def _looks_like_time(cells: pd.Series) -> bool:
    shown = cells.astype(str)
    dated = shown.str.contains(
        r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2} \w{3,9} \d{4}|\w{3,9} \d{1,2},? \d{4}"
    )
    epoch = pd.to_numeric(shown, errors="coerce").between(5e8, 5e15)
    return bool((dated | epoch).mean() > 0.7)


def _is_group(values: pd.Series) -> bool:
    """Whether a column cuts the rows into few groups, as a segment or region does."""
    if re.fullmatch(
        r"turn|turn_?(no|number|index|id)|seq|sequence|index|position", slug(str(values.name))
    ):
        return False
    cells = values.dropna().astype(str)
    distinct = cells.nunique()
    return (
        2 <= distinct <= MAX_GROUP_VALUES
        and distinct * 3 <= len(cells)
        and cells.str.len().max() <= 120
        and not _reads_like_words(values)
    )


def _reads_like_words(values: pd.Series, least: float = 3) -> bool:
    """Whether cells are sentences, of ``least`` words on average, that differ from row to row."""
    cells = values.dropna().head(2000)
    texts = cells[cells.map(lambda v: isinstance(v, str))]
    if len(texts) < 2 or len(texts) < 0.5 * len(cells):
        return False
    return bool(
        texts.str.count(r"[^\W\d_]{2,}").mean() >= least and texts.nunique() > 0.3 * len(texts)
    )
