"""The store: reports, profiles and references in the schema ``ml_monitor`` of a PostgreSQL database."""

from airflow_ml_monitor.store.decisions import Decision
from airflow_ml_monitor.store.keys import report_id
from airflow_ml_monitor.store.ledger import LedgerEntry
from airflow_ml_monitor.store.store import Store
from airflow_ml_monitor.store.stored import StoredReference, StoredReport

__all__ = ["Decision", "LedgerEntry", "Store", "StoredReference", "StoredReport", "report_id"]
