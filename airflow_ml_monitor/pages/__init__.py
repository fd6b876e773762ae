"""The pages in Airflow: verdicts behind its own login and the permissions of its DAGs. Read-only."""
