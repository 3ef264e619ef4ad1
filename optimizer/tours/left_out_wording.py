"""What is said of a job that no tour does, in English and Chinese."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.model import DAY_S
from optimizer.tours.model import Crew, Touring, TourJob, TourRule, WorkKind
from optimizer.tours.outlets import open_day
from optimizer.tours.plan import Instead
from optimizer.tours.told import limit_why

__all__ = ["Prices", "Worded", "agreed", "uncertified", "worded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A reason and its remedy, "" when there is none."""

    reason: str
    reason_zh: str
    remedy: str
    remedy_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Fen of leaving a job out and of its cheapest place, None without one; alone: on a tour of its own.

    promised: worth that place for a date that was told and is not kept. limits: of a planner's, that leave it none.
    """

    left_out: int
    placed: int | None
    alone: bool
    promised: bool = False
    limits: tuple[TourRule, ...] = ()


def worded(
    asked: Touring, job: TourJob, rule: TourRule, instead: Instead, prices: Prices, soon_s: int | None = None
) -> Worded:
    """Return the sentences. soon_s: the soonest that a crew could be there, None where that is not known."""
    reason, reason_zh = _reason(asked, job, rule, prices, soon_s)
    remedy, remedy_zh = _remedy(job, rule, prices)
    then, then_zh = _then(asked, job, instead)
    return Worded(
        reason=f"{reason} {then}",
        reason_zh=f"{reason_zh}{then_zh}",
        remedy=remedy.format(people=job.people),
        remedy_zh=remedy_zh.format(people=job.people),
    )


def agreed(asked: Touring, job: TourJob, crew: Crew, day: int, *, stops: bool) -> Mapping[str, str]:
    """Return the remedy for a job that a tour has a place for on a day on which its time has run out.

    stops: the crew is in the village that day anyway.
    """
    date = _date(asked, day)
    where, where_zh = (f"stops there on {date}", "到该村") if stops else (f"has room for it on {date}", "可顺路前往")
    what, what_zh = _AGREE[job.kind]
    return {
        "remedy": f"{crew.name} {where}: {what} until then.",
        "remedy_zh": f"{crew.name} {date} {where_zh}：{what_zh}。",
    }


_AGREE = {
    WorkKind.CALL: ("ask the customer to agree, on record, to wait", "征得客户同意等到当天并记录"),
    WorkKind.CONSENTED: ("ask the customer to agree, on record, to wait", "征得客户同意等到当天并记录"),
    WorkKind.PREVENTIVE: ("widen the tolerance of the maintenance plan", "将保养计划的容差放宽到当天"),
}


def uncertified(asked: Touring, job: TourJob, instead: Instead, crew: Crew, day: int) -> Worded:
    """Return what is said of a job in a village where a crew stops on a day, without the certificates that it needs."""
    date = asked.date.toordinal() + day
    valid = {c.scheme for c in crew.certificates if c.first.toordinal() <= date <= c.last.toordinal()}
    lacks = sorted(job.certificates - valid)
    schemes, schemes_zh, on = ", ".join(lacks), "、".join(lacks), _date(asked, day)
    then, then_zh = _then(asked, job, instead)
    return Worded(
        reason=f"{crew.name} stops there on {on} and holds no valid certificate ({schemes}) that day. {then}",
        reason_zh=f"{crew.name} {on} 到该村，但当天没有有效证书（{schemes_zh}）。{then_zh}",
        remedy=f"Renew the certificate ({schemes}) of {crew.name} by {on}, or let somebody who holds it go with them.",
        remedy_zh=f"在 {on} 前为{crew.name}续办证书（{schemes_zh}），或派持证人员同行。",
    )


def _remedy(job: TourJob, rule: TourRule, prices: Prices) -> tuple[str, str]:
    if prices.limits:
        options = [_OPTION[limit] for limit in prices.limits]
        return f"Allow more: {', '.join(options)}.", f"放宽 {'、'.join(options)}。"
    if rule is TourRule.KIT and job.kit_ready_s is None:
        return (
            "Order its parts and record the delivery that is expected; then plan again.",
            "请订购配件并登记预计到货，然后重新规划。",
        )
    return _REMEDY.get(rule, ("", ""))


_OPTION = {TourRule.NIGHTS: "--nights", TourRule.DAY_METRES: "--km", TourRule.VAN_DAYS: "--van-days"}


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"


def _date(asked: Touring, day: int) -> str:
    return (asked.date + dt.timedelta(days=day)).isoformat()


def _moment(asked: Touring, at_s: int) -> str:
    return f"{_date(asked, at_s // DAY_S)} {at_s % DAY_S // 3600:02d}:{at_s % 3600 // 60:02d}"


def _reason(asked: Touring, job: TourJob, rule: TourRule, prices: Prices, soon_s: int | None) -> tuple[str, str]:
    last = _moment(asked, job.last_s) if job.last_s < asked.days * DAY_S else ""
    first = _date(asked, max(0, job.first_s) // DAY_S)
    soon = "" if soon_s is None else f" ({_moment(asked, soon_s)} at the earliest)"
    soon_zh = "" if soon_s is None else f"（最早 {_moment(asked, soon_s)}）"
    schemes = ", ".join(sorted(job.certificates))
    skill = f"{job.skill.family} level {job.skill.level}"
    skill_zh = f"{job.skill.family} {job.skill.level} 级"
    if rule is TourRule.NOT_WORTH and prices.placed is not None:
        placed, left = _yuan(prices.placed), _yuan(prices.left_out)
        if prices.alone:
            return (
                f"It fits no tour; one of its own would cost about {placed} yuan, leaving it out costs {left}.",
                f"现有行程排不下；单独前往约需 {placed} 元，不排为 {left} 元。",
            )
        return (
            f"The cheapest place on a tour costs {placed} yuan, leaving it out {left}.",
            f"排进巡回最少要 {placed} 元，不排为 {left} 元。",
        )
    if prices.limits:
        whys = [limit_why(asked, limit) for limit in prices.limits]
        return f"{'; '.join(why.en for why in whys)}.", f"{'；'.join(why.zh for why in whys)}。"
    if rule is TourRule.KIT and job.kit_ready_s is None:
        return (
            "No stock of its parts is known for it, and none is expected.",
            "没有可用的配件库存，也没有预计到货。",
        )
    if rule is TourRule.UNKNOWN and prices.promised:
        return (
            "With it a date would be kept that people were told; no tour was found for it beside what the tours do.",
            "做了它就能保住已公布的日期；在现有行程之外未找到合规的行程。",
        )
    return {
        TourRule.SKILL: (f"No crew has {skill}.", f"没有巡回组具备{skill_zh}技能。"),
        TourRule.CERTIFICATE: (
            f"No crew holds a valid certificate ({schemes}) on a day it could come.",
            f"可出行的日子里没有巡回组持有效证书（{schemes}）。",
        ),
        TourRule.CREW: (
            f"It takes {job.people} people; no crew is as large.",
            f"需要 {job.people} 人，没有这么大的巡回组。",
        ),
        TourRule.LOAD: ("No van can carry what it needs.", "没有车辆装得下所需物品。"),
        TourRule.KIT: ("Its parts are not there in time for any departure.", "配件在任何一次出发前都到不了。"),
        TourRule.CLOCK: (
            f"Its clock ran out ({last}), and nobody consented to wait.",
            f"时限（{last}）已过，且客户未同意等候。",
        )
        if job.last_s < asked.now_s
        else (
            f"Its clock runs out ({last}) before a crew can be there{soon}, and nobody consented to wait.",
            f"时限（{last}）在巡回组到达前{soon_zh}已到，且客户未同意等候。",
        ),
        TourRule.CONSENT: (
            f"The consent to wait ends ({last}) before a crew can be there{soon}.",
            f"客户同意等候至 {last}，巡回组此前到不了{soon_zh}。",
        ),
        TourRule.TOLERANCE: (
            f"Its tolerance ends ({last}) before a crew can be there{soon}.",
            f"保养容差期至 {last}，巡回组此前到不了{soon_zh}。",
        )
        if last
        else (
            f"It may be done from {first} on, and no crew works then before the tours end.",
            f"{first} 起方可保养，此后本期没有巡回组出勤。",
        ),
        TourRule.DRIVING: (
            "The village is beyond a day's driving from home and from every bed.",
            "该村距网点和所有住宿点都超过一天的行车限制。",
        ),
        TourRule.LODGING: ("No bed is near enough to visit the village in a day.", "附近没有当天可到该村的住宿点。"),
        TourRule.TRAVEL: (
            "The village is cut off on every day it could be visited.",
            "可上门的日子里该村道路全部中断。",
        ),
        TourRule.FORBIDDEN: ("A planner forbade the village.", "规划员已禁止前往该村。"),
        TourRule.LOCKED: ("Locked days leave no room for it.", "已锁定的日程没有余地。"),
        TourRule.ANNOUNCED: (
            "People were told another date, which stays.",
            "已向村民公布了别的日期，不再更改。",
        ),
        TourRule.WINDOW: (
            "No crew is out on a day for which people can still be told to come.",
            "已来不及通知村民：可通知的日子里没有巡回组出行。",
        ),
        TourRule.DAY_OFF: (
            "No crew works on a day on which people could come.",
            "村民可来的日子里没有巡回组出勤。",
        ),
        TourRule.SPACING: (
            "Beside its other visits it would come too soon or too late.",
            "与同一客户的其他上门间隔不符。",
        ),
        TourRule.CONTACT: (
            "Its village's contact meets another crew that day.",
            "当天该村联系人要接待另一巡回组。",
        ),
        TourRule.ROOM: (
            "A crew could come for it alone; beside what the tours do it has no legal place.",
            "单独前往可行，但与现有行程放不下。",
        ),
    }.get(rule, ("Nothing computed explains it.", "计算未能给出原因。"))


_REMEDY = {
    TourRule.SKILL: ("Train or lend somebody with this skill.", "培训或借调具备该技能的人员。"),
    TourRule.CERTIFICATE: ("Renew the certificate, or lend somebody who holds it.", "续办证书，或借调持证人员。"),
    TourRule.CREW: ("Send a crew of {people}.", "派 {people} 人巡回组。"),
    TourRule.LOAD: ("Send a larger van.", "换更大的车辆。"),
    TourRule.KIT: ("Have the parts sent faster, or leave later.", "加急配件，或推迟出发。"),
    TourRule.CLOCK: ("Ask the customer to consent to wait, on record.", "征得客户同意等候并记录。"),
    TourRule.CONSENT: ("Ask the customer to wait longer, on record.", "征得客户同意延长等候并记录。"),
    TourRule.TOLERANCE: ("Widen the tolerance of the maintenance plan.", "放宽保养计划的容差。"),
    TourRule.DRIVING: ("Add a bed on the way.", "在沿途增加住宿点。"),
    TourRule.LODGING: ("Add a bed near the village.", "在该村附近增加住宿点。"),
    TourRule.TRAVEL: (
        "Agree with the customer, on record, to wait until the road is open, or to bring the unit to where it is.",
        "征得客户同意等到道路恢复并记录，或请客户把机器送到能通车的地方。",
    ),
    TourRule.ROOM: ("One more crew or day.", "增加一个巡回组或一天。"),
}


def _then(asked: Touring, job: TourJob, instead: Instead) -> tuple[str, str]:
    village = next(village for village in asked.villages if village.id == job.village_id)
    opens = open_day(asked, village, job)
    if instead is Instead.OUTLET:
        where = f" {job.outlet_id}" if job.outlet_id else ""
        if opens is not None and any(day < opens for day in village.cut_off if day >= asked.now_s // DAY_S):
            date = _date(asked, opens)
            return f"Outlet{where} does it once the road is open, {date}.", f"{date} 道路恢复后由网点{where}上门。"
        return f"Outlet{where} does it.", f"由网点{where}上门。"
    if instead is Instead.NOBODY and opens is None:
        return "No outlet gets there either: its promise breaks.", "网点也到不了：承诺将失守。"
    if instead is Instead.LATER and job.kit_ready_s is None:
        return "It may wait; no next chance is known.", "可以等候；下次机会未定。"
    if instead is Instead.LATER:
        days, date = asked.days, _date(asked, asked.days)
        return (
            f"It may wait until after these {days} days; nothing is planned yet from {date} on.",
            f"可以等到这 {days} 天之后；{date} 起尚未规划。",
        )
    return "Nobody else can: its promise breaks.", "没有其他人可以上门：承诺将失守。"
