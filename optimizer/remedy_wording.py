"""What a remedy says, in English and in Chinese: the one change, and what it leads to."""

from collections.abc import Sequence

from optimizer import wording
from optimizer.explanation import Sentence
from optimizer.model import Outlet, Shift

__all__ = [
    "CONSENT_REMEDY",
    "LOCK_RELEASE",
    "certificate_words",
    "crew_words",
    "force_words",
    "give_way_words",
    "load_words",
    "new_time_words",
    "overtime_words",
    "parts_words",
    "reach_words",
    "skill_words",
    "stretch_words",
    "thaw_words",
    "then_words",
]

CONSENT_REMEDY = wording.clause("record the consent", "补登客户同意")


def then_words(start_s: int, who: Sentence, fen: int) -> Sentence:
    """Say what a remedy leads to."""
    at, cost = wording.time_words(start_s), wording.difference_words(fen)
    return wording.clause(f"then {at.en} with {who.en}, {cost.en}", f"随后可由{who.zh}于{at.zh}上门，{cost.zh}")


def force_words(who: Sentence) -> Sentence:
    """Say that only the plan must change."""
    return wording.clause(f"assign it to {who.en} as things are", f"照现状直接派给{who.zh}")


def give_way_words(job_id: str, to: str) -> Sentence:
    """Say which visit must give way."""
    if to:
        return wording.clause(f"let {job_id} give way, to {to}", f"{job_id}让位，改到班次{to}")
    return wording.clause(f"leave {job_id} out for it", f"放弃{job_id}，为其让位")


def overtime_words(who: str, minutes: int) -> Sentence:
    """Say how much more overtime must be allowed."""
    return wording.clause(f"{minutes} more min of overtime for {who}", f"技师{who}增加加班{minutes}分钟")


def stretch_words(seconds: int) -> Sentence:
    """Say how much farther a window must reach."""
    long = wording.duration_words(abs(seconds))
    if seconds < 0:
        return wording.clause(f"a window that opens {long.en} earlier", f"时间窗提前{long.zh}开始")
    return wording.clause(f"a window that closes {long.en} later", f"时间窗延后{long.zh}结束")


def new_time_words(start_s: int) -> Sentence:
    """Say that another time must be agreed."""
    at = wording.time_words(start_s)
    return wording.clause(f"agree a new time with the customer, {at.en}", f"与客户另约时间，{at.zh}")


def parts_words(ready_s: int, free_freight: bool) -> Sentence:
    """Say by when the parts must be there."""
    at = wording.time_words(ready_s)
    if free_freight:
        return wording.clause(
            f"the missing parts by {at.en} (their freight not counted)", f"缺件在{at.zh}前到齐（运费未计）"
        )
    return wording.clause(f"the parts by {at.en}", f"配件在{at.zh}前到齐")


def skill_words(who: str, family: str, level: int) -> Sentence:
    """Say which level is needed."""
    return wording.clause(f"{family} level {level} for {who}", f"技师{who}的{family}技能达到{level}级")


def certificate_words(who: str, schemes: Sequence[str]) -> Sentence:
    """Say which certificates are needed."""
    return wording.clause(
        f"valid certificates {', '.join(schemes)} for {who}", f"技师{who}取得有效的{'、'.join(schemes)}资格证"
    )


def crew_words(shift: Shift, people: int) -> Sentence:
    """Say how many people must come."""
    return wording.clause(f"{people} people on {shift.id}", f"班次{shift.id}安排{people}人上门")


def load_words(who: str, load: int) -> Sentence:
    """Say how much must fit on the vehicle."""
    return wording.clause(f"a vehicle for load {load} with {who}", f"技师{who}换用可装{load}的车辆")


def reach_words(who: str, metres: int) -> Sentence:
    """Say how far the technician must be allowed to go."""
    km = -(-metres // 1000)
    return wording.clause(f"let {who} go {km} km, farther than the limit", f"允许技师{who}超出上限前往{km}公里处")


LOCK_RELEASE = wording.clause("release the lock", "解除锁定")


def thaw_words(outlet: Outlet) -> Sentence:
    """Say whose freeze must be lifted."""
    return wording.clause(f"release the freeze of {outlet.id}", f"解除网点{outlet.id}的冻结")
