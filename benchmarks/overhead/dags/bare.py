from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


def nothing() -> str:
    return "done"


with DAG("bare", schedule=None):
    PythonOperator(task_id="task", python_callable=nothing)
