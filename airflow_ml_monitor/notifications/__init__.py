"""Messages to people about verdicts, through the channels Airflow has."""
