"""How long stages take that run several at a time, each after those it builds on."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping


def makespan(
    seconds: Mapping[str, float], inputs: Mapping[str, Iterable[str]], at_once: int
) -> float:
    """Return when the last stage ends if a free place always takes the first stage that is ready.

    Args:
        seconds: that each stage still takes, in the order in which they are started; those that
            run already come first.
        inputs: stages that a stage builds on; those without an entry in ``seconds`` are done.
        at_once: how many stages run at the same time, at least 1.

    >>> makespan({"a": 3, "b": 2, "c": 1}, {"a": [], "b": [], "c": ["b"]}, at_once=2)
    3.0
    """
    blocked = {name: {one for one in inputs[name] if one in seconds} for name in seconds}
    users = defaultdict(list)
    for name, needed in blocked.items():
        for one in needed:
            users[one].append(name)
    rank = {name: number for number, name in enumerate(seconds)}
    # Ranks grow, so this list is a heap.
    ready = [(rank[name], name) for name, needed in blocked.items() if not needed]
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < at_once:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[name], name))
        now, ended = heapq.heappop(running)
        for name in users[ended]:
            blocked[name].discard(ended)
            if not blocked[name]:
                heapq.heappush(ready, (rank[name], name))
    return now
