"""``learn-suite``: an expectation suite of what files, or a stored reference, look like."""

from __future__ import annotations

import argparse
from typing import Any

from airflow_ml_monitor.cli.stores import environment_of, store_of
from airflow_ml_monitor.cli.windows import files_of, window_of
from airflow_ml_monitor.errors import ConfigurationError


def learn_suite(args: argparse.Namespace) -> None:
    """Learn a suite and write it as a JSON file, to be reviewed."""
    from airflow_ml_monitor.quality import learn_suite as learn
    from airflow_ml_monitor.quality import save_suite

    if (args.data is None) == (args.reference is None):
        raise ConfigurationError("a suite is learnt from --data or from a --reference; give one of them")
    data, window = _source(args)
    suite = learn(data, window=window, columns=args.columns, name=args.name, window_rows=args.window_rows)
    save_suite(suite, args.out, overwrite=args.overwrite)
    print(f"{len(suite['expectations'])} expectations learnt into {args.out}; read them before a DAG relies on them")


def _source(args: argparse.Namespace) -> tuple[Any, Any]:
    if args.data is not None:
        return files_of(args), window_of(args)
    if args.model is None:
        raise ConfigurationError("--reference is of a model; give --model")
    stored = store_of(args).reference(model=args.model, environment=environment_of(args), name=args.reference)
    return stored.profile, None
