"""The wording of explanations in English and in Chinese, in one place: facts come in, sentences go out."""

from collections.abc import Iterable, Mapping, Sequence

from optimizer.clock import time_text
from optimizer.explanation import Sentence
from optimizer.model import DAY_S, ClockKind, Job, Outlet, Rule, Shift, Technician, TravelMode, Window

__all__ = [
    "BEYOND",
    "CONSENT_MISSING",
    "CONSENT_REMEDY",
    "HELD_EXCLUDED",
    "HELD_OUTSIDE",
    "ITEM_WORDS",
    "LATE_ALREADY",
    "LOCK_RELEASE",
    "MODE_WORDS",
    "NOBODY_SOONER",
    "NOTHING_NEEDED",
    "NO_REMEDY",
    "NO_SHIFT",
    "RULE_WORDS",
    "UNKNOWN_CAUSE",
    "both_fact",
    "break_fact",
    "certificate_fact",
    "certificate_words",
    "clause",
    "closest_words",
    "crew_fact",
    "crew_words",
    "dearer_words",
    "difference_words",
    "duration_words",
    "fits_fact",
    "force_words",
    "freeze_fact",
    "frozen_elsewhere_fact",
    "full_words",
    "give_way_words",
    "held_words",
    "hours_fact",
    "items_words",
    "joined",
    "kit_fact",
    "late_words",
    "load_fact",
    "load_words",
    "lock_fact",
    "missed_words",
    "missing_words",
    "nearest_words",
    "new_time_words",
    "opens_late_words",
    "overtime_words",
    "parts_words",
    "past_words",
    "place_fact",
    "possible_words",
    "reach_fact",
    "reach_words",
    "room_fact",
    "served_words",
    "shift_fact",
    "skill_fact",
    "skill_words",
    "someone",
    "sooner_words",
    "stretch_words",
    "thaw_words",
    "then_words",
    "time_unknown_fact",
    "time_words",
    "too_late_fact",
    "way_fact",
    "way_made_fact",
    "window_fact",
    "window_words",
    "yuan",
]

MODE_WORDS = {
    TravelMode.CAR: Sentence(en="car", zh="汽车"),
    TravelMode.MOTORBIKE: Sentence(en="motorbike", zh="摩托车"),
    TravelMode.EBIKE: Sentence(en="e-bike", zh="电动车"),
    TravelMode.TRANSIT: Sentence(en="public transport", zh="公共交通"),
    TravelMode.WALK: Sentence(en="foot", zh="步行"),
}
ITEM_WORDS = {
    "travel": Sentence(en="travel", zh="路程"),
    "overtime": Sentence(en="overtime", zh="加班"),
    "contract": Sentence(en="contract tariff", zh="特约费用"),
    "own_first": Sentence(en="own service first", zh="自营优先"),
    "second_visit": Sentence(en="risk of a second visit", zh="二次上门风险"),
    "over_qualification": Sentence(en="over-qualification", zh="技能过高"),
    "continuity": Sentence(en="another technician than the customer knows", zh="更换熟悉的技师"),
    "lateness": Sentence(en="lateness", zh="超时效"),
    "time": Sentence(en="waiting, parts and preferences", zh="等待、配件与偏好"),
    "churn": Sentence(en="changes of what was published", zh="派工变动"),
    "workload": Sentence(en="visits owed to contract outlets", zh="特约网点保底单量"),
    "unserved": Sentence(en="jobs left out", zh="未派单"),
    "parity": Sentence(en="remote customers' share", zh="偏远地区达成率"),
}


def clause(en: str, zh: str) -> Sentence:
    """Return the sentence in both languages."""
    return Sentence(en=en, zh=zh)


def joined(parts: Iterable[Sentence], en: str = "; ", zh: str = "；") -> Sentence:
    """Return several sentences as one."""
    parts = [part for part in parts if part.en]
    return Sentence(en=en.join(part.en for part in parts), zh=zh.join(part.zh for part in parts))


def yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals."""
    return f"{fen / 100:,.2f}"


def time_words(time_s: int) -> Sentence:
    """Return a time of the horizon."""
    day = time_s // DAY_S
    clock = time_text(time_s - day * DAY_S)
    zh = {-2: "前日", -1: "昨日", 0: "", 1: "次日"}.get(day, f"第{day + 1}日" if day > 0 else f"{-day}天前")
    return Sentence(en=time_text(time_s), zh=f"{zh}{clock}")


def window_words(windows: Sequence[Window], most: int = 3) -> Sentence:
    """Return time windows, the first few of them."""
    spans = [(time_words(window.earliest_s), time_words(window.latest_s)) for window in windows[:most]]
    more = len(windows) > most
    return Sentence(
        en=", ".join(f"{a.en}–{b.en}" for a, b in spans) + ", …" * more,
        zh="、".join(f"{a.zh}–{b.zh}" for a, b in spans) + "……" * more,
    )


def duration_words(seconds: int) -> Sentence:
    """Return a duration in minutes, from two hours on in hours and minutes; a started minute counts."""
    minutes = -(-seconds // 60)
    hours, rest = divmod(minutes, 60)
    if hours < 2:
        return Sentence(en=f"{minutes} min", zh=f"{minutes}分钟")
    return Sentence(
        en=f"{hours} h" + (f" {rest} min" if rest else ""), zh=f"{hours}小时" + (f"{rest}分钟" if rest else "")
    )


def difference_words(fen: int) -> Sentence:
    """Return a difference of plan cost."""
    if fen == 0:
        return Sentence(en="at the same cost", zh="费用不变")
    en, zh = ("dearer", "多花") if fen > 0 else ("cheaper", "节省")
    return Sentence(en=f"{yuan(abs(fen))} yuan {en}", zh=f"{zh}{yuan(abs(fen))}元")


def items_words(items: Iterable[tuple[str, int]], most: int = 3) -> Sentence:
    """Return the largest items of a difference, each with its sign."""
    largest = sorted((item for item in items if item[1]), key=lambda item: -abs(item[1]))[:most]
    return Sentence(
        en=", ".join(f"{ITEM_WORDS[name].en} {fen / 100:+,.2f}" for name, fen in largest),
        zh="，".join(f"{ITEM_WORDS[name].zh}{fen / 100:+,.2f}" for name, fen in largest),
    )


def someone(technician: Technician, outlet: Outlet) -> Sentence:
    """Return who would come, and from where."""
    return Sentence(en=f"{technician.id} of {outlet.id}", zh=f"网点{outlet.id}的技师{technician.id}")


def skill_fact(who: str, job: Job, has: int) -> Sentence:
    """Say which level there is and which is needed."""
    family, need = job.skill.family, job.skill.level
    return clause(
        f"{who} has {family} level {has}, level {need} is needed", f"技师{who}的{family}技能为{has}级，需要{need}级"
    )


def certificate_fact(who: str, lacking: Sequence[str], needed: Sequence[str]) -> Sentence:
    """Say which certificates are valid on the date."""
    if lacking:
        schemes = ", ".join(lacking)
        return clause(
            f"{who} has no valid certificate {schemes} on the date",
            f"技师{who}当日没有有效的{'、'.join(lacking)}资格证",
        )
    return clause(
        f"{who} holds {', '.join(needed)}, valid on the date", f"技师{who}持有有效的{'、'.join(needed)}资格证"
    )


def crew_fact(who: str, need: int, has: int) -> Sentence:
    """Say how many people come and are needed."""
    return clause(f"{need} people are needed, {who} comes with {has}", f"需要{need}人上门，技师{who}一方有{has}人")


def load_fact(who: str, need: int, capacity: int) -> Sentence:
    """Say how much can be carried."""
    return clause(f"load {need}, {who} can carry {capacity}", f"装载量{need}，技师{who}可装{capacity}")


def way_fact(outlet: Outlet, known: bool) -> Sentence:
    """Say whether a way is known."""
    if known:
        return clause(f"a way is known from {outlet.id}", f"网点{outlet.id}有路可达")
    return clause(f"no way is known from {outlet.id}", f"从网点{outlet.id}没有已知的路")


def reach_fact(outlet: Outlet, mode: TravelMode, metres: tuple[int, int], *, straight: bool) -> Sentence:
    """Say how far it is, by road or in a straight line, and how far the travel mode goes."""
    words = MODE_WORDS[mode]
    far, limit = (f"{m / 1000:.0f}" for m in metres)
    return clause(
        f"{far} km {'in a straight line ' * straight}from {outlet.id}, the limit is {limit} km by {words.en}",
        f"距网点{outlet.id}{'直线' * straight}有{far}公里，{words.zh}上限{limit}公里",
    )


def lock_fact(owner: str, holds: bool) -> Sentence:
    """Say to whom the job is locked."""
    return clause(f"it is locked to {owner}", f"已锁定给{'该技师' if holds else '技师' + owner}")


def freeze_fact(shift: Shift, frozen: bool) -> Sentence:
    """Say whether the shift is frozen for the job."""
    if frozen:
        return clause(f"{shift.id} is frozen", f"班次{shift.id}已冻结")
    return clause(f"{shift.id} is open for changes", f"班次{shift.id}可以调整")


def frozen_elsewhere_fact(shift: Shift) -> Sentence:
    """Say that the job is frozen where it was published."""
    return clause(f"it is frozen on {shift.id}", f"已冻结在班次{shift.id}")


CONSENT_MISSING = clause("the customer has not yet agreed to the quote", "客户尚未同意报价")
CONSENT_REMEDY = clause("record the consent", "补登客户同意")
NO_SHIFT = clause("no technician at all is on shift in the horizon", "计划期内没有任何技师上班")
NOTHING_NEEDED = clause("nothing has to change for that", "无需任何调整")
NOBODY_SOONER = clause("nobody looked at can come sooner", "所查候选都不能更早上门")
NO_REMEDY = clause("no single change helps", "没有任何一项单独的调整能解决")
UNKNOWN_CAUSE = clause("nothing computed explains it", "未能算出原因")
"""What is said without figures."""


def window_fact(shift: Shift, soonest_s: int, windows: Sequence[Window]) -> Sentence:
    """Say when the shift could be there, and what the windows are."""
    at, spans = time_words(soonest_s), window_words(windows)
    return clause(
        f"{shift.id} can start {at.en} at the earliest, outside its windows {spans.en}",
        f"班次{shift.id}最早{at.zh}开始，不在时间窗{spans.zh}内",
    )


def kit_fact(ready_s: int, shift: Shift) -> Sentence:
    """Say when the parts arrive."""
    at = time_words(ready_s)
    return clause(f"the parts arrive {at.en}, too late for {shift.id}", f"配件{at.zh}到齐，班次{shift.id}来不及")


def hours_fact(outlet: Outlet, shift: Shift, start_s: int) -> Sentence:
    """Say when the service would start, and the outlet's hours."""
    at, opens, closes = time_words(start_s), time_words(shift.open_s), time_words(shift.close_s)
    return clause(
        f"{at.en} is outside the hours of {outlet.id}, {opens.en}–{closes.en}",
        f"{at.zh}不在网点{outlet.id}的营业时间{opens.zh}–{closes.zh}内",
    )


def shift_fact(shift: Shift, back_s: int) -> Sentence:
    """Say when the technician would be back."""
    at, latest = time_words(back_s), time_words(shift.latest_end_s)
    return clause(
        f"{shift.id} would be back {at.en}, the latest is {latest.en}, overtime included",
        f"班次{shift.id}要到{at.zh}才能返回，含加班最晚{latest.zh}",
    )


def break_fact(shift: Shift) -> Sentence:
    """Say that the break leaves no start."""
    return clause(f"the break of {shift.id} leaves no start", f"班次{shift.id}的休息时间使其无法开始服务")


def time_unknown_fact(shift: Shift) -> Sentence:
    """Say that several rules of time exclude the shift together."""
    return clause(
        f"no time on {shift.id} suits even when it is empty, for more than one reason",
        f"班次{shift.id}即使空着也排不下，原因不止一个",
    )


RULE_WORDS: Mapping[Rule | None, str] = {
    Rule.WINDOW: "时间窗",
    Rule.KIT: "配件",
    Rule.BREAK: "休息",
    Rule.HOURS: "营业时间",
    Rule.SHIFT: "班次时间",
    None: "时效承诺",
}


def both_fact(shift: Shift, rules: Sequence[Rule | None]) -> Sentence:
    """Say which two rules of time exclude the shift together."""
    en = " and ".join(rule or "the promise" for rule in rules)
    zh = "和".join(RULE_WORDS[rule] for rule in rules)
    return clause(
        f"no time on {shift.id} suits even when it is empty: {en} stand against it",
        f"班次{shift.id}即使空着也排不下：{zh}都不满足",
    )


def fits_fact(shift: Shift) -> Sentence:
    """Say that the rules of time hold on an otherwise empty shift."""
    return clause(f"{shift.id} alone could keep it", f"班次{shift.id}空着时满足")


def room_fact(shift: Shift, visits: int) -> Sentence:
    """Say that a shift is full."""
    others = "the other visit" if visits == 1 else f"the {visits} other visits"
    return clause(
        f"beside {others} of {shift.id} no place was found",
        f"班次{shift.id}另有{visits}单，排不下",
    )


def place_fact(who: Sentence, start_s: int) -> Sentence:
    """Say that there is a legal place."""
    at = time_words(start_s)
    return clause(f"{who.en} could come {at.en}", f"{who.zh}可于{at.zh}上门")


def too_late_fact(shift: Shift, soonest_s: int, due_s: int) -> Sentence:
    """Say that a promise cannot be kept by a shift even if it were empty."""
    at, due = time_words(soonest_s), time_words(due_s)
    return clause(
        f"{shift.id} can start {at.en} at the earliest even when empty, the promise wants {due.en}",
        f"班次{shift.id}即使空着最早也要{at.zh}开始，时效要求{due.zh}前",
    )


def way_made_fact(job_id: str, to: str, start_s: int) -> Sentence:
    """Say which visit gives way, and where it goes."""
    at = time_words(start_s)
    if to:
        return clause(f"at {at.en} if {job_id} gives way to {to}", f"{job_id}让位到班次{to}后可排在{at.zh}")
    return clause(f"at {at.en} if {job_id} is left out for it", f"放弃{job_id}后可排在{at.zh}")


def then_words(start_s: int, who: Sentence, fen: int) -> Sentence:
    """Say what a remedy leads to."""
    at, cost = time_words(start_s), difference_words(fen)
    return clause(f"then {at.en} with {who.en}, {cost.en}", f"随后可由{who.zh}于{at.zh}上门，{cost.zh}")


def force_words(who: Sentence) -> Sentence:
    """Say that only the plan must change."""
    return clause(f"assign it to {who.en} as things are", f"照现状直接派给{who.zh}")


def give_way_words(job_id: str, to: str) -> Sentence:
    """Say which visit must give way."""
    if to:
        return clause(f"let {job_id} give way, to {to}", f"{job_id}让位，改到班次{to}")
    return clause(f"leave {job_id} out for it", f"放弃{job_id}，为其让位")


def overtime_words(who: str, minutes: int) -> Sentence:
    """Say how much more overtime must be allowed."""
    return clause(f"{minutes} more min of overtime for {who}", f"技师{who}增加加班{minutes}分钟")


def stretch_words(seconds: int) -> Sentence:
    """Say how much farther a window must reach."""
    long = duration_words(abs(seconds))
    if seconds < 0:
        return clause(f"a window that opens {long.en} earlier", f"时间窗提前{long.zh}开始")
    return clause(f"a window that closes {long.en} later", f"时间窗延后{long.zh}结束")


def new_time_words(start_s: int) -> Sentence:
    """Say that another time must be agreed."""
    at = time_words(start_s)
    return clause(f"agree a new time with the customer, {at.en}", f"与客户另约时间，{at.zh}")


def parts_words(ready_s: int, free_freight: bool) -> Sentence:
    """Say by when the parts must be there."""
    at = time_words(ready_s)
    if free_freight:
        return clause(f"the missing parts by {at.en} (their freight not counted)", f"缺件在{at.zh}前到齐（运费未计）")
    return clause(f"the parts by {at.en}", f"配件在{at.zh}前到齐")


def skill_words(who: str, family: str, level: int) -> Sentence:
    """Say which level is needed."""
    return clause(f"{family} level {level} for {who}", f"技师{who}的{family}技能达到{level}级")


def certificate_words(who: str, schemes: Sequence[str]) -> Sentence:
    """Say which certificates are needed."""
    return clause(
        f"valid certificates {', '.join(schemes)} for {who}", f"技师{who}取得有效的{'、'.join(schemes)}资格证"
    )


def crew_words(shift: Shift, people: int) -> Sentence:
    """Say how many people must come."""
    return clause(f"{people} people on {shift.id}", f"班次{shift.id}安排{people}人上门")


def load_words(who: str, load: int) -> Sentence:
    """Say how much must fit on the vehicle."""
    return clause(f"a vehicle for load {load} with {who}", f"技师{who}换用可装{load}的车辆")


def reach_words(who: str, metres: int) -> Sentence:
    """Say how far the technician must be allowed to go."""
    km = -(-metres // 1000)
    return clause(f"let {who} go {km} km, farther than the limit", f"允许技师{who}超出上限前往{km}公里处")


LOCK_RELEASE = clause("release the lock", "解除锁定")


def thaw_words(outlet: Outlet) -> Sentence:
    """Say whose freeze must be lifted."""
    return clause(f"release the freeze of {outlet.id}", f"解除网点{outlet.id}的冻结")


def closest_words(said: Sentence) -> Sentence:
    """Say what kept the candidate that came closest."""
    return clause(f"closest: {said.en}", f"最接近的方案：{said.zh}")


def full_words(able: int, said: Sentence) -> Sentence:
    """Say that all shifts that could serve the job alone are full."""
    count = "1 shift" if able == 1 else f"{able} shifts"
    return clause(f"{count} could serve it alone; closest: {said.en}", f"有{able}个班次空着时可派；最接近的：{said.zh}")


def dearer_words(said: Sentence, fen: int) -> Sentence:
    """Say that a place exists and is dearer than the plan."""
    return clause(
        f"{said.en}, {difference_words(fen).en} than the plan", f"{said.zh}，但比当前计划{difference_words(fen).zh}"
    )


def missed_words(said: Sentence, fen: int) -> Sentence:
    """Say that a place exists and is cheaper: the search ended before it was found."""
    cost = difference_words(fen)
    return clause(f"{said.en}, {cost.en}; the search did not find it", f"{said.zh}，可{cost.zh}；搜索时未找到")


def sooner_words(said: Sentence, fen: int) -> Sentence:
    """Say who could come soonest, and what that would cost."""
    cost = difference_words(fen)
    return clause(f"soonest: {said.en}, {cost.en}", f"最早：{said.zh}，{cost.zh}")


def possible_words(said: Sentence, fen: int) -> Sentence:
    """Say what the nearest outlet would have cost."""
    cost = difference_words(fen)
    if fen >= 0:
        return clause(f"{said.en}, {cost.en}", f"{said.zh}，但{cost.zh}")
    return missed_words(said, fen)


def missing_words(sentence: str) -> Sentence:
    """Say which part is missing, and why; the sentence comes from sourcing."""
    return clause(sentence, f"配件无法配齐（{sentence}）")


HELD_OUTSIDE = clause(
    "the published time lies outside the customer's windows or has passed", "已公布的时间不在客户时间窗内或已过去"
)
HELD_EXCLUDED = clause("which other held visits of that shift exclude", "但该班次其他被锁定或冻结的单使其排不下")
BEYOND = clause("none of its windows lies in the horizon", "时间窗都不在计划期内")
LATE_ALREADY = clause("the promise had passed when the plan was made", "制定计划时时效已过")


def past_words(latest_s: int) -> Sentence:
    """Say when the last window closed."""
    at = time_words(latest_s)
    return clause(f"its last window closed {at.en}", f"最后的时间窗已于{at.zh}结束")


def opens_late_words(opens_s: int) -> Sentence:
    """Say that no window opens before the promise is broken."""
    at = time_words(opens_s)
    return clause(f"its windows open {at.en}, after the promise", f"时间窗{at.zh}才开始，已过时效")


def held_words(technician_id: str, start_s: int, obstacle: Sentence) -> Sentence:
    """Say where a lock or a freeze holds the job, and what is in the way."""
    at = time_words(start_s)
    return clause(
        f"held to {technician_id} at {at.en}, but {obstacle.en}",
        f"已定由技师{technician_id}于{at.zh}上门，但{obstacle.zh}",
    )


def late_words(kind: ClockKind, due_s: int, start_s: int, cause: Sentence) -> Sentence:
    """Say which promise is broken, by when the visit comes, and why."""
    due, at = time_words(due_s), time_words(start_s)
    name = {ClockKind.ARRIVAL: clause("arrival", "到场"), ClockKind.RESOLUTION: clause("resolution", "修复")}[kind]
    return clause(
        f"{name.en} was promised by {due.en}, the visit starts {at.en}: {cause.en}",
        f"承诺{due.zh}前{name.zh}，计划{at.zh}上门：{cause.zh}",
    )


def nearest_words(outlet_id: str, cause: Sentence) -> Sentence:
    """Say what kept the nearest outlet from the job."""
    return clause(f"nearest outlet {outlet_id}: {cause.en}", f"最近的网点{outlet_id}：{cause.zh}")


def served_words(who: Sentence, others_fen: Sequence[int]) -> Sentence:
    """Say why this technician: the next best and how much dearer."""
    if not others_fen:
        return clause(f"{who.en}: no other candidate has a legal place", f"{who.zh}：其他候选均排不下")
    cheaper = sum(fen < 0 for fen in others_fen)
    best = difference_words(others_fen[0])
    if cheaper:
        return clause(
            f"{who.en}: {cheaper} candidates would be cheaper, the best {best.en}; the search did not find it",
            f"{who.zh}：有{cheaper}个候选更省，最佳{best.zh}；搜索时未找到",
        )
    return clause(f"{who.en} is cheapest; the next best is {best.en}", f"{who.zh}费用最低；次优方案{best.zh}")
