"""What the tours do not keep is said, as often as it is priced."""

from optimizer.tours.cost import price_tours
from optimizer.tours.model import Levers, LockedDay, OnTheRoad
from optimizer.tours.plan import TourPlan
from optimizer.tours.unkept import unkept
from tests.make_tours import crew, touring, village


def test_everything_that_is_priced_is_said() -> None:
    asked = touring(
        villages=(village(announced_day=3),),
        crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=1)),),
        levers=Levers(
            must_visit=frozenset({"v1"}),
            locked=(LockedDay(crew_id="c1", day=4, job_ids=("j1",), lodging_id=None),),
        ),
    )
    nothing = TourPlan(tours=())
    said = unkept(asked, nothing)
    assert [one.about for one in said] == ["c1", "v1", "v1", "j1"]
    assert price_tours(asked, nothing).kept == len(said) * asked.charges.keep_fen
    assert "镇上" in said[0].sentence_zh
    assert "2026-03-05" in said[1].sentence


def test_nothing_asked_is_nothing_unkept() -> None:
    assert unkept(touring(), TourPlan(tours=())) == ()
