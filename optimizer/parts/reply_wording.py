"""What a reply about parts says, in English and in Chinese: amounts, times and sources named in every sentence."""

from collections.abc import Iterable, Sequence

from optimizer.explanation import Sentence
from optimizer.model import ShipMode, SizeClass
from optimizer.parts.model import Dispatch, LineAnswer
from optimizer.wording import SHIP_WORDS, SIZE_WORDS, clause, difference_words, duration_words, joined, time_words, yuan

__all__ = [
    "APPROVAL_HELPS",
    "KIT_ALONE",
    "NEAREST_SENDS",
    "NEEDS_EXPRESS",
    "ONLY_DEDICATED",
    "OVER_SOURCES",
    "alternative_words",
    "answer_words",
    "bulky_words",
    "closed_way_words",
    "closed_words",
    "cut_off_words",
    "dearer_words",
    "inbound_words",
    "kit_words",
    "late_risk_words",
    "nearest_words",
    "no_bulky_way_back_words",
    "no_departure_words",
    "no_lane_words",
    "no_way_back_words",
    "not_sent_words",
    "not_yet_words",
    "offline_words",
    "out_of_reach_words",
    "over_sources_words",
    "pinned_words",
    "proposal_words",
    "reopen_words",
    "reserve_words",
    "short_words",
    "sooner_kit_words",
    "sooner_way_words",
    "split_help_words",
    "spread_words",
    "still_missed_words",
    "substitute_words",
    "transfer_words",
    "unknown_part_words",
    "unpin_words",
    "visit_words",
]

NEAREST_SENDS = clause("sends it", "由其发出")
NEEDS_EXPRESS = clause(
    "has neither express nor pickup, which a waiting customer needs", "没有快运或自提，客户在等须走快运"
)
ONLY_DEDICATED = clause(
    "could send it only by a dedicated vehicle, others send it with the rest", "只能派专车，而别处可随班车发出"
)
OVER_SOURCES = clause("would make one source more than the order may have", "会超出该订单允许的发货来源数")
KIT_ALONE = clause("has it, but its kit is not complete without another line", "有货，但套件缺其他配件，不能单独发出")
APPROVAL_HELPS = clause("approve the quantity over the quota", "审批超出配额的数量")


def answer_words(answer: LineAnswer) -> Sentence:
    """Say what is sent, when it is there at the usual and at the promised time, and for how much freight."""
    if not answer.dispatches or answer.eta_p50_s is None or answer.eta_p90_s is None:
        return clause(answer.reason, answer.reason_zh)
    fen = yuan(sum(one.cost_fen for one in answer.dispatches))
    usual, promised = time_words(answer.eta_p50_s), time_words(answer.eta_p90_s)
    coming = joined((_dispatch_words(one) for one in answer.dispatches), ", ", "，")
    said = clause(
        f"{coming.en}; usually there {usual.en}, promised {promised.en}; freight {fen} yuan",
        f"{coming.zh}；通常{usual.zh}到，承诺{promised.zh}前到；运费{fen}元",
    )
    below = sum(one.below_floor for one in answer.dispatches)
    reserve = clause(f"{below} from the reserve", f"其中{below}件动用安全库存") if below else clause("", "")
    fallback = any(one.bulky_fallback for one in answer.dispatches)
    by_itself = clause("too bulky for express", "大件无快运线路，改用其他方式") if fallback else clause("", "")
    return joined((said, reserve, by_itself))


def _dispatch_words(one: Dispatch) -> Sentence:
    mode, at = SHIP_WORDS[one.mode], time_words(one.ships_s)
    return clause(
        f"{one.quantity} × {one.part_id} from {one.source_id} by {mode.en} at {at.en}",
        f"{one.quantity}件{one.part_id}由{one.source_id}于{at.zh}{mode.zh}发出",
    )


def alternative_words(one: Dispatch, difference_fen: int, later_s: int | None) -> Sentence:
    """Say what else could be sent, what that changes in money and in time."""
    cost = difference_words(difference_fen)
    if later_s is None:
        at = time_words(one.ready_p90_s)
        when = clause(f"there {at.en}", f"{at.zh}前到")
    else:
        when = _later_words(later_s)
    return joined((_dispatch_words(one), cost, when), ", ", "，")


def over_sources_words(said: Sentence) -> Sentence:
    """Say of a way that it makes one source more than its order may have."""
    return clause(f"{said.en}, one source more than the order may have", f"{said.zh}，超出该订单允许的来源数")


def _later_words(later_s: int) -> Sentence:
    if later_s == 0:
        return clause("at the same time", "到货时间相同")
    long = duration_words(abs(later_s))
    return clause(f"{long.en} {'later' if later_s > 0 else 'sooner'}", f"{'晚' if later_s > 0 else '早'}{long.zh}")


def nearest_words(source_id: str, said: Sentence) -> Sentence:
    """Say what is with the nearest source."""
    return clause(f"nearest source {source_id} {said.en}", f"最近的货源{source_id}{said.zh}")


def pinned_words(source_id: str) -> Sentence:
    """Say that a person decided."""
    return clause(f"is not asked: a person decided on {source_id}", f"未考虑：已人工指定{source_id}")


def offline_words() -> Sentence:
    """Say that a source sends nothing."""
    return clause("is offline", "停用中")


def short_words(units: int, part_id: str, whose: str) -> Sentence:
    """Say that a source has too few: of its own (`""`), less its `floor`, what is `promised`, or over a `quota`."""
    return {
        "": clause(f"has {units} of {part_id}", f"只有{units}件{part_id}"),
        "floor": clause(
            f"keeps its {units} of {part_id} in reserve", f"的{units}件{part_id}为安全库存，不对该订单开放"
        ),
        "promised": clause(f"has promised its {units} of {part_id} to others", f"的{units}件{part_id}已分配给其他订单"),
        "quota": clause(
            f"has promised its {units} of {part_id} to lines within their quota",
            f"的{units}件{part_id}已分配给配额内的订单，该行超出配额",
        ),
        "late": clause(
            f"has {units} of {part_id} only after the last departure known", f"的{units}件{part_id}在已知末班发车后才到"
        ),
        "dock": clause("has its docks full at every departure in time", "各班次的装货能力已满"),
    }[whose]


def not_yet_words(units: int, quantity: int, part_id: str, then: Sentence) -> Sentence:
    """Say that a source has too few until more arrives, and what it would change to wait for that."""
    return clause(
        f"has {units} of {quantity} × {part_id} until more arrives, and then {then.en}",
        f"现有{units}件{part_id}（需{quantity}件），须等到货；到货后{then.zh}",
    )


def no_lane_words(centre_id: str) -> Sentence:
    """Say that nothing goes there."""
    return clause(f"has no lane to {centre_id}", f"没有到{centre_id}的线路")


def out_of_reach_words(outlet_id: str | None) -> Sentence:
    """Say that it could only be fetched there, and that whoever would is too far away or not yet known."""
    if outlet_id is None:
        return clause("only lets parts be fetched, and no outlet is known that would", "只可自提，而上门网点未定")
    return clause(f"only lets parts be fetched, and {outlet_id} is too far away", f"只可自提，而{outlet_id}距离过远")


def bulky_words(size: SizeClass) -> Sentence:
    """Say that no lane carries it."""
    return clause(f"has no lane that carries {SIZE_WORDS[size].en} parts", f"没有可运{SIZE_WORDS[size].zh}的线路")


def closed_words() -> Sentence:
    """Say that the lanes are closed."""
    return clause("has its lanes closed: no departure is known", "线路停运，没有班次")


def cut_off_words(mode: ShipMode, missed_s: int, now_s: int, next_s: int) -> Sentence:
    """Say which departure was missed, by how much, and when the next leaves, which is too late."""
    at, by, then = time_words(missed_s), duration_words(now_s - missed_s), time_words(next_s)
    return clause(
        f"was missed by {by.en}: {SHIP_WORDS[mode].en} left {at.en}, the next leaves {then.en}, too late",
        f"{SHIP_WORDS[mode].zh}已于{at.zh}截单，错过{by.zh}，下一班{then.zh}发出，赶不上",
    )


def dearer_words(fen: int, later_s: int | None) -> Sentence:
    """Say what sending it from there would change, in money and in time; None: it does not come now."""
    cost = difference_words(fen)
    changes = cost if later_s is None else joined((cost, _later_words(later_s)), ", ", "，")
    if fen < 0:
        return clause(f"would be {changes.en}; that was not found", f"可{changes.zh}，未被选中")
    return clause(f"could send it {changes.en}" if fen == 0 else f"would be {changes.en}", f"可发，但{changes.zh}")


def inbound_words(source_id: str, part_id: str, ready_s: int, eta_s: int) -> Sentence:
    """Say what is on its way, and when the line could be there."""
    at, there = time_words(ready_s), time_words(eta_s)
    return clause(
        f"{part_id} arrives at {source_id} {at.en}; from there by {there.en}",
        f"{part_id}将于{at.zh}到{source_id}，再发{there.zh}前到",
    )


def transfer_words(from_id: str, to_id: str, quantity: int, part_id: str) -> Sentence:
    """Say which transfer would unlock a line."""
    return clause(
        f"a transfer of {quantity} × {part_id} from {from_id} to {to_id} tonight",
        f"今晚从{from_id}调拨{quantity}件{part_id}到{to_id}",
    )


def sooner_way_words(one: Dispatch, fen: int) -> Sentence:
    """Say which other way would be in time, and what it costs more."""
    mode, at, cost = SHIP_WORDS[one.mode], time_words(one.ready_p90_s), difference_words(fen)
    return clause(
        f"{mode.en} from {one.source_id}, there by {at.en}, in time, {cost.en}",
        f"改由{one.source_id}发{mode.zh}，{at.zh}前到，可赶上，{cost.zh}",
    )


def sooner_kit_words(ways: Iterable[Dispatch], fen: int) -> Sentence:
    """Say by which other ways a whole kit would be in time, and what they cost more together."""
    each = [
        clause(
            f"{way.part_id} {SHIP_WORDS[way.mode].en} from {way.source_id}, there by {time_words(way.ready_p90_s).en}",
            f"{way.part_id}改由{way.source_id}发{SHIP_WORDS[way.mode].zh}，{time_words(way.ready_p90_s).zh}前到",
        )
        for way in ways
    ]
    several, cost = joined(each, " and ", "；"), difference_words(fen)
    return clause(
        f"both another way: {several.en}, in time, together {cost.en}"
        if len(each) == 2
        else f"each another way: {several.en}, in time, together {cost.en}",
        f"整套改线路：{several.zh}，可赶上，合计{cost.zh}",
    )


def closed_way_words(one: Dispatch, fen: int, reserve: bool) -> Sentence:
    """Say which way in time somebody could open, out of a reserve or by a vehicle that no rule sends."""
    mode, at, cost = SHIP_WORDS[one.mode], time_words(one.ready_p90_s), difference_words(fen)
    if reserve:
        return clause(
            f"release of the reserve of {one.source_id}: {mode.en} from there by {at.en}, in time, {cost.en}",
            f"批准动用{one.source_id}的安全库存发{mode.zh}，{at.zh}前到，可赶上，{cost.zh}",
        )
    return clause(
        f"{mode.en} from {one.source_id}, there by {at.en}, in time, {cost.en}, if somebody orders it: other lanes "
        "carry this part",
        f"人工批准由{one.source_id}发{mode.zh}，{at.zh}前到，可赶上，{cost.zh}（另有线路可运，不会自动安排）",
    )


def visit_words(ready_s: int, left: Iterable[Sentence]) -> Sentence:
    """Say when a visit could be agreed for that does not wait for parts, and what that leaves as it is."""
    at, left = time_words(ready_s), tuple(left)
    return clause(
        "; ".join((f"a visit agreed for {at.en} or later, the promised time", *(some.en for some in left))),
        "；".join((f"与客户改约{at.zh}（承诺到货时间）之后上门", *(some.zh for some in left))),
    )


def still_missed_words(what: Sentence, due_s: int, late_s: int) -> Sentence:
    """Say which time is missed all the same."""
    due, by = time_words(due_s), duration_words(late_s)
    return clause(f"{what.en} {due.en} is missed by {by.en} all the same", f"但仍超出{what.zh}{due.zh}共{by.zh}")


def reserve_words(source_id: str, units: int, part_id: str) -> Sentence:
    """Say whose reserve would do."""
    return clause(
        f"release of the reserve of {source_id}: {units} × {part_id}",
        f"批准动用{source_id}的安全库存{units}件{part_id}",
    )


def substitute_words(part_id: str, source_id: str, units: int) -> Sentence:
    """Say which part would do instead, and where it is."""
    return clause(
        f"{part_id} instead, of which {source_id} has {units} left", f"以{part_id}代替，{source_id}尚有{units}件"
    )


def unpin_words(pinned_id: str, source_id: str) -> Sentence:
    """Say who could send it if no person had decided."""
    return clause(f"another source than {pinned_id}: {source_id} has it", f"取消指定{pinned_id}，{source_id}有货")


def split_help_words(sources: int) -> Sentence:
    """Say that more sources would have to be allowed."""
    return clause(f"let it come from {sources} sources", f"允许从{sources}个货源发出")


def reopen_words(source_id: str, units: int) -> Sentence:
    """Say which source would do once it is back."""
    return clause(f"{source_id}, offline now, has {units}", f"{source_id}恢复启用（有{units}件）")


def kit_words(part_ids: Sequence[str]) -> Sentence:
    """Say which other parts of the kit have to be had first."""
    return clause(f"{', '.join(part_ids)} of the same kit must be had first", f"须先解决同套件的{'、'.join(part_ids)}")


def not_sent_words(job_id: str | None) -> Sentence:
    """Say that a line is not sent, and which job that blocks."""
    if job_id is None:
        return clause("not sent", "未发出")
    return clause(f"not sent; {job_id} cannot be done without it", f"未发出，工单{job_id}因缺件无法完成")


def late_risk_words(what: Sentence, due_s: int, late_s: int) -> Sentence:
    """Say which time it misses even if all goes as usual."""
    due, by = time_words(due_s), duration_words(late_s)
    return clause(
        f"{what.en} {due.en} is missed by {by.en} at the promised time", f"按承诺时间将超出{what.zh}{due.zh}共{by.zh}"
    )


def spread_words(what: Sentence, due_s: int, late_s: int) -> Sentence:
    """Say which time it makes as a rule and may miss."""
    due, by = time_words(due_s), duration_words(late_s)
    return clause(
        f"usually in time for {what.en} {due.en}; at worst {by.en} late", f"通常赶得上{what.zh}{due.zh}，最坏晚{by.zh}"
    )


def proposal_words(from_id: str, to_id: str, quantity: int, part_id: str, lines: int, gain_fen: int) -> Sentence:
    """Say what is to be moved and what it is worth."""
    en = "1 line" if lines == 1 else f"{lines} lines"
    return clause(
        f"move {quantity} × {part_id} from {from_id} to {to_id}: serves {en}, {yuan(gain_fen)} yuan better",
        f"从{from_id}调拨{quantity}件{part_id}到{to_id}：可满足{lines}行，净省{yuan(gain_fen)}元",
    )


def unknown_part_words(part_id: str) -> Sentence:
    """Say that nobody knows what a return weighs."""
    return clause(f"{part_id} is no known part", f"{part_id}不在配件目录中")


def no_way_back_words(centre_id: str) -> Sentence:
    """Say that no warehouse in service has a lane there."""
    return clause(f"no open warehouse has a lane to {centre_id}", f"没有启用中的库有到{centre_id}的线路")


def no_bulky_way_back_words(centre_id: str, size: SizeClass) -> Sentence:
    """Say that no lane carries a return."""
    return clause(
        f"no lane to {centre_id} carries {SIZE_WORDS[size].en} parts",
        f"到{centre_id}没有可运{SIZE_WORDS[size].zh}的线路",
    )


def no_departure_words(ready_s: int) -> Sentence:
    """Say that nothing leaves after a return is packed."""
    at = time_words(ready_s)
    return clause(f"no departure is known after {at.en}", f"{at.zh}之后没有班次")
