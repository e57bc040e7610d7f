"""Names that differ from a known one by a slip."""

from __future__ import annotations

from collections.abc import Iterable


def close_names(name: str, known: Iterable[str], distance: int) -> list[str]:
    """The known names within an edit distance of `name`, nearest first; a swap of neighbours counts as one."""
    found = [(edit_distance(name, item), item) for item in known if abs(len(item) - len(name)) <= distance]
    near = sorted(item for item in found if item[0] <= distance)
    return [item for steps, item in near if steps == near[0][0]]


def edit_distance(a: str, b: str) -> int:
    """How many letters must be inserted, removed, replaced, or swapped with their neighbour to get `b` from `a`."""
    two, one = list[int](), list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        row = [i]
        for j, right in enumerate(b, 1):
            cost = min(one[j] + 1, row[j - 1] + 1, one[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, two[j - 2] + 1)
            row.append(cost)
        two, one = one, row
    return one[-1]
