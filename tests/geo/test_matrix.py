import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.matrix import CLOSED_MS, NO_WAY, RoadGraph, contraction_order
from optimizer.travel import Places

NODES = 6
ARCS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 90_000), st.integers(1, 3_000), st.booleans()),
    min_size=1,
    max_size=20,
)


def graph_of(places: Places, tail: NDArray[np.int64], head: NDArray[np.int64]) -> RoadGraph:
    return RoadGraph(contraction_order(places, tail, head), tail, head)


@settings(max_examples=60, deadline=None)
@given(ARCS)
def test_ways_are_shortest_and_their_metres_bracketed(arcs: list[tuple[int, int, int, int, bool]]) -> None:
    arcs = [arc for arc in arcs if arc[0] != arc[1]] or [(0, 1, 5, 5, True)]
    tail, head, milliseconds, metres, is_open = (np.array(column) for column in zip(*arcs, strict=True))
    places = np.column_stack([np.arange(NODES) * 0.1 + 110, np.arange(NODES) ** 2 * 0.01 + 30])
    graph = graph_of(places, tail, head)
    graph.weigh("any", np.where(is_open, milliseconds, CLOSED_MS), metres)
    everywhere = np.arange(NODES)
    found_ms, found_m = graph.ways("any", everywhere, everywhere)

    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(NODES))
    peer.add_edges_from((t, h, {"ms": ms, "m": m, "both": ms + m}) for t, h, ms, m, usable in arcs if usable)
    times = dict(nx.all_pairs_dijkstra_path_length(peer, weight="ms"))
    both = dict(nx.all_pairs_dijkstra_path_length(peer, weight="both"))
    for start in range(NODES):
        for end in range(NODES):
            if end in times[start]:
                assert found_ms[start, end] == times[start][end]
                assert found_m[start, end] == both[start][end] - times[start][end]
            else:
                assert found_ms[start, end] == found_m[start, end] == NO_WAY


def test_the_metres_of_a_clear_winner_are_its_own() -> None:
    graph = graph_of(np.array([[110.0, 30.0], [110.1, 30.0], [110.2, 30.0]]), np.array([0, 1, 0]), np.array([1, 2, 2]))
    graph.weigh("car", np.array([60_000, 60_000, 500_000]), np.array([900, 900, 1_000]))
    milliseconds, metres = graph.ways("car", np.array([0]), np.array([2, 0]))
    assert milliseconds.tolist() == [[120_000, 0]]
    assert metres.tolist() == [[1_800, 0]]


def test_repeated_nodes_get_repeated_answers() -> None:
    graph = graph_of(np.array([[110.0, 30.0], [110.1, 30.0]]), np.array([0]), np.array([1]))
    graph.weigh("car", np.array([7_000]), np.array([100]))
    milliseconds, _ = graph.ways("car", np.array([1, 0, 0]), np.array([1, 1, 0]))
    assert milliseconds.tolist() == [[0, 0, NO_WAY], [7_000, 7_000, 0], [7_000, 7_000, 0]]
