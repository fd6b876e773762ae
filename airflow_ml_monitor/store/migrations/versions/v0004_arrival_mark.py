"""The table ``arrival_mark``: up to which arrival each watch over labels has told of them."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Not append-only: it is where a watch goes on after a restart, and no evidence.
ARRIVAL_MARK = """
CREATE TABLE ml_monitor.arrival_mark (
    watch text PRIMARY KEY,
    newest timestamptz NOT NULL,
    recent bigint NOT NULL CHECK (recent >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
)"""


def upgrade() -> None:
    op.execute(ARRIVAL_MARK)
