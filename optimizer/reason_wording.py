"""What an explanation says, in English and in Chinese: why a job is left out, late, elsewhere or where it is."""

from collections.abc import Sequence

from optimizer import wording
from optimizer.explanation import Sentence
from optimizer.model import ClockKind

__all__ = [
    "BEYOND",
    "CONSENT_MISSING",
    "HELD_EXCLUDED",
    "HELD_OUTSIDE",
    "LATE_ALREADY",
    "NOBODY_SOONER",
    "NOTHING_NEEDED",
    "NO_REMEDY",
    "NO_SHIFT",
    "UNKNOWN_CAUSE",
    "closest_words",
    "dearer_words",
    "full_words",
    "held_words",
    "late_words",
    "missed_words",
    "missing_words",
    "nearest_words",
    "opens_late_words",
    "past_words",
    "possible_words",
    "served_words",
    "sooner_words",
]

CONSENT_MISSING = wording.clause("the customer has not yet agreed to the quote", "客户尚未同意报价")
NO_SHIFT = wording.clause("no technician at all is on shift in the horizon", "计划期内没有任何技师上班")
NOTHING_NEEDED = wording.clause("nothing has to change for that", "无需任何调整")
NOBODY_SOONER = wording.clause("nobody looked at can come sooner", "所查候选都不能更早上门")
NO_REMEDY = wording.clause("no single change helps", "没有任何一项单独的调整能解决")
UNKNOWN_CAUSE = wording.clause("nothing computed explains it", "未能算出原因")
"""What is said without figures."""


def closest_words(said: Sentence) -> Sentence:
    """Say what kept the candidate that came closest."""
    return wording.clause(f"closest: {said.en}", f"最接近的方案：{said.zh}")


def full_words(able: int, said: Sentence) -> Sentence:
    """Say that all shifts that could serve the job alone are full."""
    count = "1 shift" if able == 1 else f"{able} shifts"
    return wording.clause(
        f"{count} could serve it alone; closest: {said.en}", f"有{able}个班次空着时可派；最接近的：{said.zh}"
    )


def dearer_words(said: Sentence, fen: int) -> Sentence:
    """Say that a place exists and is dearer than the plan."""
    return wording.clause(
        f"{said.en}, {wording.difference_words(fen).en} than the plan",
        f"{said.zh}，但比当前计划{wording.difference_words(fen).zh}",
    )


def missed_words(said: Sentence, fen: int) -> Sentence:
    """Say that a place exists and is cheaper: the search ended before it was found."""
    cost = wording.difference_words(fen)
    return wording.clause(f"{said.en}, {cost.en}; the search did not find it", f"{said.zh}，可{cost.zh}；搜索时未找到")


def sooner_words(said: Sentence, fen: int) -> Sentence:
    """Say who could come soonest, and what that would cost."""
    cost = wording.difference_words(fen)
    return wording.clause(f"soonest: {said.en}, {cost.en}", f"最早：{said.zh}，{cost.zh}")


def possible_words(said: Sentence, fen: int) -> Sentence:
    """Say what the nearest outlet would have cost."""
    cost = wording.difference_words(fen)
    if fen >= 0:
        return wording.clause(f"{said.en}, {cost.en}", f"{said.zh}，但{cost.zh}")
    return missed_words(said, fen)


def missing_words(sentence: str) -> Sentence:
    """Say which part is missing, and why; the sentence comes from sourcing."""
    return wording.clause(sentence, f"配件无法配齐（{sentence}）")


HELD_OUTSIDE = wording.clause(
    "the published time lies outside the customer's windows or has passed", "已公布的时间不在客户时间窗内或已过去"
)
HELD_EXCLUDED = wording.clause(
    "which other held visits of that shift exclude", "但该班次其他被锁定或冻结的单使其排不下"
)
BEYOND = wording.clause("none of its windows lies in the horizon", "时间窗都不在计划期内")
LATE_ALREADY = wording.clause("the promise had passed when the plan was made", "制定计划时时效已过")


def past_words(latest_s: int) -> Sentence:
    """Say when the last window closed."""
    at = wording.time_words(latest_s)
    return wording.clause(f"its last window closed {at.en}", f"最后的时间窗已于{at.zh}结束")


def opens_late_words(opens_s: int) -> Sentence:
    """Say that no window opens before the promise is broken."""
    at = wording.time_words(opens_s)
    return wording.clause(f"its windows open {at.en}, after the promise", f"时间窗{at.zh}才开始，已过时效")


def held_words(technician_id: str, start_s: int, obstacle: Sentence) -> Sentence:
    """Say where a lock or a freeze holds the job, and what is in the way."""
    at = wording.time_words(start_s)
    return wording.clause(
        f"held to {technician_id} at {at.en}, but {obstacle.en}",
        f"已定由技师{technician_id}于{at.zh}上门，但{obstacle.zh}",
    )


def late_words(kind: ClockKind, due_s: int, start_s: int, cause: Sentence) -> Sentence:
    """Say which promise is broken, by when the visit comes, and why."""
    due, at = wording.time_words(due_s), wording.time_words(start_s)
    name = {
        ClockKind.ARRIVAL: wording.clause("arrival", "到场"),
        ClockKind.RESOLUTION: wording.clause("resolution", "修复"),
    }[kind]
    return wording.clause(
        f"{name.en} was promised by {due.en}, the visit starts {at.en}: {cause.en}",
        f"承诺{due.zh}前{name.zh}，计划{at.zh}上门：{cause.zh}",
    )


def nearest_words(outlet_id: str, cause: Sentence) -> Sentence:
    """Say what kept the nearest outlet from the job."""
    return wording.clause(f"nearest outlet {outlet_id}: {cause.en}", f"最近的网点{outlet_id}：{cause.zh}")


def served_words(who: Sentence, others_fen: Sequence[int]) -> Sentence:
    """Say why this technician: the next best and how much dearer."""
    if not others_fen:
        return wording.clause(f"{who.en}: no other candidate has a legal place", f"{who.zh}：其他候选均排不下")
    cheaper = sum(fen < 0 for fen in others_fen)
    best = wording.difference_words(others_fen[0])
    if cheaper:
        return wording.clause(
            f"{who.en}: {cheaper} candidates would be cheaper, the best {best.en}; the search did not find it",
            f"{who.zh}：有{cheaper}个候选更省，最佳{best.zh}；搜索时未找到",
        )
    return wording.clause(f"{who.en} is cheapest; the next best is {best.en}", f"{who.zh}费用最低；次优方案{best.zh}")
