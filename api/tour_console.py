"""What a planner sees of tours: the figures beside two rules by hand, what was left out, where to look next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from api.tour_not_kept import not_kept_lines
from api.tour_table import tour_table, why_no_tour, yuan
from api.touring import ToursPlanned
from datasets.tour_actuals import Outcome, Progress
from datasets.tour_announcing import VillageTold
from datasets.tour_apologies import APOLOGIES_FILE
from datasets.tour_kpis import TourKpis
from datasets.tour_names import SpareShort, Toured, hour_text
from datasets.tour_progress import TakenUp
from datasets.tour_sheets import ADVICE_ZH
from datasets.tour_told import Promise
from optimizer.tours.fitting import Advice
from optimizer.tours.model import WorkKind
from optimizer.tours.plan import Instead
from optimizer.tours.unkept import not_held

__all__ = ["STAGES", "print_progress", "print_taken_up", "print_told", "print_tours"]

STAGES = {
    "reading": ("Reading the region", 0.0),
    "travel": ("Travel times", 0.05),
    "planning": ("Which villages, which days, where to sleep", 0.1),
    "kits": ("Kits that are there before departure", 0.8),
    "check": ("Checking every rule", 0.85),
    "by hand": ("The same region by two rules of thumb", 0.87),
    "fitting": ("Whether to go now or later", 0.92),
    "writing": ("Writing the papers", 0.95),
}
"""Stage → its words, and the share of the whole that is behind when it begins."""
ADVICE = {
    Advice.NOW: "Go now",
    Advice.IN_3_DAYS: "Go in 3 days",
    Advice.IN_7_DAYS: "Go in 7 days",
    Advice.NOT_WORTH: "Not worth a tour yet",
}
BECOMES = {
    Instead.OUTLET: "left to the daily plan",
    Instead.LATER: "left for later",
    Instead.NOBODY: "with nobody",
}
MOST_LINES = 5
"""So many late kits and forgotten villages are named; the rest are counted."""


def print_tours(planned: ToursPlanned, out: Path) -> None:
    """Print the key figures, then what needs somebody's eye, then where to look next."""
    console = Console()
    for line in not_kept_lines(not_held(planned.toured.asked, planned.toured.result.plan)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    title = "Tours" + (" (stopped early)" if planned.stopped else "")
    console.print(tour_table(title, planned.ours, planned.by_hand))
    console.print("By hand: the nearest village with work next, as crews do it without a plan.")
    limit_s = planned.toured.asked.driving_s
    for line in why_no_tour(planned.ours, planned.by_hand, planned.nearest_s, limit_s):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for line in (*_proof(planned), *_against_outlet(planned.ours), *_urgent(planned), *_left_out(planned)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for line in (*_kits(planned), *_fitting(planned), *_forgotten(planned), *_travel(planned), *_where(out)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _proof(planned: ToursPlanned) -> Iterator[str]:
    kpis = planned.ours
    if kpis.gap is None:
        return
    if kpis.bound_fen >= kpis.total_fen:
        yield f"Proven: no choice among the {kpis.candidates:,} tours met costs less."
        return
    said = f"Of the {kpis.candidates:,} tours met, no choice costs less than {yuan(kpis.bound_fen)}; "
    if kpis.gap < 1:
        yield f"{said}this one is within {kpis.gap:.2%} of what is paid."
    else:
        yield f"{said}how much better there is than this one is not known: give it more --seconds."


def _against_outlet(kpis: TourKpis) -> Iterator[str]:
    if kpis.road_fen_per_job is None:
        return
    said = f"A job on these tours costs {yuan(kpis.road_fen_per_job)} on the road"
    if kpis.outlet_fen_per_job is None:
        yield f"{said}; no outlet could do any of them."
        return
    others = kpis.jobs - kpis.priced_jobs
    yield (
        f"{said}; an outlet would be paid {yuan(kpis.outlet_fen_per_job)} for each of the {kpis.priced_jobs:,} "
        f"it could do, and could not do the other {others:,}."
    )


def _urgent(planned: ToursPlanned) -> Iterator[str]:
    """Yield what becomes of calls whose clock is running: how many, and why each that needs somebody's eye."""
    toured, since = planned.toured, planned.since
    calls = {job.id for job in toured.asked.jobs if job.kind is WorkKind.CALL}
    if not calls:
        return
    left = [one for one in toured.result.plan.left_out if one.job_id in calls]
    said = [f"{len(calls) - len(left):,} on a tour"]
    for instead, words in BECOMES.items():
        said.append(f"{sum(one.instead is instead for one in left):,} {words}")
    new = "" if since is None else f" ({len(calls - since):,} of them new since --base)"
    yield f"Calls with a running clock: {len(calls):,}{new}: {', '.join(said)}."
    named = [one for one in left if one.instead is Instead.NOBODY or (since is not None and one.job_id not in since)]
    named.sort(key=lambda one: (one.instead is not Instead.NOBODY, one.job_id))
    for one in named[:MOST_LINES]:
        village = toured.villages[toured.jobs[one.job_id].village_id].name
        yield f"  {one.job_id} in {village} ({BECOMES[one.instead]}): {one.reason} {one.reason_zh}"
    if len(named) > MOST_LINES:
        yield f"  … and {len(named) - MOST_LINES:,} more, see left_out.csv."
    if since is not None:
        where = {visit.job_id: (tour, day) for tour, day, visit in toured.result.plan.visits()}
        taken = [id_ for id_ in sorted(calls - since) if id_ in where]
        for id_ in taken[:MOST_LINES]:
            tour, day = where[id_]
            yield f"  {id_}: on {toured.tour_id(tour)}, {toured.date(day.day)}."


def _left_out(planned: ToursPlanned) -> Iterator[str]:
    kpis = planned.ours
    if kpis.left_out:
        rules = ", ".join(f"{rule} {count:,}" for rule, count in kpis.left_out_by_rule.items())
        instead = ", ".join(f"{what} {count:,}" for what, count in kpis.instead.items())
        yield f"Left out by rule: {rules}. Instead: {instead}. Each with its reason: left_out.csv."
    if planned.aside:
        aside = ", ".join(f"{why} {count:,}" for why, count in planned.aside.items())
        yield f"Calls of the folder that are none of a tour's: {aside}."


def _kits(planned: ToursPlanned) -> Iterator[str]:
    kpis, late = planned.ours, [one for one in planned.toured.kit_orders if one.job_id and not one.in_time]
    if kpis.kit_lines:
        yield f"Kits: {kpis.kit_lines:,} lines ordered, {kpis.kit_lines_in_time:,} there before departure."
    if kpis.spare_lines or planned.toured.kit_short:
        met = [permille / 10 for permille in kpis.fixed_on_spot_permille.values()]
        yield (
            f"Spare parts: {kpis.spare_lines:,} lines ordered; of the needs not known beforehand what a van carries "
            f"meets {sum(met) / len(met):.0f} % on average, {min(met):.0f} % on the tour that has fewest aboard."
        )
    yield from _short(planned.toured)
    for order in late[:MOST_LINES]:
        yield (
            f"  Not there when the crew leaves: {order.part_id} for job {order.job_id} ({order.answer}). "
            f"出发时未到：{order.job_id} 的配件 {order.part_id}。"
        )
    if len(late) > MOST_LINES:
        yield f"  … and {len(late) - MOST_LINES:,} more, see kit_orders.csv."


def _short(toured: Toured) -> Iterator[str]:
    """Yield tour by tour which spare parts a van has too few of, those that it lacks most of first."""
    by_tour: dict[str, list[SpareShort]] = {}
    for one in sorted(toured.kit_short, key=lambda one: one.there - one.wanted):
        by_tour.setdefault(one.tour_id, []).append(one)
    for tour_id in sorted(by_tour):
        short = by_tour[tour_id]
        said = [f"{one.part_id} {one.wanted} wanted, {one.there} there: {_why(one)}" for one in short]
        said_zh = [f"{one.part_id} 需 {one.wanted} 件，到 {one.there} 件（{_why_zh(one)}）" for one in short]
        more = f"; and {len(short) - MOST_LINES:,} more, see kit_short.csv" if len(short) > MOST_LINES else ""
        more_zh = f"；另有 {len(short) - MOST_LINES:,} 种" if len(short) > MOST_LINES else ""
        yield (
            f"  Too few spares for {tour_id}: {'; '.join(said[:MOST_LINES])}{more}. "
            f"{tour_id} 备件不足：{'；'.join(said_zh[:MOST_LINES])}{more_zh}。"
        )


def _why(short: SpareShort) -> str:
    if short.left:
        return "others come too late, or cost more than they are worth"
    return "no more in stock" if short.there else "no stock"


def _why_zh(short: SpareShort) -> str:
    if short.left:
        return "其余按时送达不划算或来不及"
    return "库存不足" if short.there else "无库存"


def _fitting(planned: ToursPlanned) -> Iterator[str]:
    found = planned.toured.fitting
    if found is None:
        return
    curve = ", ".join(
        f"{f'in {one.delay_days} days' if one.delay_days else 'today'} {yuan(one.value_fen)} ({_jobs(one.served)})"
        for one in found.curve
    )
    yield f"{ADVICE[found.advice]} ({ADVICE_ZH[found.advice]}). Worth of leaving: {curve}."
    for one in found.forced[:MOST_LINES]:
        yield f"  {one.sentence} {one.sentence_zh}"
    if len(found.forced) > MOST_LINES:
        yield f"  … and {len(found.forced) - MOST_LINES:,} more that cannot wait for a week, see tours.json."


def _forgotten(planned: ToursPlanned) -> Iterator[str]:
    found, villages = planned.ours.villages_unvisited, planned.toured.villages
    if not found:
        return
    named = [
        f"{villages[id_].name} ({'never' if days is None else f'{days:,} days'})"
        for id_, days in list(found.items())[:MOST_LINES]
    ]
    more = f" and {len(found) - MOST_LINES:,} more" if len(found) > MOST_LINES else ""
    yield (
        f"Not visited for {planned.ours.unvisited_days:,} days by the end: {len(found):,} villages: "
        f"{', '.join(named)}{more} (unvisited.csv)."
    )


def _travel(planned: ToursPlanned) -> Iterator[str]:
    kind = "an estimate, no road file behind it" if planned.toured.is_estimate else "from roads"
    yield f"Travel times: {planned.toured.provider} ({kind})."
    asked = planned.toured.asked_of_service
    if asked and asked["pairs"]["estimated"]:
        reasons = ", ".join(f"{one['reason']} {one['pairs']:,}" for one in asked["reasons"])
        yield f"Estimated instead: {asked['pairs']['estimated']:,} pairs ({reasons})."


def _where(out: Path) -> Iterator[str]:
    yield f"The tours are in {out}: print sheets/index.html, send announcements.csv, order kit_orders.csv; tours.png."


def print_progress(toured: Toured, progress: Progress) -> None:
    """Print what became of the visits, tour by tour, and what was not planned."""
    console = Console()
    # Nothing but spaces between columns: all of them are to be read in a terminal of 80.
    table = Table(title="Planned against actual", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0))
    table.add_column("tour", overflow="fold", vertical="bottom")
    for name in ("planned", *(str(one).replace("_", "\n") for one in Outcome), "nothing\nwritten", "late,\nmean"):
        table.add_column(name, justify="right", no_wrap=True, vertical="bottom")
    for tour in toured.tours:
        some = Progress(visits=tuple(one for one in progress.visits if one.tour is tour), unplanned=())
        table.add_row(toured.tour_id(tour), *_counts(some))
    if len(toured.tours) > 1:
        table.add_row("all", *_counts(progress))
    console.print(table)
    if progress.unplanned:
        named = ", ".join(one.job_id for one in progress.unplanned[:MOST_LINES])
        console.print(f"Not planned: {len(progress.unplanned):,} ({named}).", markup=False, soft_wrap=True)


def _crews_away(toured: Toured, taken: TakenUp) -> Iterator[str]:
    """Yield where crews go on from, and which of them are between two places."""
    for crew_id, lodging_id in taken.away.items():
        where = toured.lodgings[lodging_id].name if lodging_id else "its outlet, which it left this morning"
        where_zh = toured.lodgings[lodging_id].name if lodging_id else "今早出发的网点"
        crew = toured.crews[crew_id].name
        yield f"{crew} goes on from {where}. {crew}从{where_zh}继续。"
        if crew_id in taken.driven:
            yield (
                f"  NOTE: {crew} is on the road; its ways are counted from there, so times are too long or too short "
                f"by what it has driven since. 注意：{crew}正在途中，路程仍从该处算起，时间会多算或少算已行驶的部分。"
            )
    for crew_id, arrives_s in taken.nearly.items():
        crew, clock = toured.crews[crew_id].name, hour_text(arrives_s)
        lodging_id = taken.away.get(crew_id, "")
        where, where_zh = (toured.lodgings[lodging_id].name,) * 2 if lodging_id else ("home", "网点")
        yield (
            f"{crew} has driven more than half of its way to {where}: it is taken to be there at {clock}. "
            f"{crew}去{where_zh}的路已过半，按 {clock} 到达处理。"
        )


def print_taken_up(toured: Toured, taken: TakenUp, onward: Path) -> None:
    """Print what is out of the folder, what is not, where crews are, and what to do next."""
    lines = [
        f"Out of the folder: {_jobs(len(taken.done))} done, {len(taken.trusted):,} begun of which nobody wrote. "
        f"已移出：完成 {len(taken.done):,} 项，已开始但无人登记 {len(taken.trusted):,} 项。"
    ]
    if taken.trusted:
        lines.append(
            f"  Taken as done, though nobody wrote anything: {', '.join(taken.trusted)}. If they were not: write them "
            "into the file, or --plan-unreported plans all of them again. "
            f"无人登记，按已完成处理：{'、'.join(taken.trusted)}；如未完成请登记，或用 --plan-unreported 重新规划。"
        )
    if taken.again:
        again_zh = _some(taken.again, "、", "，另有 {} 项")
        lines.append(f"To be planned again: {_some(taken.again)}. 需重新规划：{again_zh}。")
    lines += _crews_away(toured, taken)
    for id_, still in taken.in_vain.items():
        name = toured.villages[id_].name
        if still:
            lines.append(
                f"{name} was visited in vain and must still be visited: work is left there. "
                f"{name}空跑一次，仍有工单，继续列为必须前往。"
            )
        else:
            lines.append(
                f"{name} was visited in vain, and nothing is left to do there: it need not be visited again. "
                f"{name}空跑一次，已无工单，不再列为必须前往。"
            )
    if taken.missed:
        named = [(toured.villages[one.village_id].name, one.day) for one in taken.missed]
        names = ", ".join(f"{name} ({toured.date(day)})" for name, day in named)
        names_zh = "、".join(f"{name} {toured.date_zh(day)}" for name, day in named)
        lines.append(
            f"NOT KEPT: the date told has passed, and nobody came: {names}. 已公布的日期已过，无人前往：{names_zh}。"
        )
        lines.append(f"Drafts of what to tell them: {onward / APOLOGIES_FILE}. 致歉通知草稿见 {APOLOGIES_FILE}。")
    if taken.on_their_way:
        lines.append(
            f"{taken.on_their_way:,} parts for tours still to leave are on their way, or there; they stay at its "
            f"crew's outlet (outlet_stock.csv). {taken.on_their_way:,} 件配件已发往尚未出发的巡回组网点，仍可使用。"
        )
    if taken.brought_home:
        lines.append(
            f"{taken.brought_home:,} spare parts of tours that are home are taken as not used (kit_returns.csv), "
            "and lie at their crew's outlet (outlet_stock.csv): count them. "
            f"已返回的巡回组预计带回 {taken.brought_home:,} 件备用配件，已记入其网点库存，请清点。"
        )
    lines.append(
        f"The rest is in {onward}: plan it with --base and the folder of the tours. 其余工作在此文件夹，"
        "请用 --base 加原巡回文件夹继续规划。"
    )
    for line in lines:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)


def print_told(toured: Toured, told: Sequence[VillageTold], onward: Path) -> None:
    """Print which dates are new in the folder and which are taken off, village by village, and what to do next."""

    def dates(village_id: str, promises: Sequence[Promise], comma: str = ", ", elsewhere: str = " in {}") -> str:
        return comma.join(
            f"{date}{'' if stop_id == village_id else elsewhere.format(toured.villages[stop_id].name)}"
            for date, stop_id in promises
        )

    def dates_zh(village_id: str, promises: Sequence[Promise]) -> str:
        return dates(village_id, promises, "、", "（在{}）")

    lines = []
    for one in told:
        said = [f"told {dates(one.village_id, one.new)}"] if one.new else []
        said += [f"no more {dates(one.village_id, one.taken_off)}"] if one.taken_off else []
        said_zh = [f"新通知 {dates_zh(one.village_id, one.new)}"] if one.new else []
        said_zh += [f"取消 {dates_zh(one.village_id, one.taken_off)}"] if one.taken_off else []
        name = toured.villages[one.village_id].name
        lines.append(f"{name} ({one.village_id}): {'; '.join(said)}. {'；'.join(said_zh)}。")
    lines.append(
        f"{len(told):,} villages have other dates than before in {onward}: plans of it keep them. "
        f"共 {len(told):,} 个村的日期有变，以后的规划将予遵守。"
    )
    for line in lines:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"


def _some(names: Sequence[str], comma: str = ", ", more: str = " and {} more") -> str:
    rest = more.format(f"{len(names) - MOST_LINES:,}") if len(names) > MOST_LINES else ""
    return comma.join(names[:MOST_LINES]) + rest


def _counts(progress: Progress) -> Iterator[str]:
    yield f"{len(progress.visits):,}"
    for outcome in (*Outcome, None):
        yield f"{progress.count(outcome):,}"
    late = [one.late_s for one in progress.visits if one.late_s is not None]
    yield f"{sum(late) / len(late) / 60:+.0f} min" if late else "–"
