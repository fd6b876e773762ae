"""Indexes for the pages: checks by their words, reports by when they were written and by the time they are about."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# An expression, and no generated column: that would write every check anew. Texts are cut, since one with too many
# words for a tsvector would keep its report from being written. What passed is found by its names alone: its messages
# are many, and nobody looks for them. store.tables.CHECK_WORDS is the same expression, for queries.
WORDS = """
CREATE INDEX check_result_words ON ml_monitor.check_result USING gin (to_tsvector('simple'::regconfig, regexp_replace(
    lower(left(check_name, 200) || ' ' || left(metric, 200) || ' ' || left(coalesce(column_name, ''), 200) || ' ' ||
    left(coalesce(segment, ''), 200) || ' ' || CASE WHEN status = 'pass' THEN '' ELSE left(message, 1000) END),
    '[^[:alnum:]]+', ' ', 'g')))"""

# Most checks pass: an index on the others is small.
INDEXES = """
CREATE INDEX check_result_status ON ml_monitor.check_result (status) WHERE status <> 'pass';
CREATE INDEX report_written ON ml_monitor.report (written_at, id);
CREATE INDEX report_moment ON ml_monitor.report (environment, model, kind, (coalesce(window_end, as_of)));
CREATE INDEX report_task ON ml_monitor.report
    (environment, model, kind, dag_id, task_id, (coalesce(window_end, as_of)))"""


def upgrade() -> None:
    for statement in (WORDS, INDEXES):
        op.execute(statement)
