"""One bundle per group at least cost within every limit, and what is proven about it: branch and price.

Most limits never bind: they take part only once a choice breaks them, and only the groups whose cheapest bundle draws
on them take part with them (the kernel). Everybody else has that bundle: no price of a limit makes another cheaper.
Prices of limits are rounded to whole fen, which keeps the bound exact: the cheapest bundles at any prices, less what
the limits are worth at them, cost no more than any choice within the limits (Lagrange).

Kits are complete or nothing, and nothing is very dear: half a kit is what makes the linear bound weak. So the proof
branches on which kits are served at all. Once that is settled, and kits have few lines, the bound is within a hair of
the best whole choice, which is then found among the bundles near the best (`optimizer.parts.whole`). Thousands of lines
in kits of many leave a gap of several percent: each has more bundles than can be looked at.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Remaining, is_over, part_of
from optimizer.parts.best_bundles import BestBundles
from optimizer.parts.bundles import FAR, best_few, bundle_fen, new_desk, refit
from optimizer.parts.columns import Columns
from optimizer.parts.drawing import draws_of, with_halves
from optimizer.parts.effort import Effort
from optimizer.parts.first_prices import prices_apart
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.improving import Improving, spans
from optimizer.parts.shares import Shares
from optimizer.parts.ways import Ways
from optimizer.parts.whole import GROUPS_AT_ONCE, SLACK_GROWS, Priced, Whole, WholeChoice

__all__ = ["Chosen", "choose_bundles"]

MOST_ROUNDS = 100
MOST_NODES = 400
FIRST_SLACK_FEN = 1_000
FEELING_ROUNDS = 15
FEELING_SHARE = 0.4
"""Of the time for the first prices, at most."""
FIRST_STEP_FEN = 4_000.0
STEP_SHRINKS = 0.9
SHORT = 0.3
"""Where more than this share of what is wanted is overdrawn at prices that were felt, they are far off."""
FEW = 6
FEW_WITHIN_FEN = 20_000
"""So many bundles of each, this near to its best, take part from the first prices on."""
GENERATING_SHARE = 0.8
"""Of the time, at most, for the first prices: a good choice needs some as well."""
IMPROVING_SHARE = 0.4
"""Of what is left then, at most: the proof finds good choices too."""
ANNEALING_SHARE = 0.85
"""The same where every order is of one piece: annealing finds better ones than the proof."""
GENERATED = 0.25
"""So much of what is near enough may be left by the prices; the rest is for the choice."""
_SLIGHT = 1e-5
_NEAR = 1e-6
_HALF = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """way: (pieces,) the way of each, NOTHING for going without. bound_fen: no choice costs less.

    short: (rows,) which limits some choice on the way would have broken. price: (rows,) fen per unit of each, to begin
    from where the same is chosen with other ways.
    """

    way: NDArray[np.int64]
    fen: int
    bound_fen: int
    short: NDArray[np.bool_]
    price: NDArray[np.int64]
    nodes: int
    columns: int


def choose_bundles(
    g: Grid,
    w: Ways,
    *,
    remaining: Remaining,
    gap: float,
    unit: int = 1,
    roomy: NDArray[np.bool_] | None = None,
    price: NDArray[np.int64] | None = None,
) -> Chosen:
    """Return the cheapest choice found and what is proven about it.

    gap: it may stop once it is this near to the bound. unit: what every choice costs a multiple of. roomy: (rows,)
    which limits the ways take for granted never to be short: it ends as soon as one is, and proves nothing then.
    price: (rows,) of the limits, near those that it is likely to end with. Without a limit of time it ends by what it
    has looked at: it repeats, and what is small enough is proven to the end.
    """
    return _Run(g, w, gap, unit, roomy, Effort(remaining)).choose(remaining, price)


@dataclass(slots=True)
class _Node:
    """A part of all choices: those that serve these kits and leave those.

    price: of the rows, at which bound_fen is proven. half: the kit that is served by half at these prices, NOTHING for
    none. share: of the columns, by their numbers.
    """

    served: frozenset[int]
    left: frozenset[int]
    bound_fen: int
    price: NDArray[np.int64]
    half: int = NOTHING
    share: dict[int, float] = field(default_factory=dict)


class _Run:
    """One choice in the making."""

    def __init__(
        self, g: Grid, w: Ways, gap: float, unit: int, roomy: NDArray[np.bool_] | None, effort: Effort
    ) -> None:
        self.unit = unit
        self.effort = effort
        self.roomy = np.flatnonzero(np.zeros(len(g.capacity), bool) if roomy is None else roomy)
        self.limits = len(g.capacity)
        self.draws, capacity = with_halves(draws_of(w), g.capacity)
        g = g._replace(capacity=capacity)
        self.g, self.w, self.gap = g, w, gap
        self.group_of_way = g.pieces["group"][w.rows["piece"]].astype(np.int64)
        self.columns = Columns(draws=self.draws)
        self.active = np.zeros(len(g.capacity), bool)
        self.kernel = np.zeros(len(g.groups), bool)
        self.shares = Shares(groups=len(g.groups), rows=len(capacity))
        self.closed: dict[tuple[tuple[int, ...], ...], Whole] = {}
        self.nodes = 0
        # Dearer than sending nothing to anybody: what going without costs a kit that a node takes for served.
        self.dearest_fen = int(g.groups["none_fen"].sum()) + 1
        nothing = np.zeros(len(g.capacity), np.int64)
        self.best = BestBundles(g, w, self.draws, effort)
        everybody = np.ones(len(g.groups), bool)
        self.alone, self.alone_fen, least = self.best.at(g, everybody, nothing)
        entry, place = self.draws.of_all(self.alone[self.alone != NOTHING])
        self.alone_row = self.draws.row[entry]
        self.alone_group = g.pieces["group"][np.flatnonzero(self.alone != NOTHING)[place]]
        self.root = _Node(served=frozenset(), left=frozenset(), bound_fen=int(least.sum()), price=nothing)
        # Whose best could not be made sure of at once takes part in the proof.
        self._join(self.alone_fen > least)

    def choose(self, remaining: Remaining, price: NDArray[np.int64] | None) -> Chosen:
        """Return the best choice: the node with the lowest bound is parted or closed until none is left below it."""
        best, fen = self.alone, int(self.alone_fen.sum())
        self._activate(self._use(self.alone))
        if not self.kernel.any():
            return self._chosen(best, fen, self.root.bound_fen)
        generating = part_of(self.effort.left, GENERATING_SHARE)
        self._begin(price, part_of(generating, FEELING_SHARE))
        if not self.active[self.roomy].any():
            self._generate(self.root, generating)
        if self.active[self.roomy].any():
            return self._chosen(best, fen, 0)
        best, fen = self._improved(remaining)
        open_ = [(self.root.bound_fen, 0, self.root)]
        closed_fen = fen
        while (
            open_
            and self._proves(open_[0][0]) < fen * (1 - self.gap)
            and self.nodes < MOST_NODES
            and not self.active[self.roomy].any()
            and not is_over(self.effort.left)
        ):
            _, _, node = heappop(open_)
            self.nodes += 1
            way, way_fen = self._in_turn(node.share)
            if way_fen < fen:
                best, fen = way, way_fen
            if node.half != NOTHING:
                following = [self._child(node, serve) for serve in (True, False)]
            else:
                way, way_fen, proven_fen = self._close(node, best, fen)
                if proven_fen is None:
                    following = [node]
                else:
                    following = []
                    closed_fen = min(closed_fen, proven_fen)
            if way_fen < fen:
                best, fen = way, way_fen
            for number, some in enumerate(following):
                heappush(open_, (some.bound_fen, 2 * self.nodes + number, some))
        bound_fen = min([fen, *(self._proves(bound) for bound in (closed_fen, *(bound for bound, _, _ in open_)))])
        return self._chosen(best, fen, bound_fen)

    def _chosen(self, way: NDArray[np.int64], fen: int, bound_fen: int) -> Chosen:
        short = self.active[: self.limits]
        return Chosen(
            way=way,
            fen=fen,
            bound_fen=bound_fen,
            short=short,
            price=self.root.price[: self.limits],
            nodes=self.nodes,
            columns=len(self.columns.fen),
        )

    def _proves(self, bound_fen: int) -> int:
        """Return the least that a choice can cost which costs no less than this."""
        return -(-bound_fen // self.unit) * self.unit

    def _begin(self, price: NDArray[np.int64] | None, remaining: Remaining) -> None:
        """Begin at prices of the limits, or find some."""
        if price is None or not price.any():
            self._feel_prices(remaining)
        else:
            self._begin_at(np.append(price, np.zeros(len(self.g.capacity) - self.limits, np.int64)), remaining)

    def _feel_prices(self, remaining: Remaining) -> None:
        """Raise the prices of what is overdrawn a few times, for the bundles and limits that come to light."""
        price = np.zeros(len(self.g.capacity))
        step_fen = FIRST_STEP_FEN
        for _ in range(FEELING_ROUNDS):
            chosen, _, _ = self.best.at(self.g, self.kernel, np.rint(price).astype(np.int64))
            whole = np.where(self.kernel[self.g.pieces["group"]], chosen, self.alone)
            self._add_all(np.flatnonzero(self.kernel), whole)
            use = self._use(whole)
            self._activate(use)
            over = (use - self.g.capacity) / np.maximum(1, self.g.capacity)
            price = np.where(self.active, np.maximum(0.0, price + step_fen * np.clip(over, -0.5, 1.0)), 0.0)
            step_fen *= STEP_SHRINKS
            if is_over(remaining):
                break
        overdrawn = np.maximum(0, use - self.g.capacity)[: self.limits]
        wanted = self.g.pieces["quantity"][self.kernel[self.g.pieces["group"]]]
        if self.kernel.any() and overdrawn.sum() > SHORT * wanted.sum():
            self._begin_at(prices_apart(self.g, self.w, self.draws, self.kernel, self.limits), remaining)

    def _begin_at(self, price: NDArray[np.int64], remaining: Remaining) -> None:
        """Begin at prices of the rows, with the few best bundles that everybody has there."""
        g = self.g
        self._activate(np.where(price > 0, g.capacity + 1.0, 0.0))
        self._add_best(self.root, g, self.kernel, price)
        _, _, least = self.best.at(g, self.kernel, price)
        groups = np.flatnonzero(self.kernel)
        size = (g.groups["last"] - g.groups["first"])[groups]
        found = np.full((len(groups), FEW, int(size.max())), NOTHING, np.int64)
        cost, counts = np.full((len(groups), FEW), FAR), np.zeros(len(groups), np.int64)
        limit = least[groups] + FEW_WITHIN_FEN
        base, desk = self.best.ways_at(price), new_desk(g)
        for begin in range(0, len(groups), GROUPS_AT_ONCE):
            if is_over(remaining):
                break
            some = slice(begin, begin + GROUPS_AT_ONCE)
            best_few(g, self.w, base, desk, groups[some], limit[some], found[some], cost[some], counts[some])
        self.effort.search(int(desk.steps[0]))
        number, place = np.nonzero((np.arange(FEW) < counts[:, None]) & (cost < FAR))
        for k, ways in zip(number.tolist(), found[number, place], strict=True):
            self._add(int(groups[k]), ways[: size[k]])

    def _improved(self, remaining: Remaining) -> tuple[NDArray[np.int64], int]:
        """Return a good choice at the prices of the root."""
        root = self.root
        alone = not (self.g.groups["last"] - self.g.groups["first"] > 1).any()
        base = self.best.ways_at(root.price)
        _, _, least = self.best.at(self.g, np.ones(len(self.g.groups), bool), root.price)
        priced = Priced(price=root.price, base=base, least=least)
        improving = Improving(self.g, self.w, self.draws, priced, self.effort)
        improving.begin(self._in_turn(root.share)[0])
        improving.refit()
        between = {self.columns.group[k] for k, share in root.share.items() if _HALF < share < 1 - _HALF}
        improving.improve(
            root.bound_fen,
            max(self._proves(root.bound_fen), int(root.bound_fen / (1 - self.gap))),
            np.array(sorted(between), np.int64),
            part_of(remaining, ANNEALING_SHARE if alone else IMPROVING_SHARE),
            alone=alone,
        )
        return improving.way, improving.fen

    def _child(self, node: _Node, serve: bool) -> _Node:
        """Return the node in which the half-served kit is served, or is not."""
        child = _Node(
            served=node.served | ({node.half} if serve else set()),
            left=node.left | (set() if serve else {node.half}),
            bound_fen=node.bound_fen,
            price=node.price,
        )
        self._generate(child, self.effort.left)
        return child

    def _generate(self, node: _Node, remaining: Remaining) -> None:
        """Find the limits that bind in a node, what they are worth, and the bundles that matter at these prices."""
        g, near = self._grid_of(node), max(_NEAR, GENERATED * self.gap)
        for _ in range(MOST_ROUNDS):
            deciding = self._deciding(node)
            if not deciding.any():
                node.bound_fen, node.share = self._settled_fen(node), {}
                break
            master, column = self.columns.master(
                deciding, g.groups["none_fen"].astype(np.int64), self.active, self.g.capacity
            )
            shared = self.shares.best(master, column, np.flatnonzero(deciding), np.flatnonzero(self.active))
            if shared is None:
                break
            self.effort.share(len(master.amount))
            price = np.zeros_like(node.price)
            price[self.active] = np.rint(shared.price).astype(np.int64)
            added = self._add_best(node, g, deciding, price)
            taken = np.flatnonzero(shared.share > _SLIGHT)
            node.share = dict(zip(column[taken].tolist(), shared.share[taken].tolist(), strict=True))
            more = self._activate(self._use_of(node))
            total_fen = shared.bound_fen + self._settled_fen(node)
            if self.active[self.roomy].any() or is_over(remaining):
                break
            if not more and (not added or total_fen - node.bound_fen <= near * total_fen):
                break
        node.half = self._half(node)

    def _grid_of(self, node: _Node) -> Grid:
        """Return the grid in which going without is no choice for those who are served."""
        if not node.served:
            return self.g
        groups = self.g.groups.copy()
        groups["none_fen"][list(node.served)] = self.dearest_fen
        return self.g._replace(groups=groups)

    def _deciding(self, node: _Node) -> NDArray[np.bool_]:
        deciding = self.kernel.copy()
        deciding[list(node.left)] = False
        return deciding

    def _settled_fen(self, node: _Node) -> int:
        """Return what those cost who have nothing to decide."""
        return int(self.alone_fen[~self.kernel].sum() + self.g.groups["none_fen"][list(node.left)].sum())

    def _half(self, node: _Node) -> int:
        """Return the kit whose being served is least settled, NOTHING when all are."""
        without: dict[int, float] = {}
        for number, share in node.share.items():
            group = self.columns.group[number]
            if self.g.groups["complete"][group] and self.columns.ways[number][0] == NOTHING:
                without[group] = share
        worth = {group: min(share, 1 - share) for group, share in without.items() if group not in node.served}
        group = max(worth, key=lambda group: (worth[group], -group), default=NOTHING)
        return group if group != NOTHING and worth[group] > _HALF else NOTHING

    def _add_best(self, node: _Node, g: Grid, deciding: NDArray[np.bool_], price: NDArray[np.int64]) -> int:
        """Add the best bundle of everybody who decides at these prices, and prove what they prove."""
        chosen, _, bound = self.best.at(g, deciding, price)
        worth_fen = int((price * self.g.capacity).sum())
        bound_fen = int(bound[deciding].sum()) + self._settled_fen(node) - worth_fen
        if bound_fen >= node.bound_fen:
            node.bound_fen, node.price = bound_fen, price
        return self._add_all(np.flatnonzero(deciding), chosen)

    def _add_all(self, groups: NDArray[np.int64], chosen: NDArray[np.int64]) -> int:
        """Add the bundles that these groups have in a choice; return how many are new."""
        first, last = self.g.groups["first"].tolist(), self.g.groups["last"].tolist()
        return sum(self._add(group, chosen[first[group] : last[group]]) for group in groups.tolist())

    def _close(
        self, node: _Node, known: NDArray[np.int64], known_fen: int
    ) -> tuple[NDArray[np.int64], int, int | None]:
        """Return the best whole choice of a node, or the known one, and the node's bound as far as it is below that.

        None for a bound where limits came to light that the choice breaks.
        """
        g, deciding = self._grid_of(node), self._deciding(node)
        base, (_, _, least) = self.best.ways_at(node.price), self.best.at(g, deciding, node.price)
        priced = Priced(price=node.price, base=base, least=least)
        choice = WholeChoice(g, self.w, self.draws, self.active, priced, self.effort)
        whole = np.where(self.kernel[self.g.pieces["group"]], NOTHING, self.alone)
        bound_fen = fen = self._settled_fen(node)
        for groups, rows in self._components(deciding):
            key = tuple(groups.tolist()), tuple(rows.tolist()), tuple(sorted(node.served.intersection(groups.tolist())))
            if key not in self.closed:
                self.closed[key] = choice.decide(
                    groups,
                    rows,
                    known=self._whole_of(groups, known),
                    slack_fen=min(
                        max(FIRST_SLACK_FEN, (known_fen - node.bound_fen) // SLACK_GROWS + 1),
                        known_fen - node.bound_fen,
                    ),
                    gap=self.gap / 2,
                )
            decided = self.closed[key]
            whole[decided.piece] = decided.way
            fen += decided.fen
            bound_fen += decided.bound_fen
        if self._activate(self._use(whole)):
            node.bound_fen = max(node.bound_fen, bound_fen)
            self._generate(node, self.effort.left)
            return *self._in_turn(node.share), None
        return whole, fen, max(node.bound_fen, bound_fen)

    def _whole_of(self, groups: NDArray[np.int64], way: NDArray[np.int64]) -> Whole:
        """Return what these groups have in a choice."""
        o = self.g.groups[groups]
        fen = sum(
            bundle_fen(self.g, self.w, group, way[first:last])
            for group, first, last in zip(groups.tolist(), o["first"].tolist(), o["last"].tolist(), strict=True)
        )
        piece = spans(o["first"], o["last"])
        return Whole(piece=piece, way=way[piece], fen=fen, bound_fen=-FAR)

    def _components(self, deciding: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the groups that share what is short, directly or by way of others, with the rows they share."""
        taken = self.active[self.draws.row] & deciding[self.group_of_way[self.draws.way]]
        group = self.group_of_way[self.draws.way[taken]]
        row = self.draws.row[taken] + len(self.g.groups)
        mark = np.arange(len(self.g.capacity) + len(self.g.groups))
        while True:
            least = mark.copy()
            np.minimum.at(least, group, mark[row])
            np.minimum.at(least, row, least[group])
            least = least[least]
            if (least == mark).all():
                break
            mark = least
        groups, rows = np.flatnonzero(deciding), np.flatnonzero(self.active)
        of_group, of_row = mark[groups], mark[rows + len(self.g.groups)]
        return [(groups[of_group == one], rows[of_row == one]) for one in np.unique(of_group)]

    def _use(self, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how much of every row the chosen ways take."""
        share = np.zeros(len(self.w.rows))
        share[chosen[chosen != NOTHING]] = 1.0
        return self._use_of_ways(share)

    def _use_of(self, node: _Node) -> NDArray[np.float64]:
        """Return how much of every row a node's shares take, with everybody who is not in the kernel."""
        of_way = np.zeros(len(self.w.rows))
        outside = self.alone[~self.kernel[self.g.pieces["group"]]]
        of_way[outside[outside != NOTHING]] = 1.0
        for number, share in node.share.items():
            for way in self.columns.ways[number]:
                if way != NOTHING:
                    of_way[way] += share
        return self._use_of_ways(of_way)

    def _use_of_ways(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        draws = self.draws
        use = np.bincount(draws.row, draws.amount * share[draws.way], minlength=len(self.g.capacity))
        return use.astype(np.float64)

    def _activate(self, use: NDArray[np.float64]) -> bool:
        """Let the rows that are overdrawn take part, and whose best bundles draw on them; say whether there are any."""
        broken = (use > self.g.capacity + 1e-6) & ~self.active
        if not broken.any():
            return False
        self.active |= broken
        joining = np.zeros_like(self.kernel)
        joining[self.alone_group[broken[self.alone_row]]] = True
        self._join(joining & ~self.kernel)
        return True

    def _join(self, joining: NDArray[np.bool_]) -> None:
        """Let these groups take part."""
        self.kernel |= joining
        for group in np.flatnonzero(joining):
            o = self.g.groups[group]
            self._add(int(group), self.alone[o["first"] : o["last"]])
            self._add(int(group), np.full(o["last"] - o["first"], NOTHING, np.int64))

    def _add(self, group: int, ways: NDArray[np.int64]) -> bool:
        return self.columns.add(group, ways.tolist(), lambda: bundle_fen(self.g, self.w, group, ways))

    def _in_turn(self, share: dict[int, float]) -> tuple[NDArray[np.int64], int]:
        """Return a choice made group by group: first the bundles that are taken for the most part, as far as they fit.

        Then the others, those that are dearest to leave first, each its best from what is left.
        """
        g, draws = self.g, self.draws
        best = np.where(self.kernel[g.pieces["group"]], NOTHING, self.alone)
        left = (g.capacity - self._use(best)).astype(np.int64)
        fen = int(self.alone_fen[~self.kernel].sum())
        first, last = g.groups["first"].tolist(), g.groups["last"].tolist()
        waiting = self.kernel.copy()
        for number in sorted(share, key=lambda number: (-share[number], number)):
            group, ways = self.columns.group[number], self.columns.ways[number]
            if share[number] < 0.5 or ways[0] == NOTHING or not waiting[group]:
                continue
            if self._take(left, [way for way in ways if way != NOTHING]):
                waiting[group] = False
                best[first[group] : last[group]] = ways
                fen += self.columns.fen[number]
        order = np.flatnonzero(waiting)
        order = order[np.argsort(-g.groups["none_fen"][order], kind="stable")]
        room, base = g._replace(capacity=left), self.w.rows["fen"].copy()
        refit(room, self.w, base, new_desk(self.g), draws.first, draws.row, draws.amount, order, best)
        fen += sum(bundle_fen(g, self.w, group, best[first[group] : last[group]]) for group in order.tolist())
        return best, fen

    def _take(self, left: NDArray[np.int64], ways: list[int]) -> bool:
        """Take what these ways draw on, if all of it is left."""
        entries, _ = self.draws.of_all(np.array(ways, np.int64))
        rows, amounts = self.draws.row[entries], self.draws.amount[entries]
        np.subtract.at(left, rows, amounts)
        if (left[rows] >= 0).all():
            return True
        np.add.at(left, rows, amounts)
        return False
