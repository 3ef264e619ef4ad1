"""Where the search keeps each hard rule: the second body of every rule, beside `optimizer.check.RULES`."""

from collections.abc import Callable, Mapping

from optimizer.model import Rule
from optimizer.roster import visit_windows
from optimizer.search.arrays import build_problem
from optimizer.search.insertion import cheapest_gap, insert
from optimizer.search.schedule import close_route, evaluate, pass_stop, visit_start

__all__ = ["KEPT_BY"]

KEPT_BY: Mapping[Rule, Callable[..., object]] = {
    Rule.SKILL: build_problem,
    Rule.CERTIFICATE: build_problem,
    Rule.WINDOW: visit_start,
    Rule.SHIFT: close_route,
    Rule.BREAK: pass_stop,
    Rule.LOAD: cheapest_gap,
    Rule.MODE: build_problem,
    Rule.CREW: build_problem,
    Rule.KIT: visit_start,
    Rule.CONSENT: build_problem,
    Rule.LOCK: visit_windows,
    Rule.FREEZE: visit_windows,
    Rule.ONCE: insert,
    Rule.TRAVEL: evaluate,
    Rule.HOURS: visit_start,
}
"""What depends on a job and a shift alone is decided once, in `build_problem`; the rest wherever time passes."""
