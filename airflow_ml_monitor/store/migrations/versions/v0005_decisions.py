"""The table ``decision``: which verdicts a person let through or refused, and why; and a view that sets both beside."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# decided_by is null where nobody answered in time: that refuses.
DECISION = """
CREATE TABLE ml_monitor.decision (
    report_id uuid NOT NULL REFERENCES ml_monitor.report ON DELETE CASCADE,
    decided_at timestamptz NOT NULL,
    approved boolean NOT NULL,
    decided_by text,
    reason text NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, decided_at),
    CHECK (NOT approved OR (decided_by IS NOT NULL AND reason <> ''))
)"""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ml_monitor.decision
FOR EACH ROW EXECUTE FUNCTION ml_monitor.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ml_monitor.decision
FOR EACH STATEMENT EXECUTE FUNCTION ml_monitor.append_only()"""

DECISION_HISTORY = """
CREATE VIEW ml_monitor.decision_history AS
SELECT r.environment, r.model, r.model_version, r.kind, r.window_start, r.window_end, r.as_of, r.status, r.message,
    d.approved, d.decided_by, d.reason, d.decided_at,
    row_number() OVER (PARTITION BY d.report_id ORDER BY d.decided_at DESC) = 1 AS is_last,
    d.report_id, d.dag_id, d.run_id, d.task_id, d.map_index
FROM ml_monitor.decision d JOIN ml_monitor.report r ON r.id = d.report_id"""


def upgrade() -> None:
    for statement in (DECISION, APPEND_ONLY, DECISION_HISTORY):
        op.execute(statement)
