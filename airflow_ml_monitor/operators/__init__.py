"""Operators: each wraps one function of the library, stores its report and gates the DAG."""
