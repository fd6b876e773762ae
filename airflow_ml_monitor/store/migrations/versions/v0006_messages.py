"""The table ``message``: which verdicts people were told of, by which channel."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MESSAGE = """
CREATE TABLE ml_monitor.message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    model text NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    channel text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    event text NOT NULL CHECK (event IN ('first', 'change', 'recovery')),
    status text NOT NULL,
    reasons jsonb NOT NULL,
    report_id uuid NOT NULL REFERENCES ml_monitor.report ON DELETE CASCADE,
    sent_at timestamptz NOT NULL DEFAULT now()
)"""

# The last message of a subject is looked up before each one; the other finds what goes with a report.
INDEXES = """
CREATE INDEX message_subject ON ml_monitor.message (model, environment, kind, scope, channel, window_end DESC, id DESC);
CREATE INDEX message_report ON ml_monitor.message (report_id)"""


def upgrade() -> None:
    for statement in (MESSAGE, INDEXES):
        op.execute(statement)
