from __future__ import annotations

from task_overhead import Took, table


def test_the_difference_is_of_medians() -> None:
    took = {
        "bare": [Took(1.0, 0.5, 100.0), Took(9.0, 0.6, 101.0), Took(2.0, 0.4, 99.0)],
        "gate": [Took(2.5, 0.7, 130.0), Took(2.6, 0.8, 131.0), Took(2.4, 0.9, 129.0)],
    }
    _, _, bare, gate, *_ = table(took)
    assert bare == "| `PythonOperator` that does nothing | 2.00 (1.00 to 9.00) | 0.50 | 100 |  |"
    assert gate.endswith("| 2.50 (2.40 to 2.60) | 0.80 | 130 | +0.50 s (+0.30 s of CPU), +30 MB |")


def test_without_the_bare_task_there_is_no_difference() -> None:
    _, _, gate, *_ = table({"gate": [Took(2.5, 0.7, 130.0)]})
    assert gate.endswith("| 0.70 | 130 |  |")
