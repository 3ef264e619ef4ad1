"""Build datasets/data/roads.npz, the proxy road graph, from the places and provinces beside it.

Usage: python -m bench.build_roads, after a change of geo/proxy_roads.py or of the places. The same places give the same
bytes with the same versions of the libraries.
"""

import numpy as np

from geo.estimate import ROADS_PATH
from geo.proxy_roads import build_roads

__all__ = ["main"]


def main() -> None:
    """Write the file anew."""
    np.savez_compressed(ROADS_PATH, **build_roads())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
