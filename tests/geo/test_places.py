import numpy as np

from geo.crs import in_china
from geo.places import load_places, load_provinces

CAPITALS = [
    "北京市", "天津市", "上海市", "重庆市", "石家庄市", "太原市", "呼和浩特市", "沈阳市", "长春市", "哈尔滨市",
    "南京市", "杭州市", "合肥市", "福州市", "南昌市", "济南市", "郑州市", "武汉市", "长沙市", "广州市",
    "南宁市", "海口市", "成都市", "贵阳市", "昆明市", "拉萨市", "西安市", "兰州市", "西宁市", "银川市",
    "乌鲁木齐市",
]  # fmt: skip


def test_every_province_of_the_mainland_has_places_and_names() -> None:
    places, provinces = load_places(), load_provinces()
    assert len(provinces) == 34
    assert set(places.province_id) == {identity for identity in provinces["id"] if identity.startswith("CN.")}
    assert provinces.geometry.is_valid.all()
    assert places.province_zh.str.len().gt(0).all()
    assert places.set_index("zh").province["成都市"] == "Sichuan"


def test_places_are_whole() -> None:
    places = load_places()
    assert places.place_id.is_unique
    assert not places.duplicated(["lon", "lat"]).any()
    assert in_china(places.lon.to_numpy(), places.lat.to_numpy()).all()
    assert places.population.gt(0).all()
    assert set(places.level) == {"city", "county", "district", "township", "village"}
    assert places.area_id.isin(places.place_id).all()


def test_an_urban_area_is_its_own_seat() -> None:
    places = load_places().set_index("place_id")
    assert (places.area_id.loc[places.area_id].to_numpy() == places.area_id.to_numpy()).all()


def test_the_31_capitals_stay_large_cities() -> None:
    places = load_places()
    capitals = places[places.zh.isin(CAPITALS) & (places.level == "city")]
    assert set(capitals.zh) == set(CAPITALS)
    assert capitals.groupby("zh").population.max().min() >= 250_000


def test_wrong_populations_are_clipped() -> None:
    places = load_places()
    assert places[places.zh == "吴忠市"].population.item() < 1_000_000
    assert places[places["name"] == "Bao'an"].population.max() < 5_000_000
    largest = places.groupby("level").population.max()
    assert largest["village"] <= 20_000
    assert largest["township"] <= 100_000
    assert largest["county"] <= 500_000


def test_han_names_are_simplified() -> None:
    names = set(load_places().zh)
    assert {"鹤岗市", "昆山市", "铁岭市", "佛山市", "长沙市"} <= names
    assert not {"鶴崗市", "崑山市", "鉄嶺市", "仏山市", "長沙市"} & names


def test_a_copy_protects_the_cached_table() -> None:
    places = load_places()
    places["population"] = 0
    assert np.all(load_places().population > 0)
