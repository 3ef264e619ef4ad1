"""What the sample network repairs: product families, their faults, and the components a fault asks for.

All of it is invented by hand to be plausible; docs/sample-network.md says so. A part is one component of one model
series, so a family of ten components and five series has fifty parts.
"""

from typing import NamedTuple

__all__ = ["COOLANT", "ELECTRICIAN", "FAMILIES", "GAS", "HEIGHT", "SERIES", "Component", "Family", "Fault"]

GAS = "gas"
ELECTRICIAN = "electrician"
COOLANT = "refrigerant"
HEIGHT = "high_altitude"

SERIES = (0.42, 0.26, 0.16, 0.10, 0.06)
"""How often a call is about each of the five model series; the first is the one that kits.csv names."""


class Component(NamedTuple):
    """A kind of part: Chinese name, size class, weight, price, and whether every van has it."""

    name: str
    size_class: str
    weight_g: int
    price_fen: int
    carried: bool = False


class Fault(NamedTuple):
    """A kind of call: how frequent within its family, how long on site, and what it takes."""

    name: str
    weight: int
    minutes: int
    level: int = 1
    components: tuple[str, ...] = ()
    job_type: str = "repair"
    crew: int = 1
    load: int = 0
    certificates: tuple[str, ...] = ()


class Family(NamedTuple):
    """A product family: share of all calls over a year, seasons, certificates that every job of it needs."""

    key: str
    name: str
    code: str
    share: int
    season: tuple[int, ...]
    certificates: tuple[str, ...]
    components: tuple[Component, ...]
    faults: tuple[Fault, ...]


_WINTER = (160, 150, 120, 100, 80, 65, 60, 60, 75, 95, 125, 155)
_SUMMER = (60, 55, 60, 75, 115, 175, 220, 200, 120, 70, 55, 60)
_WARM = (85, 85, 90, 95, 105, 115, 125, 125, 110, 95, 90, 85)
_FLAT = (100,) * 12


def _carried(name: str, weight_g: int, price_fen: int) -> Component:
    return Component(name, "small", weight_g, price_fen, carried=True)


def _exchange(weight: int, load: int) -> Fault:
    return Fault("整机更换", weight, 75, 2, ("整机",), "unit_exchange", 2, load)


def _maintenance(weight: int, minutes: int) -> Fault:
    return Fault("定期保养", weight, minutes, 1, (), "maintenance")


FAMILIES: tuple[Family, ...] = (
    Family(
        "water_heater_gas",
        "燃气热水器",
        "WHG",
        17,
        _WINTER,
        (GAS,),
        (
            _carried("点火针", 40, 1_500),
            _carried("密封圈套件", 60, 800),
            _carried("水流传感器", 90, 2_800),
            _carried("电池盒", 120, 1_200),
            Component("风压开关", "small", 150, 6_500),
            Component("主控板", "small", 450, 23_000),
            Component("燃气比例阀", "small", 900, 21_000),
            Component("风机", "medium", 2_600, 18_000),
            Component("热交换器", "medium", 5_200, 42_000),
            Component("整机", "bulky", 18_000, 210_000),
        ),
        (
            Fault("点不着火", 26, 35, 1, ("点火针",)),
            Fault("中途熄火", 15, 40, 2),
            Fault("水温忽冷忽热", 12, 40, 2, ("水流传感器",)),
            Fault("漏水", 10, 35, 1, ("密封圈套件",)),
            Fault("风压故障", 7, 40, 2, ("风压开关",)),
            Fault("显示故障码", 7, 45, 3, ("主控板",)),
            Fault("火力不足", 5, 45, 2, ("燃气比例阀",)),
            Fault("风机不转", 5, 55, 2, ("风机",)),
            Fault("热交换器漏水", 2, 75, 3, ("热交换器", "密封圈套件")),
            _maintenance(6, 30),
            Fault("新机安装", 3, 75, 2, (), "installation", 1, 1),
            _exchange(1, 2),
        ),
    ),
    Family(
        "water_heater_electric",
        "电热水器",
        "WHE",
        14,
        _WINTER,
        (ELECTRICIAN,),
        (
            _carried("密封圈套件", 60, 800),
            _carried("镁棒", 350, 3_500),
            _carried("限温器", 80, 2_200),
            _carried("安全阀", 160, 2_600),
            Component("加热管", "small", 700, 8_800),
            Component("电脑板", "small", 350, 16_500),
            Component("显示屏组件", "small", 260, 9_600),
            Component("漏电保护线", "small", 400, 6_200),
            Component("内胆", "bulky", 16_000, 52_000),
            Component("整机", "bulky", 28_000, 165_000),
        ),
        (
            Fault("不加热", 24, 35, 1, ("限温器",)),
            Fault("漏水", 16, 35, 1, ("密封圈套件",)),
            Fault("泄压阀滴水", 12, 25, 1, ("安全阀",)),
            Fault("加热慢", 8, 45, 1, ("加热管",)),
            Fault("漏电保护跳闸", 7, 40, 2, ("漏电保护线",)),
            Fault("通电无反应", 5, 45, 2, ("电脑板",)),
            Fault("显示异常", 4, 35, 1, ("显示屏组件",)),
            _maintenance(13, 35),
            Fault("新机安装", 4, 70, 1, (), "installation", 1, 1),
            Fault("内胆更换", 1, 90, 3, ("内胆", "密封圈套件"), "repair", 2, 2),
            _exchange(1, 2),
        ),
    ),
    Family(
        "air_conditioner",
        "空调",
        "ACO",
        21,
        _SUMMER,
        (),
        (
            _carried("电容", 120, 2_500),
            _carried("温度传感器", 40, 1_800),
            _carried("排水管", 300, 1_500),
            _carried("遥控器", 150, 3_000),
            Component("内机主板", "small", 500, 26_000),
            Component("外机主板", "medium", 1_800, 48_000),
            Component("风扇电机", "medium", 2_400, 16_000),
            Component("四通阀", "medium", 1_100, 14_000),
            Component("压缩机", "bulky", 14_000, 88_000),
            Component("整机", "bulky", 42_000, 290_000),
        ),
        (
            Fault("制冷制热差", 24, 40, 1, ("温度传感器",)),
            Fault("缺氟", 14, 50, 2, (), certificates=(COOLANT,)),
            Fault("内机漏水", 14, 35, 1, ("排水管",)),
            Fault("遥控失灵", 9, 25, 1, ("遥控器",)),
            Fault("外机不启动", 8, 45, 2, ("电容",), certificates=(HEIGHT,)),
            Fault("内机不工作", 6, 40, 2, ("内机主板",)),
            Fault("外机主板故障", 5, 55, 3, ("外机主板",), certificates=(HEIGHT,)),
            Fault("风扇噪音大", 4, 50, 2, ("风扇电机",)),
            Fault("不制热", 3, 70, 3, ("四通阀",), certificates=(COOLANT,)),
            _maintenance(7, 40),
            Fault("压缩机更换", 1, 90, 3, ("压缩机",), "repair", 2, 2, (COOLANT, HEIGHT)),
            Fault("整机更换", 1, 90, 2, ("整机",), "unit_exchange", 2, 4, (COOLANT, HEIGHT)),
        ),
    ),
    Family(
        "refrigerator",
        "冰箱",
        "REF",
        14,
        _WARM,
        (),
        (
            _carried("温度传感器", 30, 1_600),
            _carried("照明灯", 60, 1_200),
            _carried("启动器", 90, 2_400),
            _carried("干燥过滤器", 180, 1_900),
            Component("主控板", "small", 420, 24_000),
            Component("风扇电机", "small", 380, 9_800),
            Component("门封条", "medium", 1_200, 7_500),
            Component("压缩机", "medium", 8_500, 46_000),
            Component("门体", "bulky", 19_000, 78_000),
            Component("整机", "bulky", 78_000, 360_000),
        ),
        (
            Fault("不制冷", 22, 40, 1, ("启动器",)),
            Fault("温度不准", 15, 35, 1, ("温度传感器",)),
            Fault("结冰堵塞", 14, 45, 1),
            Fault("制冷剂泄漏", 8, 60, 2, ("干燥过滤器",), certificates=(COOLANT,)),
            Fault("照明不亮", 7, 25, 1, ("照明灯",)),
            Fault("门封不严", 7, 40, 1, ("门封条",)),
            Fault("显示故障码", 6, 45, 2, ("主控板",)),
            Fault("风扇异响", 5, 45, 2, ("风扇电机",)),
            Fault("压缩机更换", 3, 90, 3, ("压缩机", "干燥过滤器"), certificates=(COOLANT,)),
            Fault("门体更换", 3, 60, 2, ("门体",), "door_replacement", 2, 2),
            _exchange(2, 4),
        ),
    ),
    Family(
        "washing_machine",
        "洗衣机",
        "WAM",
        12,
        _FLAT,
        (),
        (
            _carried("进水阀", 220, 3_200),
            _carried("排水泵滤网", 80, 900),
            _carried("皮带", 110, 1_500),
            _carried("水位传感器", 70, 2_600),
            Component("电脑板", "small", 400, 22_000),
            Component("门锁", "small", 180, 5_200),
            Component("排水泵", "small", 700, 7_800),
            Component("电机", "medium", 4_500, 32_000),
            Component("门体", "medium", 2_600, 19_000),
            Component("整机", "bulky", 62_000, 260_000),
        ),
        (
            Fault("不进水", 17, 30, 1, ("进水阀",)),
            Fault("不排水", 18, 35, 1, ("排水泵滤网",)),
            Fault("不脱水", 14, 40, 1, ("皮带",)),
            Fault("水位异常", 9, 35, 1, ("水位传感器",)),
            Fault("噪音震动大", 12, 40, 2),
            Fault("门打不开", 6, 35, 1, ("门锁",)),
            Fault("排水泵损坏", 6, 40, 1, ("排水泵",)),
            Fault("程序混乱", 6, 45, 2, ("电脑板",)),
            Fault("电机不转", 4, 65, 2, ("电机",)),
            Fault("门体更换", 2, 45, 1, ("门体",), "door_replacement", 1, 1),
            Fault("新机安装", 1, 50, 1, (), "installation", 1, 1),
            _exchange(1, 4),
        ),
    ),
    Family(
        "range_hood",
        "油烟机",
        "RAH",
        9,
        _FLAT,
        (),
        (
            _carried("开关按键", 50, 1_400),
            _carried("照明灯", 60, 1_200),
            _carried("电容", 120, 2_500),
            _carried("油杯", 250, 1_800),
            Component("控制板", "small", 260, 12_500),
            Component("止回阀", "small", 400, 3_600),
            Component("叶轮", "medium", 1_500, 6_800),
            Component("电机", "medium", 3_800, 24_000),
            Component("面板", "medium", 3_200, 18_500),
            Component("整机", "bulky", 24_000, 195_000),
        ),
        (
            Fault("吸力小", 24, 40, 1),
            Fault("不启动", 16, 35, 1, ("电容",)),
            Fault("按键失灵", 14, 30, 1, ("开关按键",)),
            Fault("照明不亮", 9, 25, 1, ("照明灯",)),
            Fault("漏油", 9, 30, 1, ("油杯",)),
            Fault("噪音大", 8, 50, 2, ("叶轮",)),
            Fault("触控无反应", 6, 40, 2, ("控制板",)),
            Fault("电机不转", 5, 60, 2, ("电机",)),
            Fault("倒烟", 4, 40, 1, ("止回阀",)),
            Fault("面板破损", 2, 50, 1, ("面板",)),
            _exchange(2, 2),
        ),
    ),
    Family(
        "gas_stove",
        "燃气灶",
        "GAS",
        9,
        _FLAT,
        (GAS,),
        (
            _carried("点火针", 40, 1_500),
            _carried("脉冲点火器", 150, 3_400),
            _carried("热电偶", 60, 1_600),
            _carried("电池盒", 120, 1_200),
            Component("旋塞阀", "small", 420, 8_400),
            Component("电磁阀", "small", 160, 5_600),
            Component("火盖", "small", 600, 4_800),
            Component("炉头", "medium", 2_200, 11_000),
            Component("玻璃面板", "medium", 5_200, 16_000),
            Component("整机", "bulky", 14_000, 128_000),
        ),
        (
            Fault("打不着火", 28, 30, 1, ("脉冲点火器",)),
            Fault("松手熄火", 20, 30, 1, ("热电偶",)),
            Fault("黄火", 12, 30, 1),
            Fault("火力小", 10, 35, 1),
            Fault("旋钮卡死", 6, 40, 2, ("旋塞阀",)),
            Fault("漏气报警", 7, 45, 3, ("电磁阀",)),
            Fault("火焰偏斜", 5, 35, 1, ("火盖",)),
            Fault("炉头腐蚀", 4, 45, 2, ("炉头",)),
            Fault("面板炸裂", 4, 45, 1, ("玻璃面板",)),
            _exchange(2, 1),
        ),
    ),
    Family(
        "dishwasher",
        "洗碗机",
        "DIW",
        4,
        _FLAT,
        (),
        (
            _carried("进水阀", 220, 3_200),
            _carried("密封条", 200, 2_100),
            _carried("滤网", 150, 1_600),
            _carried("浊度传感器", 60, 3_800),
            Component("主控板", "small", 420, 26_000),
            Component("排水泵", "small", 600, 8_200),
            Component("加热器", "small", 500, 9_400),
            Component("洗涤泵", "medium", 2_100, 28_000),
            Component("门体", "bulky", 9_000, 56_000),
            Component("整机", "bulky", 46_000, 310_000),
        ),
        (
            Fault("洗不干净", 24, 40, 1, ("滤网",)),
            Fault("不进水", 17, 35, 1, ("进水阀",)),
            Fault("漏水", 15, 40, 1, ("密封条",)),
            Fault("显示故障码", 9, 45, 2, ("主控板",)),
            Fault("不排水", 9, 45, 1, ("排水泵",)),
            Fault("不加热", 7, 50, 2, ("加热器",)),
            Fault("不喷淋", 6, 60, 3, ("洗涤泵",)),
            Fault("新机安装", 6, 80, 2, (), "installation", 1, 2),
            Fault("门体更换", 2, 60, 2, ("门体",), "door_replacement", 2, 2),
            _exchange(2, 4),
        ),
    ),
)
