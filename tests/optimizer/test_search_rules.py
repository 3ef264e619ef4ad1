from optimizer.check import RULES
from optimizer.model import Rule
from optimizer.search.rules import KEPT_BY


def test_every_hard_rule_has_both_bodies() -> None:
    reasons_only = {Rule.ROOM, Rule.UNKNOWN}
    assert set(KEPT_BY) == set(RULES) == set(Rule) - reasons_only
