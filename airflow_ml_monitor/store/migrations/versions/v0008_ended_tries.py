"""The table ``ended_try``: of which task tries without a verdict people were told, by which channel."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ENDED_TRY = """
CREATE TABLE ml_monitor.ended_try (
    attempt text NOT NULL,
    scope text NOT NULL,
    channel text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attempt, scope, channel)
)"""


def upgrade() -> None:
    op.execute(ENDED_TRY)
