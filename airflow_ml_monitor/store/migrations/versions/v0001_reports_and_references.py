"""Reports with their check results, profiles and references, and the views over them."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROFILE = """
CREATE TABLE ml_monitor.profile (
    hash text PRIMARY KEY,
    content bytea NOT NULL,
    rows bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)"""

REPORT = """
CREATE TABLE ml_monitor.report (
    id uuid PRIMARY KEY,
    environment text NOT NULL,
    model text NOT NULL,
    model_version text,
    kind text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    as_of timestamptz NOT NULL,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    attempt text,
    status text NOT NULL CHECK (status IN ('pass', 'warn', 'fail', 'insufficient', 'error')),
    counts jsonb NOT NULL,
    reference text,
    rows_reference bigint,
    rows_current bigint,
    duration_s double precision NOT NULL,
    config jsonb NOT NULL,
    config_hash text NOT NULL,
    package_version text NOT NULL,
    message text NOT NULL,
    profile_hash text REFERENCES ml_monitor.profile DEFERRABLE INITIALLY DEFERRED,
    overridden_by text,
    override_reason text,
    overridden_at timestamptz,
    written_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((window_start IS NULL) = (window_end IS NULL)),
    CHECK (window_start < window_end)
)"""

CHECK_RESULT = """
CREATE TABLE ml_monitor.check_result (
    report_id uuid NOT NULL REFERENCES ml_monitor.report ON DELETE CASCADE,
    position integer NOT NULL,
    check_name text NOT NULL,
    metric text NOT NULL,
    status text NOT NULL CHECK (status IN ('pass', 'warn', 'fail', 'insufficient', 'error')),
    severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
    required boolean NOT NULL,
    column_name text,
    segment text,
    value double precision,
    limit_lower double precision,
    limit_upper double precision,
    interval_lower double precision,
    interval_upper double precision,
    p_value double precision,
    p_adjusted double precision,
    n_reference bigint,
    n_current bigint,
    message text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (report_id, position)
)"""

REFERENCE = """
CREATE TABLE ml_monitor.reference (
    environment text NOT NULL,
    model text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    profile_hash text NOT NULL REFERENCES ml_monitor.profile,
    is_current boolean NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (environment, model, name, version),
    CHECK ((window_start IS NULL) = (window_end IS NULL)),
    CHECK (window_start < window_end)
)"""

INDEXES = (
    """CREATE INDEX report_current ON ml_monitor.report (environment, model, kind, model_version, dag_id, task_id,
    map_index, window_start, window_end, as_of DESC, written_at DESC, try_number DESC, id)""",
    "CREATE INDEX report_window ON ml_monitor.report (environment, model, window_end)",
    "CREATE INDEX report_run ON ml_monitor.report (dag_id, run_id, task_id, map_index, try_number)",
    "CREATE INDEX report_profile ON ml_monitor.report (profile_hash)",
    "CREATE INDEX reference_profile ON ml_monitor.reference (profile_hash)",
    "CREATE UNIQUE INDEX reference_current ON ml_monitor.reference (environment, model, name) WHERE is_current",
)

# What is written stays. TG_ARGV names the columns that may change all the same. Deleting is for a maintenance command
# that says so in its own transaction: SET LOCAL ml_monitor.allow_delete = 'on'.
APPEND_ONLY = """
CREATE FUNCTION ml_monitor.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (to_jsonb(NEW) - TG_ARGV::text[]) = (to_jsonb(OLD) - TG_ARGV::text[]) THEN
            RETURN NEW;
        END IF;
    ELSIF current_setting('ml_monitor.allow_delete', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'ml_monitor.% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'To delete on purpose, SET LOCAL ml_monitor.allow_delete = ''on'' in the same transaction.';
END
$$"""

CHANGEABLE = {
    "profile": (),
    "report": ("overridden_by", "override_reason", "overridden_at"),
    "check_result": (),
    "reference": ("is_current",),
}

# The latest knowledge wins, then what was written last: a retried or cleared task leaves one row, and the tries of a
# run that was deleted and made again, which count from one, are not older than those of the first.
CURRENT_REPORT = """
CREATE VIEW ml_monitor.current_report AS
SELECT DISTINCT ON (environment, model, kind, model_version, dag_id, task_id, map_index, window_start, window_end) *
FROM ml_monitor.report
ORDER BY environment, model, kind, model_version, dag_id, task_id, map_index, window_start, window_end,
    as_of DESC, written_at DESC, try_number DESC, id"""

LATEST_VERDICT = """
CREATE VIEW ml_monitor.latest_verdict AS
SELECT DISTINCT ON (environment, model, kind, model_version, dag_id, task_id, map_index) *
FROM ml_monitor.current_report
ORDER BY environment, model, kind, model_version, dag_id, task_id, map_index,
    window_end DESC NULLS LAST, window_start DESC, as_of DESC"""

METRIC_HISTORY = """
CREATE VIEW ml_monitor.metric_history AS
SELECT r.environment, r.model, r.model_version, r.kind, r.window_start, r.window_end, r.as_of,
    r.dag_id, r.task_id, r.map_index, r.status AS report_status, c.*
FROM ml_monitor.current_report r JOIN ml_monitor.check_result c ON c.report_id = r.id"""

DRIFT_BY_COLUMN = """
CREATE VIEW ml_monitor.drift_by_column AS
SELECT environment, model, model_version, window_start, window_end, as_of, dag_id, task_id, map_index, report_id,
    column_name,
    (ARRAY['pass', 'insufficient', 'warn', 'fail', 'error'])[
        max(array_position(ARRAY['pass', 'insufficient', 'warn', 'fail', 'error'], status))] AS status,
    max(value / nullif(limit_upper, 0)) AS largest_value_to_limit
FROM ml_monitor.metric_history
WHERE kind = 'drift' AND column_name IS NOT NULL
GROUP BY environment, model, model_version, window_start, window_end, as_of, dag_id, task_id, map_index, report_id,
    column_name"""


def upgrade() -> None:
    for statement in (PROFILE, REPORT, CHECK_RESULT, REFERENCE, *INDEXES, APPEND_ONLY):
        op.execute(statement)
    for table, columns in CHANGEABLE.items():
        op.execute(_row_trigger(table, columns))
        op.execute(_truncate_trigger(table))
    for view in (CURRENT_REPORT, LATEST_VERDICT, METRIC_HISTORY, DRIFT_BY_COLUMN):
        op.execute(view)


def _row_trigger(table: str, columns: tuple[str, ...]) -> str:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ml_monitor.{table} "
        f"FOR EACH ROW EXECUTE FUNCTION ml_monitor.append_only({arguments})"
    )


def _truncate_trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ml_monitor.{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION ml_monitor.append_only()"
    )
