"""Which limits to add up and halve so that shares break what is left of them: elimination modulo two.

After Koster, Zymolka and Kutschka (2009), "Algorithms to separate {0, 1/2}-Chvátal-Gomory cuts".
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["odd_sums"]

BROKEN = 0.05
"""By at least so much of a unit, before it is halved."""


def odd_sums(
    parity: NDArray[np.bool_], odd: NDArray[np.bool_], slack: NDArray[np.float64], share: NDArray[np.float64]
) -> list[NDArray[np.bool_]]:
    """Return sets of limits (limits,), those most broken first.

    parity: (limits, columns) where a column takes an odd amount of a limit. odd: which limits are. slack: what the
    shares of the columns leave of them. What is odd in a sum is lost when it is halved, of the limit for the shares.
    """
    sums, live = np.eye(len(odd), dtype=bool), np.ones(len(odd), bool)
    parity, odd, slack = parity.copy(), odd.copy(), slack.copy()
    found: dict[bytes, tuple[float, NDArray[np.bool_]]] = {}
    for column in [*np.argsort(-share, kind="stable").tolist(), None]:
        lost = slack + parity @ share
        for k in np.flatnonzero(live & odd & (lost < 1 - BROKEN)):
            found.setdefault(sums[k].tobytes(), (float(lost[k]), sums[k].copy()))
        having = np.flatnonzero(live & parity[:, column]) if column is not None else np.zeros(0, np.int64)
        if len(having) == 0:
            continue
        # The tightest of those that have it makes all others even there.
        pivot, others = having[np.argmin(slack[having])], having[having != having[np.argmin(slack[having])]]
        parity[others] ^= parity[pivot]
        sums[others] ^= sums[pivot]
        odd[others] ^= odd[pivot]
        slack[others] += slack[pivot]
        live[pivot] = False
        live &= slack < 1
    return [rows for _, rows in sorted(found.values(), key=lambda one: (one[0], one[1].tobytes()))]
