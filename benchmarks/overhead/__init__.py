"""What a task costs beyond the interpreter and Airflow, measured on tasks as a worker runs them."""
