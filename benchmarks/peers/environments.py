"""An environment of its own for each peer, made by uv: their requirements exclude one another's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class PeerUnavailable(Exception):
    """A peer that cannot be installed here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """What is installed for a peer.

    :param packages: those whose versions the tables name.
    :param because: why its requirements name more than the peer itself.
    """

    name: str
    requirements: tuple[str, ...]
    packages: tuple[str, ...]
    python: str = "3.11"
    because: str = ""


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "evidently",
            ("evidently==0.7.*", "pandas<3", "pyarrow"),
            ("evidently", "pandas", "numpy", "scipy"),
            because="it does not import with pandas 3",
        ),
        Peer(
            "nannyml",
            ("nannyml==0.13.*", "pandas<3", "statsmodels", "pyarrow"),
            ("nannyml", "pandas", "numpy", "scipy"),
            because="it imports statsmodels without asking for it",
        ),
        Peer(
            "whylogs",
            ("whylogs[viz]", "pandas<2.2", "numpy<2", "pyarrow<16"),
            ("whylogs", "pandas", "numpy"),
            because="it is no longer developed, and was written for these",
        ),
        Peer("frouros", ("frouros", "pandas", "pyarrow"), ("frouros", "pandas", "numpy", "scipy")),
        Peer("scipy", ("scipy", "pandas", "pyarrow"), ("scipy", "pandas", "numpy")),
    )
}


def uv() -> list[str]:
    """Return the command that runs uv.

    :raises PeerUnavailable: there is none.
    """
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        raise PeerUnavailable("uv is not installed; pip install uv")
    return [found]


def install_command(interpreter: Path, requirements: tuple[str, ...]) -> list[str]:
    """Return the command that installs into the environment of ``interpreter`` and into no other.

    It names the interpreter: run from inside an environment, uv installs into that one, whatever VIRTUAL_ENV says.
    """
    return [*uv(), "pip", "install", "--quiet", "--python", str(interpreter), *requirements]


def interpreter_of(peer: Peer, folder: Path) -> Path:
    """Return the interpreter of a peer's environment, made below ``folder`` where it is not there yet.

    :raises PeerUnavailable: it cannot be installed.
    """
    place = folder.resolve() / peer.name
    interpreter, made = place / "bin" / "python", place / "requirements.txt"
    wanted = "\n".join(peer.requirements)
    if made.exists() and made.read_text() == wanted:
        return interpreter
    _call([*uv(), "venv", "--quiet", "--clear", "--python", peer.python, str(place)])
    _call(install_command(interpreter, peer.requirements))
    made.write_text(wanted)
    return interpreter


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise PeerUnavailable(_plain(lines[-1] if lines else f"uv ended with {done.returncode}"))


def _plain(reason: str) -> str:
    """Return a reason without addresses and paths: they say nothing about the peer."""
    return re.sub(r"\S*(?:://|/)\S+", "(...)", reason)[:200]
