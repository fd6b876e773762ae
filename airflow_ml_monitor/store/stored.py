"""What the store gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from airflow_ml_monitor.results import Origin, Report
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile


@dataclass(frozen=True)
class StoredReport:
    """A report as it is in the store.

    :param id: its key, as ``store.report_id`` makes it.
    :param origin: the task try that wrote it.
    :param written_at: when, by the server's clock.
    :param profile_hash: digest of the judged window's profile, where one was stored with the report.
    """

    id: UUID
    report: Report
    origin: Origin
    written_at: datetime
    profile_hash: str | None = None

    @property
    def ids(self) -> dict[str, str]:
        """Where it is from, for a page: its id and the task try, by their names."""
        return {"Report id": str(self.id), **self.origin.ids}


@dataclass(frozen=True)
class ReferenceVersion:
    """What the store says of one version of a named reference, its profile left out.

    :param current: whether it is in force.
    :param digest: SHA-256 of the profile's content, in hex.
    :param origin: the task try, or the command, that saved it.
    """

    environment: str
    model: str
    name: str
    version: int
    current: bool
    rows: int
    window: Window | None
    digest: str
    origin: Origin
    created_at: datetime


@dataclass(frozen=True)
class StoredReference:
    """One version of a named reference.

    :param digest: SHA-256 of the profile's content, in hex.
    """

    name: str
    version: int
    digest: str
    profile: Profile

    @property
    def label(self) -> str:
        """Name, version and the start of the digest: ``january v3 (sha256 1a2b3c4d)``."""
        return f"{self.name} v{self.version} (sha256 {self.digest[:8]})"
