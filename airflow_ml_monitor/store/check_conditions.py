"""What a search for checks asks for, as conditions in SQL."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Status
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.loose_scan import NAMED_MODELS
from airflow_ml_monitor.store.place import Place
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.window import as_utc

MOST_WORDS = 10


@dataclass(frozen=True, kw_only=True)
class CheckSearch:
    """What is asked for; empty texts and ``None`` ask for anything.

    :param text: words, or their beginnings, of check, metric, column, segment and model, and of the message of what did
        not pass; all of them must be there.
    :param since: written then or later; ``until``: written before.
    :raises ConfigurationError: a status that there is not, or times without an offset.
    """

    text: str = ""
    status: str = ""
    kind: str = ""
    environment: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.status and self.status not in set(Status):
            raise ConfigurationError(f"status {self.status!r} is none of {', '.join(Status)}; choose one of them")
        for name in ("since", "until"):
            moment = getattr(self, name)
            object.__setattr__(self, name, moment and as_utc(moment, what=name))


@dataclass(frozen=True)
class Conditions:
    """Conditions in SQL, on a report ``r`` and a check ``c``, and the values they name.

    :param of_check: conditions on a check that also need its report.
    :param by_index: conditions on a check that an index answers; empty where there are none.
    :param by_hand: the same and those on all words, for checks that are looked at one by one.
    """

    of_report: str
    of_check: str
    by_index: str
    by_hand: str
    known: Mapping[str, Any]

    def query(self, template: str) -> sa.TextClause:
        """Return a query with these conditions in the places that a template has for them."""
        places = {name: getattr(self, name) for name in ("of_report", "of_check", "by_index", "by_hand")}
        query = sa.text(template.format(**places))
        lists = [name for name, value in self.known.items() if isinstance(value, list) and f":{name}" in query.text]
        return query.bindparams(*(sa.bindparam(name, expanding=True) for name in lists))


_COLUMN = re.compile(r"\b(check_name|metric|column_name|segment|status|message)\b")


def _of_check(expression: str) -> str:
    """Return an expression over the table of checks for a query that joins it as ``c``."""
    return _COLUMN.sub(r"c.\1", expression)


_TEXT, _WORDS = _of_check(tables.CHECK_TEXT), _of_check(tables.CHECK_WORDS)
_SPLIT = "SELECT string_to_array(btrim(regexp_replace(lower(:text), '[^[:alnum:]]+', ' ', 'g')), ' ')"

_MODELS = NAMED_MODELS + " SELECT DISTINCT model FROM named"


def conditions(
    connection: sa.Connection, dags: Collection[str], search: CheckSearch, after: Place | None
) -> Conditions | None:
    """Return what a check and its report must be; ``None`` where the text has no word that could be found."""
    words = _words(connection, search.text)
    if search.text.strip() and not words:
        return None
    of_report, known = _of_report(search)
    of_check, by_index, by_hand = ["true"], [], ["true"]
    if search.status:
        by_hand.append("c.status = :status")
        by_index += by_hand[1:] if search.status != Status.PASS else []
    if after is not None:
        known |= {name: getattr(after, name) for name in ("moment", "report_id", "position")}
        of_report.append(f"(r.written_at, r.id) {'<' if after.position is None else '<='} (:moment, :report_id)")
        of_check.append("((r.written_at, r.id) <> (:moment, :report_id) OR c.position > :position)")
    for word in _named(connection, words):
        known |= word.known
        if word.models:
            of_check.append(word.by_hand)
        else:
            by_index.append(word.by_index)
            by_hand.append(word.by_hand)
    return Conditions(
        of_report=" AND ".join(of_report),
        of_check=" AND ".join(of_check),
        by_index=" AND ".join(by_index),
        by_hand=" AND ".join(by_hand),
        known=known | {"dags": list(dags)},
    )


def _of_report(search: CheckSearch) -> tuple[list[str], dict[str, Any]]:
    found, known = ["r.dag_id IN :dags"], dict[str, Any]()
    for name in ("kind", "environment", "model"):
        if wanted := getattr(search, name):
            known[name] = plain_text(wanted)
            found.append(f"r.{name} = :{name}")
    for name, sign in (("since", ">="), ("until", "<")):
        if (moment := getattr(search, name)) is not None:
            known[name] = moment
            found.append(f"r.written_at {sign} :{name}")
    if search.status:
        known["status"] = search.status
        found.append("r.counts ? :status")
    return found, known


@dataclass(frozen=True)
class _Word:
    """A word that must be one of the check, or of its report's model.

    :param models: the models that have it.
    """

    place: int
    word: str
    models: list[str]

    @property
    def known(self) -> dict[str, Any]:
        found = {f"word_{self.place}": f"{self.word}:*", f"start_{self.place}": f"(^|[^[:alnum:]]){self.word}"}
        return found | ({f"models_{self.place}": self.models} if self.models else {})

    @property
    def by_index(self) -> str:
        return f"{_WORDS} @@ to_tsquery('simple'::regconfig, :word_{self.place})"

    @property
    def by_hand(self) -> str:
        either = f" OR r.model IN :models_{self.place}" if self.models else ""
        return f"({_TEXT} ~ :start_{self.place}{either})"


def _words(connection: sa.Connection, text: str) -> list[str]:
    """Return the words of a text as the database tells letters from what is between them."""
    found = connection.execute(sa.text(_SPLIT), {"text": plain_text(text)}).scalar_one()
    return list(dict.fromkeys(found))[:MOST_WORDS]


def _named(connection: sa.Connection, words: list[str]) -> list[_Word]:
    models = list(connection.scalars(sa.text(_MODELS))) if words else []
    starts = [re.compile(rf"(^|[\W_]){re.escape(word)}") for word in words]
    having = [[model for model in models if start.search(model.lower())] for start in starts]
    return [_Word(place, word, of_models) for place, (word, of_models) in enumerate(zip(words, having, strict=True))]
