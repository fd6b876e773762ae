"""The flight-delay example: its data, its model, and the demo that runs it through Airflow."""
