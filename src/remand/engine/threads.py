"""Work shared among a few threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], items: Sequence[T], threads: int | None) -> list[R]:
    """Do ``work`` for every item on a few threads; results in order.

    Linear algebra keeps to one thread meanwhile: its own would fight ours for the processors,
    which doubles the time.
    """
    workers = min(len(items), threads or os.cpu_count() or 1)
    with _libraries().limit(limits=1, user_api="blas"):
        if workers <= 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(work, items))


@cache
def _libraries() -> ThreadpoolController:
    """The thread pools of the libraries loaded (looked up once; it takes a while)."""
    return ThreadpoolController()
