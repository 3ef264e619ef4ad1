"""Which tools a crew takes: by product family and by certificate scheme, in Chinese."""

from collections.abc import Iterable

from datasets.china_catalogue import COOLANT, ELECTRICIAN, GAS, HEIGHT
from optimizer.tours.model import TourJob

__all__ = ["tools_for"]

ALWAYS = ("螺丝刀套装", "万用表", "绝缘胶带", "工单与收据")
BY_FAMILY = {
    "water_heater_gas": ("活动扳手", "水压表", "密封带"),
    "water_heater_electric": ("管钳", "镁棒扳手", "绝缘电阻表"),
    "air_conditioner": ("压力表组", "真空泵", "清洗罩"),
    "refrigerator": ("压力表组", "真空泵", "封口钳"),
    "washing_machine": ("内筒扳手", "套筒扳手"),
    "range_hood": ("内六角扳手", "清洗剂"),
    "gas_stove": ("通针", "活动扳手"),
    "dishwasher": ("水平尺", "管钳"),
}
BY_SCHEME = {
    GAS: ("燃气检漏仪", "肥皂水"),
    ELECTRICIAN: ("绝缘手套", "验电笔"),
    COOLANT: ("制冷剂钢瓶", "检漏灯"),
    HEIGHT: ("安全带", "伸缩梯"),
}


def tools_for(jobs: Iterable[TourJob]) -> tuple[str, ...]:
    """Return the tools that these jobs need, each once: those of every job first."""
    jobs = tuple(jobs)
    if not jobs:
        return ()
    families = sorted({job.skill.family for job in jobs})
    schemes = sorted({scheme for job in jobs for scheme in job.certificates})
    lists = [ALWAYS, *(BY_FAMILY.get(key, ()) for key in families), *(BY_SCHEME.get(key, ()) for key in schemes)]
    return tuple(dict.fromkeys(tool for tools in lists for tool in tools))
