"""The wording of explanations in English and in Chinese: times, amounts, people, and how sentences are joined."""

from collections.abc import Iterable, Sequence

from optimizer.clock import time_text
from optimizer.explanation import Sentence
from optimizer.model import DAY_S, Outlet, ShipMode, SizeClass, Technician, TravelMode, Window

__all__ = [
    "ITEM_WORDS",
    "MODE_WORDS",
    "SHIP_WORDS",
    "SIZE_WORDS",
    "clause",
    "difference_words",
    "duration_words",
    "items_words",
    "joined",
    "someone",
    "time_words",
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
SHIP_WORDS = {
    ShipMode.STANDARD: Sentence(en="standard", zh="普运"),
    ShipMode.EXPRESS: Sentence(en="express", zh="快运"),
    ShipMode.DEDICATED: Sentence(en="a dedicated vehicle", zh="专车"),
    ShipMode.PICKUP: Sentence(en="pickup", zh="自提"),
}
SIZE_WORDS = {
    SizeClass.SMALL: Sentence(en="small", zh="小件"),
    SizeClass.MEDIUM: Sentence(en="medium", zh="中件"),
    SizeClass.BULKY: Sentence(en="bulky", zh="大件"),
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
    return Sentence(en=time_text(time_s), zh=f"{_day_zh(day)}{time_text(time_s - day * DAY_S)}")


def _day_zh(day: int) -> str:
    """Return a day of the horizon, nothing for the first."""
    return {-2: "前日", -1: "昨日", 0: "", 1: "次日"}.get(day, f"第{day + 1}日" if day > 0 else f"{-day}天前")


def window_words(windows: Sequence[Window], beside_s: int, most: int = 3) -> Sentence:
    """Return time windows, the first few of them; the first day is named where it is another than that of beside_s."""
    first_too = any(time // DAY_S != beside_s // DAY_S for w in windows[:most] for time in (w.earliest_s, w.latest_s))
    spans = [_span_words(window, first_too) for window in windows[:most]]
    more = len(windows) > most
    return Sentence(
        en=", ".join(span.en for span in spans) + ", …" * more, zh="、".join(span.zh for span in spans) + "……" * more
    )


def _span_words(window: Window, first_too: bool) -> Sentence:
    """Return a window, its day once where it has one day."""
    day, last_day = window.earliest_s // DAY_S, window.latest_s // DAY_S
    begins, ends = time_words(window.earliest_s), time_words(window.latest_s)
    first_en, first_zh = (" (first day)", "首日") if day == 0 and (first_too or last_day != day) else ("", "")
    if day != last_day:
        return Sentence(en=f"{begins.en}{first_en}–{ends.en}", zh=f"{first_zh}{begins.zh}–{ends.zh}")
    clock = time_text(window.earliest_s - day * DAY_S)
    return Sentence(
        en=f"{clock}–{ends.en}{first_en}", zh=f"{first_zh}{begins.zh}–{time_text(window.latest_s - day * DAY_S)}"
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
