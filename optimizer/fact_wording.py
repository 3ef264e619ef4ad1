"""What a verdict says, in English and in Chinese: a rule, a shift, and the fact that decides between them."""

from collections.abc import Mapping, Sequence

from optimizer import wording
from optimizer.explanation import Sentence
from optimizer.model import Job, Outlet, Rule, Shift, TravelMode, Window

__all__ = [
    "RULE_WORDS",
    "both_fact",
    "break_fact",
    "certificate_fact",
    "crew_fact",
    "fits_fact",
    "freeze_fact",
    "frozen_elsewhere_fact",
    "hours_fact",
    "kit_fact",
    "load_fact",
    "lock_fact",
    "out_of_reach_fact",
    "place_fact",
    "reach_fact",
    "room_fact",
    "shift_fact",
    "skill_fact",
    "time_unknown_fact",
    "too_late_fact",
    "way_fact",
    "way_made_fact",
    "window_fact",
]


def skill_fact(who: str, job: Job, has: int) -> Sentence:
    """Say which level there is and which is needed."""
    family, need = job.skill.family, job.skill.level
    return wording.clause(
        f"{who} has {family} level {has}, level {need} is needed", f"技师{who}的{family}技能为{has}级，需要{need}级"
    )


def certificate_fact(who: str, lacking: Sequence[str], needed: Sequence[str]) -> Sentence:
    """Say which certificates are valid on the date."""
    if lacking:
        schemes = ", ".join(lacking)
        return wording.clause(
            f"{who} has no valid certificate {schemes} on the date",
            f"技师{who}当日没有有效的{'、'.join(lacking)}资格证",
        )
    return wording.clause(
        f"{who} holds {', '.join(needed)}, valid on the date", f"技师{who}持有有效的{'、'.join(needed)}资格证"
    )


def crew_fact(who: str, need: int, has: int) -> Sentence:
    """Say how many people come and are needed."""
    return wording.clause(
        f"{need} people are needed, {who} comes with {has}", f"需要{need}人上门，技师{who}一方有{has}人"
    )


def load_fact(who: str, need: int, capacity: int) -> Sentence:
    """Say how much can be carried."""
    return wording.clause(f"load {need}, {who} can carry {capacity}", f"装载量{need}，技师{who}可装{capacity}")


def way_fact(outlet: Outlet, known: bool) -> Sentence:
    """Say whether a way is known."""
    if known:
        return wording.clause(f"a way is known from {outlet.id}", f"网点{outlet.id}有路可达")
    return wording.clause(f"no way is known from {outlet.id}", f"从网点{outlet.id}没有已知的路")


def reach_fact(outlet: Outlet, mode: TravelMode, metres: tuple[int, int], *, straight: bool) -> Sentence:
    """Say how far it is, by road or in a straight line, and how far the travel mode goes."""
    words = wording.MODE_WORDS[mode]
    far, limit = (f"{m / 1000:.0f}" for m in metres)
    return wording.clause(
        f"{far} km {'in a straight line ' * straight}from {outlet.id}, the limit is {limit} km by {words.en}",
        f"距网点{outlet.id}{'直线' * straight}有{far}公里，{words.zh}上限{limit}公里",
    )


def lock_fact(owner: str, holds: bool) -> Sentence:
    """Say to whom the job is locked."""
    return wording.clause(f"it is locked to {owner}", f"已锁定给{'该技师' if holds else '技师' + owner}")


def freeze_fact(shift: Shift, frozen: bool) -> Sentence:
    """Say whether the shift is frozen for the job."""
    if frozen:
        return wording.clause(f"{shift.id} is frozen", f"班次{shift.id}已冻结")
    return wording.clause(f"{shift.id} is open for changes", f"班次{shift.id}可以调整")


def frozen_elsewhere_fact(shift: Shift) -> Sentence:
    """Say that the job is frozen where it was published."""
    return wording.clause(f"it is frozen on {shift.id}", f"已冻结在班次{shift.id}")


def window_fact(shift: Shift, soonest_s: int, windows: Sequence[Window]) -> Sentence:
    """Say when the shift could be there, and what the windows are."""
    at, spans = wording.time_words(soonest_s), wording.window_words(windows, soonest_s)
    return wording.clause(
        f"{shift.id} can start {at.en} at the earliest, outside its windows {spans.en}",
        f"班次{shift.id}最早{at.zh}开始，不在时间窗{spans.zh}内",
    )


def kit_fact(ready_s: int, shift: Shift) -> Sentence:
    """Say when the parts arrive."""
    at = wording.time_words(ready_s)
    return wording.clause(
        f"the parts arrive {at.en}, too late for {shift.id}", f"配件{at.zh}到齐，班次{shift.id}来不及"
    )


def out_of_reach_fact(outlet: Outlet) -> Sentence:
    """Say that the parts could only be fetched, by others."""
    return wording.clause(
        f"the parts can only be fetched, and {outlet.id} is too far away", f"配件只可自提，网点{outlet.id}距离过远"
    )


def hours_fact(outlet: Outlet, shift: Shift, start_s: int) -> Sentence:
    """Say when the service would start, and the outlet's hours."""
    at, opens, closes = wording.time_words(start_s), wording.time_words(shift.open_s), wording.time_words(shift.close_s)
    return wording.clause(
        f"{at.en} is outside the hours of {outlet.id}, {opens.en}–{closes.en}",
        f"{at.zh}不在网点{outlet.id}的营业时间{opens.zh}–{closes.zh}内",
    )


def shift_fact(shift: Shift, back_s: int) -> Sentence:
    """Say when the technician would be back."""
    at, latest = wording.time_words(back_s), wording.time_words(shift.latest_end_s)
    return wording.clause(
        f"{shift.id} would be back {at.en}, the latest is {latest.en}, overtime included",
        f"班次{shift.id}要到{at.zh}才能返回，含加班最晚{latest.zh}",
    )


def break_fact(shift: Shift) -> Sentence:
    """Say that the break leaves no start."""
    return wording.clause(f"the break of {shift.id} leaves no start", f"班次{shift.id}的休息时间使其无法开始服务")


def time_unknown_fact(shift: Shift) -> Sentence:
    """Say that several rules of time exclude the shift together."""
    return wording.clause(
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
    return wording.clause(
        f"no time on {shift.id} suits even when it is empty: {en} stand against it",
        f"班次{shift.id}即使空着也排不下：{zh}都不满足",
    )


def fits_fact(shift: Shift) -> Sentence:
    """Say that the rules of time hold on an otherwise empty shift."""
    return wording.clause(f"{shift.id} alone could keep it", f"班次{shift.id}空着时满足")


def room_fact(shift: Shift, visits: int) -> Sentence:
    """Say that a shift is full."""
    others = "the other visit" if visits == 1 else f"the {visits} other visits"
    return wording.clause(
        f"beside {others} of {shift.id} no place was found",
        f"班次{shift.id}另有{visits}单，排不下",
    )


def place_fact(who: Sentence, start_s: int) -> Sentence:
    """Say that there is a legal place."""
    at = wording.time_words(start_s)
    return wording.clause(f"{who.en} could come {at.en}", f"{who.zh}可于{at.zh}上门")


def too_late_fact(shift: Shift, soonest_s: int, due_s: int) -> Sentence:
    """Say that a promise cannot be kept by a shift even if it were empty."""
    at, due = wording.time_words(soonest_s), wording.time_words(due_s)
    return wording.clause(
        f"{shift.id} can start {at.en} at the earliest even when empty, the promise wants {due.en}",
        f"班次{shift.id}即使空着最早也要{at.zh}开始，时效要求{due.zh}前",
    )


def way_made_fact(job_id: str, to: str, start_s: int) -> Sentence:
    """Say which visit gives way, and where it goes."""
    at = wording.time_words(start_s)
    if to:
        return wording.clause(f"at {at.en} if {job_id} gives way to {to}", f"{job_id}让位到班次{to}后可排在{at.zh}")
    return wording.clause(f"at {at.en} if {job_id} is left out for it", f"放弃{job_id}后可排在{at.zh}")
