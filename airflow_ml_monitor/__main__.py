"""``python -m airflow_ml_monitor``: the commands, where Airflow's own command line has none or is not wanted."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_ml_monitor.cli.definition import argument_parser


def main(arguments: Sequence[str] | None = None) -> None:
    args = argument_parser().parse_args(arguments)
    args.func(args)


if __name__ == "__main__":
    main()
