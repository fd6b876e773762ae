"""What a person asks the search for checks, as the form of the page sends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.store.check_conditions import CheckSearch
from airflow_ml_monitor.store.place import Place

KINDS = ("data_quality", "drift", "model_quality", "estimated_performance", "model_comparison", "label_arrivals")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields of the form, texts all of them: what is left empty is sent as an empty text.

    :param since: a day or a moment, in UTC where it says nothing else.
    :param after: where the page before ended.
    """

    text: str = ""
    status: str = ""
    kind: str = ""
    environment: str = ""
    model: str = ""
    since: str = ""
    until: str = ""
    after: str = ""

    @property
    def search(self) -> CheckSearch:
        """What the store is asked for.

        :raises ConfigurationError: a status or a time that is none.
        """
        texts = {name: getattr(self, name) for name in ("text", "status", "kind", "environment", "model")}
        return CheckSearch(**texts, since=_moment("since", self.since), until=_moment("until", self.until))

    @property
    def place(self) -> Place | None:
        """Where the page begins.

        :raises ConfigurationError: it tells no place.
        """
        return Place.of(self.after) if self.after else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the form proposes."""
        return KINDS

    @property
    def kept(self) -> dict[str, str]:
        """The fields that the next page keeps."""
        return {name: value for name, value in asdict(self).items() if name != "after"}


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} is {text!r}; write a day as 2025-01-31") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
