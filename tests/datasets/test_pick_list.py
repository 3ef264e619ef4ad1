"""What each technician takes before leaving: the kit of every visit, in the order of the visits."""

import csv
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

from datasets.day import DayFolder, read_day
from datasets.pick_list import PICK_COLUMNS, pick_list_table, picks_of
from optimizer.plan import Plan
from tests import make
from tests.datasets import make_day_folder, make_plan_folder
from tests.datasets.make_names import named

H = 3_600


def rows(folder: DayFolder, plan: Plan) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pick_list_table(folder, plan).decode("utf-8-sig"))))


def two_visits(first_s: int, second_s: int, *, ready_s: int) -> tuple[DayFolder, Plan]:
    """Make a route with a at first and then b; b needs a part that is ready at a time, a nothing that is shipped."""
    day = make.parts_day(
        make.job("a", position=make.at(600)),
        make.job("b", position=make.at(900), order_lines=(make.order_line(quantity=2),)),
    )
    shipment = make.shipment(job_id="b", quantity=2, ready_s=ready_s)
    plan = make.plan(day, make.route(day, ("a", first_s), ("b", second_s)), shipments=[shipment])
    return replace(named(day), carried={"a": (("p9", 1),), "b": (("p9", 3),)}), plan


def test_a_pick_says_what_for_whom_and_from_where() -> None:
    (first, second, third) = rows(*two_visits(10 * H, 11 * H, ready_s=9 * H))
    assert tuple(first) == PICK_COLUMNS
    assert first == {
        "technician_id": "t1",
        "outlet_id": "o1",
        "date": "2026-03-02",
        "sequence": "1",
        "visit_at": "2026-03-02T10:00:00+08:00",
        "leaves_at": first["leaves_at"],
        "job_id": "a",
        "part_id": "p9",
        "name": "",
        "quantity": "1",
        "carried": "yes",
        "order_line_id": "",
        "warehouse_id": "",
        "mode": "",
        "ready_at": "",
        "after_leaving": "no",
        "bring_by": "",
    }
    assert (second["job_id"], second["part_id"], second["quantity"]) == ("b", "p1", "2")
    assert (second["order_line_id"], second["warehouse_id"], second["mode"]) == ("l1", "w1", "standard")
    assert (second["ready_at"], second["name"], second["sequence"]) == ("2026-03-02T09:00:00+08:00", "主控板", "2")
    assert (third["job_id"], third["carried"], third["quantity"]) == ("b", "yes", "3")


def test_a_kit_that_arrives_after_leaving_says_so() -> None:
    folder, plan = two_visits(8 * H, 11 * H, ready_s=9 * H)
    assert plan.routes[0].depart_s < 9 * H
    assert [row["after_leaving"] for row in rows(folder, plan)] == ["no", "yes", "no"]
    assert [row["bring_by"] for row in rows(folder, plan)] == ["", "2026-03-02T11:00:00+08:00", ""]
    leaves_s = plan.routes[0].depart_s
    folder, plan = two_visits(8 * H, 11 * H, ready_s=leaves_s)
    assert [row["after_leaving"] for row in rows(folder, plan)] == ["no", "no", "no"]


def test_its_units_are_those_of_the_shipments(tmp_path: Path) -> None:
    folder = read_day(make_day_folder.write(tmp_path / "day", make_day_folder.tables()))
    plan = make_plan_folder.PLAN
    shipped = Counter[tuple[str, str]]()
    for shipment in plan.shipments:
        shipped[shipment.job_id, shipment.part_id] += shipment.quantity
    picked = Counter[tuple[str, str]]()
    for pick in picks_of(folder, plan):
        if pick.shipment is not None:
            picked[pick.job_id, pick.part_id] += pick.quantity
    assert picked == shipped
    assert {pick.shipment for pick in picks_of(folder, plan)} - {None} == set(plan.shipments)


def test_what_every_van_has_is_known_from_the_kit(tmp_path: Path) -> None:
    folder = read_day(make_day_folder.write(tmp_path / "day", make_day_folder.tables()))
    assert dict(folder.carried) == {"J2": (("P3", 2),), "J3": (("P3", 1),)}
    carried = [pick for pick in picks_of(folder, make_plan_folder.PLAN) if pick.shipment is None]
    assert [(pick.technician_id, pick.job_id, pick.part_id, pick.quantity) for pick in carried] == [
        ("T2", "J2", "P3", 2)
    ]


def test_names_cannot_run_as_formulas() -> None:
    folder, plan = two_visits(10 * H, 11 * H, ready_s=9 * H)
    folder = replace(folder, parts=folder.parts.assign(name="=1+1"))
    assert rows(folder, plan)[1]["name"] == "'=1+1"


def test_a_day_without_visits_has_no_picks() -> None:
    folder, plan = two_visits(10 * H, 11 * H, ready_s=9 * H)
    assert rows(folder, replace(plan, routes=())) == []
