"""The groups whose laws are estimated, and the wider groups that small ones lean on.

A group is a state with one level of each axis; the group above it drops the last axis. Groups of
fewer people than an axis asks for are taken together with their like, so that no law is that of a
few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

REST = -1
"""The level of everyone whose own is too small to stand alone."""


@dataclass(frozen=True)
class Nodes:
    """Groups by the state and levels that make them.

    Attributes:
        keys: (groups, 1 + axes) the state, and the level of each axis or `REST`.
        of: (stays,) the group of each stay.
        chain: the parent of each group, of each parent, and so on up to everyone.
        stays: (groups,) how many stays each has.
    """

    keys: Ints
    of: Ints
    chain: tuple[Ints, ...]
    stays: Ints

    @classmethod
    def over(
        cls, state: Ints, levels: Ints, person: Ints, states: int, few: Sequence[int]
    ) -> Nodes:
        """Groups of stays by state and levels: (stays, axes), `REST` for none of its own.

        ``few`` says how many people a group needs to stand alone, axis by axis. Every state has a
        group for the rest of it.

        >>> levels, who = np.array([[0]] * 12 + [[1]] * 3), np.arange(15)
        >>> nodes = Nodes.over(np.zeros(15, int), levels, who, 1, [10])
        >>> nodes.keys.tolist(), nodes.stays.tolist()
        ([[0, -1], [0, 0]], [3, 12])
        """
        axes = levels.shape[1]
        key = np.column_stack([state, levels]).astype(np.int64)
        sizes = [states + 1, *(levels.max(axis=0, initial=0) + 2)]
        for depth in range(axes, 0, -1):
            _, code = np.unique(_number(key, sizes), return_inverse=True)
            pairs = np.unique(code * (person.max(initial=0) + 1) + person)
            people = np.bincount(pairs // (person.max(initial=0) + 1))
            key[people[code] < few[depth - 1], depth:] = REST
        rest = np.full((states, 1 + axes), REST)
        rest[:, 0] = np.arange(states)
        key = np.concatenate([key, rest])
        _, first, code = np.unique(_number(key, sizes), return_index=True, return_inverse=True)
        keys, of = key[first], code[: len(state)]
        chain, wider = [], keys
        for depth in range(axes, -1, -1):
            _, first, parent = np.unique(
                _number(wider[:, :depth], sizes), return_index=True, return_inverse=True
            )
            wider = wider[first, :depth]
            chain.append(parent.astype(np.int64))
        return cls(keys, of.astype(np.int64), tuple(chain), np.bincount(of, minlength=len(keys)))

    def of_levels(self, state: int, levels: Sequence[int]) -> int:
        """The group whose law the people of a state with some levels take."""
        for depth in range(len(levels), -1, -1):
            key = (state, *levels[:depth], *[REST] * (len(levels) - depth))
            if key in self._index:
                return self._index[key]
        raise KeyError(state)

    @cached_property
    def _index(self) -> dict[tuple[int, ...], int]:
        return {tuple(key): i for i, key in enumerate(self.keys.tolist())}


def _number(key: Ints, sizes: Sequence[int]) -> Ints:
    """One number for each key, in the order of the keys; `REST` comes first at every axis."""
    number = np.zeros(len(key), np.int64)
    for column, size in zip(key.T, sizes, strict=False):
        number = number * size + column - REST
    return number
