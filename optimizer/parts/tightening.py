"""Which of many columns a choice cheaper than a known one may hold: limits that shares may break, and nothing whole.

Three groups that want two of three units each may have halves of everything, where one of them gets it all. So limits
are added that every whole choice keeps to: some limits added up, both sides halved and rounded down (Chvátal and
Gomory). At the prices of all limits a choice costs the bound and what its columns cost more than the cheapest of their
groups: a column by which that is no less than what a known choice costs is in none that is cheaper. The prices are
whole fen, which keeps it exact.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import is_over
from optimizer.engines.mip import Master
from optimizer.parts.effort import Effort
from optimizer.parts.odd_sums import odd_sums
from optimizer.parts.shares import Shares

__all__ = ["FEW", "Tight", "tightened"]

MOST_ROUNDS = 60
MOST_ADDED = 300
ADDED_AT_ONCE = 40
AT_ONCE = 2
"""So many columns of a group join at a time: with all that could, the program would be several times as large."""
BEGIN_WITH = 4
"""So many columns for each group, those that regret least, take part from the first."""
FEW = 3_000
"""Where no more are left than these it is over: a program of so few is soon solved."""
STEADY = 0.02
"""Prices are near their best once the bound lacks no more than this share of what is left to the known choice."""
_HALF = 1e-3
_FAR = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tight:
    """kept: (columns,) which may be in a cheaper choice than any known. whole: the columns of one that was met."""

    kept: NDArray[np.bool_]
    bound_fen: int
    whole: NDArray[np.bool_] | None


def tightened(pool: Master, price: NDArray[np.int64], known_fen: int, effort: Effort) -> Tight:
    """Return which columns are left to a choice that costs less than the known one, or than one that is met.

    price: (rows,) fen per unit, to begin with.
    """
    made = _Tightening(pool, known_fen)
    made.run(price, effort)
    return Tight(kept=made.kept, bound_fen=made.bound_fen, whole=made.whole)


class _Tightening:
    """The columns of a pool, its rows, a limit of one for each of its groups, and the limits that were added."""

    def __init__(self, pool: Master, known_fen: int) -> None:
        self._pool, self._known_fen = pool, known_fen
        order, members = np.argsort(pool.row, kind="stable"), np.argsort(pool.group, kind="stable")
        by_row = np.searchsorted(pool.row[order], np.arange(len(pool.capacity) + 1))
        by_group = np.searchsorted(pool.group[members], np.arange(pool.groups + 1))
        rows = [order[a:b] for a, b in pairwise(by_row)]
        self._columns = [pool.column[some] for some in rows]
        self._columns += [members[a:b] for a, b in pairwise(by_group)]
        self._amounts = [pool.amount[some] for some in rows] + [np.ones(n, np.int64) for n in np.diff(by_group)]
        self._capacity = [*pool.capacity.tolist(), *[1] * pool.groups]
        self._given = len(self._capacity)
        self._shares = Shares(groups=pool.groups, rows=len(pool.capacity) + MOST_ADDED)
        self._cost = pool.fen
        self.kept = np.ones(len(pool.fen), bool)
        self.bound_fen = -_FAR
        self.whole: NDArray[np.bool_] | None = None

    def run(self, price: NDArray[np.int64], effort: Effort) -> None:
        """Add columns until the prices are right, then limits, and so on until few columns are left."""
        pool = self._pool
        active = self._first(self._look(price))
        for _ in range(MOST_ROUNDS):
            column = np.flatnonzero(active)
            master = self._master(column)
            rows = np.arange(len(master.capacity))
            shared = self._shares.best(master, column, np.arange(pool.groups), rows)
            if shared is None:
                break
            effort.share(len(master.amount))
            share = np.zeros(len(pool.fen))
            share[column] = shared.share
            self._meet(share)
            self._look(np.rint(shared.price).astype(np.int64))
            if self.kept.sum() <= FEW or is_over(effort.left):
                break
            least = np.full(pool.groups, _FAR)
            np.minimum.at(least, pool.group[active], self._cost[active])
            fresh = self._cheapest(self.kept & ~active & (self._cost < least[pool.group]))
            active[fresh] = True
            steady = shared.bound_fen - self.bound_fen <= STEADY * (self._known_fen - self.bound_fen)
            if (steady or not len(fresh)) and not self._add(share) and not len(fresh):
                break

    def _first(self, regret: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the columns to begin with: those that regret least, of every group some, and going without."""
        pool = self._pool
        active: NDArray[np.bool_] = np.bincount(pool.column, minlength=len(pool.fen)) == 0
        active[np.argsort(regret, kind="stable")[: BEGIN_WITH * pool.groups]] = True
        active[self._cheapest(np.ones(len(active), bool))] = True
        return active

    def _cheapest(self, some: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the few cheapest of these columns in each group."""
        column = np.flatnonzero(some)
        column = column[np.lexsort((self._cost[column], self._pool.group[column]))]
        group = self._pool.group[column]
        cheapest: NDArray[np.int64] = column[np.arange(len(column)) - np.searchsorted(group, group) < AT_ONCE]
        return cheapest

    def _look(self, price: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keep what is left at these prices of the rows and of what was added; return what each column regrets."""
        pool, rows = self._pool, len(self._pool.capacity)
        cost = pool.fen.copy()
        np.add.at(cost, pool.column, price[pool.row] * pool.amount)
        worth_fen = int((price[:rows] * pool.capacity).sum())
        for number, fen in enumerate(price[rows:].tolist(), self._given):
            cost[self._columns[number]] += fen * self._amounts[number]
            worth_fen += fen * self._capacity[number]
        least = np.full(pool.groups, _FAR)
        np.minimum.at(least, pool.group, cost)
        regret: NDArray[np.int64] = cost - least[pool.group]
        bound_fen = int(least.sum()) - worth_fen
        self.kept &= bound_fen + regret < self._known_fen
        self.bound_fen = max(self.bound_fen, bound_fen)
        self._cost = cost
        return regret

    def _meet(self, share: NDArray[np.float64]) -> None:
        """Take shares that are whole for a choice, if nothing cheaper is known."""
        pool = self._pool
        taken = share > 1 - _HALF
        use = np.bincount(pool.row, pool.amount * taken[pool.column], minlength=len(pool.capacity))
        one_each = (np.bincount(pool.group[taken], minlength=pool.groups) == 1).all()
        if one_each and (use <= pool.capacity).all() and int(pool.fen[taken].sum()) < self._known_fen:
            self._known_fen, self.whole = int(pool.fen[taken].sum()), taken

    def _master(self, column: NDArray[np.int64]) -> Master:
        """Return the program of some columns."""
        pool, rows = self._pool, len(self._pool.capacity)
        place = np.full(len(pool.fen), -1)
        place[column] = np.arange(len(column))
        added = [
            np.vstack((np.full(len(some), rows + number), place[some], amounts))
            for number, (some, amounts) in enumerate(
                zip(self._columns[self._given :], self._amounts[self._given :], strict=True)
            )
        ]
        row, of, amount = np.hstack([np.vstack((pool.row, place[pool.column], pool.amount)), *added])
        return Master(
            fen=pool.fen[column],
            group=pool.group[column],
            groups=pool.groups,
            row=row[of >= 0],
            column=of[of >= 0],
            amount=amount[of >= 0],
            capacity=np.append(pool.capacity, np.array(self._capacity[self._given :], np.int64)),
        )

    def _add(self, share: NDArray[np.float64]) -> bool:
        """Add limits that these shares break; say whether there are any."""
        numbers, slack = self._tight(share)
        column = np.unique(np.concatenate([self._columns[number] for number in numbers] or [np.zeros(0, np.int64)]))
        column = column[share[column] > _HALF]
        place = np.full(len(share), -1)
        place[column] = np.arange(len(column))
        parity = np.zeros((len(numbers), len(column)), bool)
        for k, number in enumerate(numbers):
            here = place[self._columns[number]]
            parity[k, here[here >= 0]] = self._amounts[number][here >= 0] % 2 == 1
        odd = np.array([self._capacity[number] % 2 == 1 for number in numbers], bool)
        room = self._given + MOST_ADDED - len(self._capacity)
        found = odd_sums(parity, odd, slack, share[column])[: min(ADDED_AT_ONCE, room)]
        for some in found:
            self._halve([numbers[k] for k in np.flatnonzero(some)])
        return bool(found)

    def _halve(self, numbers: list[int]) -> None:
        """Add half of the sum of these limits, rounded down."""
        total = np.zeros(len(self._pool.fen), np.int64)
        for number in numbers:
            np.add.at(total, self._columns[number], self._amounts[number])
        columns = np.flatnonzero(total >= 2)
        self._columns.append(columns)
        self._amounts.append(total[columns] // 2)
        self._capacity.append(sum(self._capacity[number] for number in numbers) // 2)

    def _tight(self, share: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
        """Return the limits that are used up, in part by halves, with those of all groups that use them."""
        between = (share > _HALF) & (share < 1 - _HALF)
        tight: dict[int, float] = {}
        for number, (columns, amounts) in enumerate(zip(self._columns, self._amounts, strict=True)):
            if between[columns].any():
                slack = self._capacity[number] - float((share[columns] * amounts).sum())
                if slack < 1 - _HALF:
                    tight[number] = max(0.0, slack)
        for number in list(tight):
            columns = self._columns[number]
            groups = self._pool.group[columns[share[columns] > _HALF]]
            tight |= dict.fromkeys((len(self._pool.capacity) + groups).tolist(), 0.0)
        return list(tight), np.array(list(tight.values()))
