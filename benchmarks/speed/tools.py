"""What is measured: each tool with the module that runs it, and what its row is called."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from peers.environments import PEERS, PeerUnavailable, interpreter_of


@dataclass(frozen=True)
class Tool:
    """One row of the table.

    :param key: how other parts call it; ``peer`` the peer whose environment it needs, none for this package.
    :param arguments: what follows the folder on its command line, or stands before it for this package.
    :param fast: whether it is run in every round, not in the first alone.
    """

    key: str
    label: str
    module: str
    arguments: tuple[str, ...] = ()
    peer: str | None = None
    fast: bool = False

    def command(self, folder: Path) -> list[object]:
        return [folder, *self.arguments] if self.peer else [*self.arguments, folder]


OURS = (
    Tool("decode", "(decoding the Parquet columns, nothing else)", "speed.decoding", fast=True),
    Tool("import", "(importing what files need)", "speed.ours", ("import",), fast=True),
    Tool("arrow", "Arrow table, reference stored", "speed.ours", ("arrow",), fast=True),
    Tool("pandas", "pandas frame, reference stored", "speed.ours", ("pandas",), fast=True),
    Tool("parquet", "Parquet file, reference stored", "speed.ours", ("parquet",), fast=True),
    Tool("both", "Parquet files, reference built first", "speed.ours", ("both",), fast=True),
)
THEIRS = (
    Tool("scipy", "SciPy loop", "peers.speed_scipy", peer="scipy"),
    Tool("frouros", "Frouros, KS and chi-square", "peers.speed_frouros", peer="frouros"),
    Tool("nannyml_fastest", "NannyML, binned KS", "peers.speed_nannyml", ("fastest",), "nannyml"),
    Tool("nannyml", "NannyML, default", "peers.speed_nannyml", peer="nannyml"),
    Tool("whylogs", "whylogs, default", "peers.speed_whylogs", peer="whylogs"),
    Tool("evidently", "Evidently, default preset", "peers.speed_evidently", peer="evidently"),
)


def chosen(names: Iterable[str]) -> list[Tool]:
    """Return the rows of the peers named; ``ours`` names this package."""
    wanted = set(names)
    return [tool for tool in (*OURS, *THEIRS) if (tool.peer or "ours") in wanted]


def interpreters(names: Iterable[str], folder: Path, own: Iterable[str] = ()) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the interpreter of each peer, and why others have none.

    :param own: peers that run in this interpreter, whose packages they find there.
    """
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in names:
        if name in own:
            found[name] = Path(sys.executable)
            continue
        try:
            found[name] = interpreter_of(PEERS[name], folder)
        except PeerUnavailable as reason:
            missing[name] = str(reason)
    return found, missing
