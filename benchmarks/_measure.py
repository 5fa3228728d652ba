"""How cost is measured: CPU seconds rather than the clock, in turns, so that a busy machine disturbs little."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: The least that a command does in the same interpreter; what start-up is compared with.
BARE = (sys.executable, "-c", "pass")
#: The console script as it is installed beside the interpreter.
BOMVET = os.path.join(os.path.dirname(sys.executable), "bomvet")

HEADER = ("benchmark", "N", "measured (CPU)", "figure", "limit", "")
_WIDTHS = (42, 8, 40, 10, 8, 4)


class NotRunError(Exception):
    """A benchmark that cannot be run here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `value` in `unit` (`x`: a ratio) must not be above `limit` (None: told only)."""

    name: str
    size: int
    measured: str
    value: float
    unit: str = "x"
    limit: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the limit holds."""
        return self.limit is None or self.value <= self.limit

    def row(self) -> tuple[str, ...]:
        """As the columns of `HEADER`."""
        limit = "-" if self.limit is None else f"{self.limit:g} {self.unit}"
        verdict = "" if self.limit is None else "ok" if self.ok else "FAIL"
        return self.name, f"{self.size:,}", self.measured, f"{self.value:.2f} {self.unit}", limit, verdict


def columns(cells: Sequence[str]) -> str:
    """A line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def growth(name: str, small: int, cost: dict[int, float], *, limit: float | None = 5) -> Figure:
    """How the cost grows from `small` to four times that; 4 is linear."""
    large = 4 * small
    measured = f"{milliseconds(cost[large])} / {milliseconds(cost[small])}"
    return Figure(name=f"{name} 4N/N", size=small, measured=measured, value=cost[large] / cost[small], limit=limit)


def milliseconds(seconds: float) -> str:
    """For a cell of the table."""
    return f"{seconds * 1000:.1f} ms"


# -- whole processes -------------------------------------------------------------------------------------------


def process_cost(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU seconds of `command`, user and system, with all children that it waited for; its output is dropped."""
    null = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    process = os.posix_spawn(command[0], [*command], environment, file_actions=null)
    _, status, used = os.wait4(process, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), [*command])
    return used.ru_utime + used.ru_stime


def in_turn(*commands: Sequence[str], rounds: int) -> list[tuple[float, ...]]:
    """The cost of each command, once per round, after a round that does not count.

    They find their bytecode, as after an installation, whatever this process was told about that.
    """
    with tempfile.TemporaryDirectory() as cache:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment["PYTHONPYCACHEPREFIX"] = cache
        costs = [tuple(process_cost(command, environment) for command in commands) for _ in range(rounds + 1)]
    return costs[1:]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


# -- within a process ------------------------------------------------------------------------------------------


def in_child(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What `function` gives in a fresh process, whose memory and caches hold nothing of this one's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def cost(action: Callable[[], object]) -> float:
    """CPU seconds of `action`, including what it takes to drop its result."""
    start = time.process_time()
    action()
    return time.process_time() - start


def best_in_turn(*actions: Callable[[], object], rounds: int = 5) -> list[float]:
    """The least cost of each action; they take turns, so that each meets the same load."""
    costs = [[cost(action) for action in actions] for _ in range(rounds)]
    return [min(column) for column in zip(*costs, strict=True)]


def peak_megabytes() -> float:
    """The most memory that this process had resident so far."""
    try:
        # On Linux ru_maxrss starts at the size that the parent had, which says nothing of this process.
        with open("/proc/self/status", encoding="ascii") as file:
            kibibytes = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except OSError:
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return kibibytes / 1024
