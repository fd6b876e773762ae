"""What is said of labels that are all of one class."""

from __future__ import annotations

from airflow_ml_monitor.performance.answers import Answers, Problem


def one_class(answers: Answers) -> str:
    """Return why labels of one class cannot tell how good answers are; empty where there are two, or no classes."""
    if answers.problem in (Problem.REGRESSION, Problem.RANKING):
        return ""
    first = answers.y[0]
    if (answers.y != first).any():
        return ""
    if answers.problem is Problem.BINARY:
        return f"all {len(answers):,} labels are {'positive' if first else 'negative'}"
    return f"all {len(answers):,} labels are of class {answers.classes[int(first)]}"
