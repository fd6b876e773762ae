"""Running a function in many processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable


def in_processes(count: int, function: Callable[[int], object]) -> list[int | None]:
    """Fork ``count`` processes that call ``function(number)`` and return their exit codes."""
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=function, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    return [child.exitcode for child in children]
