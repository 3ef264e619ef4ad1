"""What is said about the ways to repair a job, in English and in Chinese."""

from collections.abc import Iterable

from optimizer.explanation import Sentence
from optimizer.model import ShipMode, SizeClass
from optimizer.repair_mode import ModeOption, RepairMode
from optimizer.wording import SHIP_WORDS, SIZE_WORDS, clause, joined, yuan

__all__ = [
    "ALREADY_DUE",
    "BUILT_IN",
    "MODE_NAMES",
    "NOT_BY_PHONE",
    "NO_PEOPLE",
    "ONLY_THERE",
    "UNIT_UNKNOWN",
    "call_words",
    "depot_words",
    "exchange_words",
    "kit_missing_words",
    "no_depot_words",
    "no_unit_words",
    "recommendation_words",
    "visit_words",
]

MODE_NAMES = {
    RepairMode.ON_SITE: Sentence(en="on site", zh="上门"),
    RepairMode.DEPOT: Sentence(en="depot", zh="返厂"),
    RepairMode.EXCHANGE: Sentence(en="exchange", zh="换机"),
    RepairMode.REMOTE: Sentence(en="by telephone", zh="远程"),
}

NOT_BY_PHONE = clause("no call solves this fault", "该故障电话里解决不了")
BUILT_IN = clause("the product is built in, its unit cannot be sent", "该产品为固定安装，无法寄送")
ONLY_THERE = clause("this work is done where the unit stands", "此项工作只能在现场进行")
ALREADY_DUE = clause(
    "the unit is due for exchange: the same fault came back too soon", "同一故障短期内再次发生，按规定应换机"
)
UNIT_UNKNOWN = clause("nothing says which part is the whole unit", "未注明整机对应的配件")
NO_PEOPLE = clause("no outlet within reach has the people for it", "可及范围内没有具备条件的网点")


def kit_missing_words(why: str) -> Sentence:
    """Say that the kit cannot be completed."""
    return clause(f"the kit cannot be had: {why}" if why else "the kit cannot be had", "配件凑不齐")


def no_unit_words(part_id: str, size_class: SizeClass, *, stocked: bool) -> Sentence:
    """Say that no unit can come: nobody has one, or nobody who has one can send it."""
    if not stocked:
        return clause(f"no warehouse has unit {part_id} to give", f"各库均无可用整机{part_id}")
    size = SIZE_WORDS[size_class]
    return clause(
        f"no lane from a warehouse with unit {part_id} carries {size.en} parts",
        f"有整机{part_id}的库没有可运{size.zh}的线路",
    )


def no_depot_words(size_class: SizeClass) -> Sentence:
    """Say that no depot can be reached."""
    size = SIZE_WORDS[size_class]
    return clause(f"no lane of a depot carries {size.en} parts", f"没有可运{size.zh}的返厂线路")


def visit_words(outlet_id: str) -> Sentence:
    """Say who comes."""
    return clause(f"outlet {outlet_id} comes", f"网点{outlet_id}上门")


def depot_words(source_id: str, mode: ShipMode) -> Sentence:
    """Say where the unit goes, and how."""
    how = SHIP_WORDS[mode]
    return clause(f"to {source_id} and back by {how.en}", f"{how.zh}往返{source_id}")


def exchange_words(outlet_id: str, source_id: str, mode: ShipMode) -> Sentence:
    """Say who brings the unit, and where it comes from."""
    how = SHIP_WORDS[mode]
    return clause(
        f"outlet {outlet_id} brings a unit from {source_id}, sent by {how.en}",
        f"网点{outlet_id}上门换机，整机由{source_id}{how.zh}发出",
    )


def call_words(minutes: int, solved_percent: int) -> Sentence:
    """Say how long somebody talks to the customer, and how often it helps."""
    return clause(
        f"a call of {minutes} min, which solves {solved_percent} % of such faults",
        f"电话指导约{minutes}分钟，约{solved_percent}%可解决",
    )


def recommendation_words(best: ModeOption | None, others: Iterable[ModeOption]) -> Sentence:
    """Say what is best with its money and days, and why it is none of the others."""
    why_not = [_against(best, other) for other in others]
    if best is None:
        return joined([clause("No way is possible", "没有可行的方式"), *why_not])
    return joined([_best(best), *why_not])


def _best(best: ModeOption) -> Sentence:
    name = MODE_NAMES[best.mode]
    paid = clause(f", {yuan(best.customer_fen)} more to the customer", f"，客户另付{yuan(best.customer_fen)}元")
    money = paid if best.customer_fen else clause("", "")
    return clause(
        f"Best {name.en}: {best.said.en}; {yuan(best.cost.total)} yuan{money.en}, {_days(best.days_p90).en} promised",
        f"建议{name.zh}：{best.said.zh}；{yuan(best.cost.total)}元{money.zh}，承诺{_days(best.days_p90).zh}",
    )


def _against(best: ModeOption | None, other: ModeOption) -> Sentence:
    name = MODE_NAMES[other.mode]
    if not other.possible or best is None:
        return clause(f"not {name.en}: {other.said.en}", f"不选{name.zh}：{other.said.zh}")
    fen = other.cost.total + other.customer_fen - best.cost.total - best.customer_fen
    dearer, later = _dearer(fen), _later(other.days_p90 - best.days_p90)
    weighed = other.weighed_fen - best.weighed_fen
    return clause(
        f"not {name.en}: {dearer.en}, {later.en}, worse by {yuan(weighed)} yuan with the waiting",
        f"不选{name.zh}：{dearer.zh}，{later.zh}，计入等待后差{yuan(weighed)}元",
    )


def _dearer(fen: int) -> Sentence:
    if fen == 0:
        return clause("as dear", "费用相同")
    en, zh = ("dearer", "贵") if fen > 0 else ("cheaper", "便宜")
    return clause(f"{yuan(abs(fen))} yuan {en}", f"{zh}{yuan(abs(fen))}元")


def _later(days: int) -> Sentence:
    if days == 0:
        return clause("as soon", "天数相同")
    en, zh = ("later", "晚") if days > 0 else ("sooner", "早")
    return clause(f"{_days(abs(days)).en} {en}", f"{zh}{abs(days)}天")


def _days(days: int) -> Sentence:
    return clause(f"{days} day" if days == 1 else f"{days} days", f"{days}天")
