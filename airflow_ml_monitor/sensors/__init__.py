"""Sensors: tasks that wait for something outside their DAG."""
