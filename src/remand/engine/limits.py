"""Rules that couple people: who is sent on, and who is let go, when places are full."""

from __future__ import annotations

from remand.engine.book import following, nth, take
from remand.engine.cache import compiled
from remand.engine.kernel import Limit
from remand.engine.streams import draw, stream

LAST = Limit.LAST


@compiled
def held(plan, x, low, inside):
    """People whom a limit counts."""
    held = 0
    for i in range(len(inside)):
        if plan.limits.rank[x, low + i] >= 0:
            held += inside[i, plan.limits.state[x]]
    return held


@compiled
def refuse(plan, x, t, low, key, moved, waiting, inside, excused, drawn, overflow, book):
    """Send on those at the door of a full state, chosen at random among them; 1 if there were."""
    if plan.limits.kept[x, t] <= 0.0:
        return 0
    s, target = plan.limits.state[x], plan.limits.target[x]
    begin, end = plan.into_start[s], plan.into_start[s + 1]
    door = 0
    for i in range(len(waiting)):
        if plan.limits.rank[x, low + i] >= 0:
            for j in range(begin, end):
                door += waiting[i, plan.into[j]]
    many = min(held(plan, x, low, inside) + door - plan.limits.places[x] - excused[x], door)
    if many <= 0:
        return 0
    at = stream(key, plan.limits.keys[x], t)
    for _ in range(many):
        slot = drawn[x]
        drawn[x] += 1
        if draw(at, slot, 0) >= plan.limits.kept[x, t]:
            excused[x] += 1
            continue
        chosen = int(draw(at, slot, 1) * door)
        for i in range(len(waiting)):
            if plan.limits.rank[x, low + i] < 0:
                continue
            for j in range(begin, end):
                m = plan.into[j]
                if 0 <= chosen < waiting[i, m]:
                    on = plan.move[plan.origin[m], target]
                    moved[i, t, m] -= 1
                    moved[i, t, on] += 1
                    waiting[i, m] -= 1
                    waiting[i, on] += 1
                    if book is not None:
                        take(book, i, t, m, t, on, following(book, i, t, m))
                    chosen = -1
                elif chosen >= 0:
                    chosen -= waiting[i, m]
        door -= 1
        overflow[x, 1, t] += 1
    return 1


@compiled
def discharge(plan, x, t, low, key, moved, waiting, inside, excused, drawn, overflow, book):
    """Discharge people inside a state over its limit; how many."""
    if plan.limits.kept[x, t] <= 0.0:
        return 0
    s = plan.limits.state[x]
    on = plan.move[s, plan.limits.target[x]]
    at = stream(key, plan.limits.keys[x], t)
    sent, rank, due = 0, 0, t + 1
    over = held(plan, x, low, inside) - plan.limits.places[x] - excused[x]
    while over > 0:
        slot = drawn[x]
        drawn[x] += 1
        over -= 1
        if draw(at, slot, 0) >= plan.limits.kept[x, t]:
            excused[x] += 1
            continue
        if plan.limits.random[x]:
            rank, due, chosen = 0, t + 1, 0
            for i in range(len(inside)):
                if plan.limits.rank[x, low + i] >= 0:
                    chosen += inside[i, s]
            chosen = int(draw(at, slot, 1) * chosen)
        else:
            rank, due = _nearest(plan, x, s, low, rank, due, t + 1, moved)
            if rank < 0:
                break
            chosen = int(draw(at, slot, 1) * _due(plan, x, s, low, rank, moved, due))
        _send(plan, x, s, on, t, low, rank, due, chosen, moved, waiting, inside, book)
        overflow[x, 0, t] += 1
        sent += 1
    return sent


@compiled
def _due(plan, x, s, low, rank, moved, due):
    """People of a rank due to leave a state at a step."""
    count = 0
    for i in range(len(moved)):
        if plan.limits.rank[x, low + i] == rank:
            for j in range(plan.out_start[s], plan.out_start[s + 1]):
                count += moved[i, due, plan.out[j]]
    return count


@compiled
def _nearest(plan, x, s, low, rank, due, soonest, moved):
    """The first rank and step, from here on, at which someone is due to leave; −1 if none is."""
    most = -1
    for i in range(len(moved)):
        if plan.limits.rank[x, low + i] < LAST:
            most = max(most, plan.limits.rank[x, low + i])
    start = due
    while rank <= most:
        for step in range(start, plan.steps + 1):
            if _due(plan, x, s, low, rank, moved, step) > 0:
                return rank, step
        rank += 1
        start = soonest
    return -1, due


@compiled
def _send(plan, x, s, on, t, low, rank, due, chosen, moved, waiting, inside, book):
    """Let one person go now: the ``chosen``-th of a rank, counted from a step on."""
    for i in range(len(moved)):
        own = plan.limits.rank[x, low + i]
        if plan.limits.random[x]:
            if own < 0:
                continue
            if chosen >= inside[i, s]:
                chosen -= inside[i, s]
                continue
        elif own != rank:
            continue
        for step in range(due, plan.steps + 1 if plan.limits.random[x] else due + 1):
            for j in range(plan.out_start[s], plan.out_start[s + 1]):
                m = plan.out[j]
                if chosen < moved[i, step, m]:
                    moved[i, step, m] -= 1
                    moved[i, t, on] += 1
                    waiting[i, on] += 1
                    inside[i, s] -= 1
                    if book is not None:
                        take(book, i, step, m, t, on, nth(book, i, step, m, chosen))
                    return
                chosen -= moved[i, step, m]
