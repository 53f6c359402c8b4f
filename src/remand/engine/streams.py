"""Random numbers with an address: one stream a (seed, replicate, purpose), one draw a slot.

A draw is a hash of where it is needed, not of how many were drawn before it. Scenarios with one
seed and replicate therefore live in the same world: the fifth person to enter a state on a day
meets the same luck in each, and adding a state, a stratum or a policy shifts nobody else's. The
hash is the finalizer of SplitMix64 over a Weyl sequence (Steele, Lea & Flood, "Fast Splittable
Pseudorandom Number Generators", OOPSLA 2014), which has passed BigCrush.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from remand.engine.cache import compiled

WEYL = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio in 64 bits: steps of it never meet again before 2⁶⁴ draws."""

SLOT = np.uint64(8)
"""Draws a slot owns; a person needs at most five."""

_ONE, _TWO = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


def purpose(*names: str) -> np.uint64:
    """The key of a purpose: of its names alone, so that no other purpose can shift it.

    >>> int(purpose("jail", "drug") ^ purpose("jail", "drug"))
    0
    """
    text = "\x1f".join(names).encode()
    return np.uint64(int.from_bytes(blake2b(text, digest_size=8).digest(), "little"))


def world(seed: int, replicate: int) -> np.uint64:
    """The key of one replicate of one seed."""
    return purpose(str(seed), str(replicate))


@compiled
def mix(x):  # type: ignore[no-untyped-def]
    """64 well-stirred bits of a 64-bit address."""
    x = (x ^ (x >> _30)) * _ONE
    x = (x ^ (x >> _27)) * _TWO
    return x ^ (x >> _31)


@compiled
def unit(bits):  # type: ignore[no-untyped-def]
    """A number in [0, 1) from 64 bits: the upper 53 of them."""
    return np.int64(bits >> _11) * _UNIT


@compiled
def stream(world, purpose, step):  # type: ignore[no-untyped-def]
    """Where the slots of one purpose begin at one step."""
    return mix(mix(world ^ purpose) + WEYL * np.uint64(step + 1))


@compiled
def draw(key, slot, which):  # type: ignore[no-untyped-def]
    """The ``which``-th number in [0, 1) of a slot."""
    return unit(mix(key + WEYL * (SLOT * np.uint64(slot) + np.uint64(which))))
