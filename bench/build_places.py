"""Derive datasets/data/ (places.csv.gz and provinces.geojson) from a GeoNames extract and Natural Earth polygons.

Usage: python -m bench.build_places RAW_PLACES.csv.gz RAW_PROVINCES.geojson OUTPUT_FOLDER

RAW_PLACES has the columns geonameid, name, zh, lat, lon, population (0 = unknown), admin1 (GeoNames code).
RAW_PROVINCES has one feature per province with a property `id` (`CN.` + admin1, or HK, MO, TW).
The same input gives the same bytes. What is changed and why: datasets/data/README.md.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["build_places", "build_provinces", "main"]

EARTH_KM = 6371.0088
PEOPLE_PER_KM2 = 6_000
"""A usual density of a Chinese built-up area: turns a population into a radius of the urban area."""
MERGED_DEGREES = 0.3
"""A place farther than this from its GeoNames province is in the province whose polygon holds it."""

PROVINCES = {
    "CN.01": ("Anhui", "安徽省"), "CN.02": ("Zhejiang", "浙江省"), "CN.03": ("Jiangxi", "江西省"),
    "CN.04": ("Jiangsu", "江苏省"), "CN.05": ("Jilin", "吉林省"), "CN.06": ("Qinghai", "青海省"),
    "CN.07": ("Fujian", "福建省"), "CN.08": ("Heilongjiang", "黑龙江省"), "CN.09": ("Henan", "河南省"),
    "CN.10": ("Hebei", "河北省"), "CN.11": ("Hunan", "湖南省"), "CN.12": ("Hubei", "湖北省"),
    "CN.13": ("Xinjiang", "新疆维吾尔自治区"), "CN.14": ("Tibet", "西藏自治区"), "CN.15": ("Gansu", "甘肃省"),
    "CN.16": ("Guangxi", "广西壮族自治区"), "CN.18": ("Guizhou", "贵州省"), "CN.19": ("Liaoning", "辽宁省"),
    "CN.20": ("Inner Mongolia", "内蒙古自治区"), "CN.21": ("Ningxia", "宁夏回族自治区"), "CN.22": ("Beijing", "北京市"),
    "CN.23": ("Shanghai", "上海市"), "CN.24": ("Shanxi", "山西省"), "CN.25": ("Shandong", "山东省"),
    "CN.26": ("Shaanxi", "陕西省"), "CN.28": ("Tianjin", "天津市"), "CN.29": ("Yunnan", "云南省"),
    "CN.30": ("Guangdong", "广东省"), "CN.31": ("Hainan", "海南省"), "CN.32": ("Sichuan", "四川省"),
    "CN.33": ("Chongqing", "重庆市"), "HK": ("Hong Kong", "香港特别行政区"), "MO": ("Macao", "澳门特别行政区"),
    "TW": ("Taiwan", "台湾省"),
}  # fmt: skip

SUFFIX_LEVEL = {
    "街道": "district", "社区": "district", "苏木": "township", "地区": "city",
    "市": "city", "县": "county", "旗": "county", "区": "district",
    "镇": "township", "乡": "township", "村": "village",
}  # fmt: skip
TYPICAL_POPULATION = {
    "街道": 50_000, "社区": 10_000, "苏木": 2_000, "地区": 250_000,
    "市": 250_000, "县": 80_000, "旗": 40_000, "区": 150_000,
    "镇": 20_000, "乡": 9_000, "村": 1_500, "": 10_000,
}  # fmt: skip
"""Round figures for places whose population GeoNames does not know, by suffix."""
LARGEST_POPULATION = {"county": 500_000, "township": 100_000, "village": 20_000}
CITY_FROM, COUNTY_FROM = 500_000, 100_000
"""A town without an urban suffix is really the seat of a city or of a county from these populations on."""

NOT_THE_TOWN = frozenset({
    1280737, 1785725, 1790842, 1794903, 1798425, 1798900, 1809412, 7304020, 7602670, 9931406, 11072148, 11838258,
    11995100, 12359313, 12446699, 12492660, 13512505,
})  # fmt: skip
"""GeoNames ids whose population is a whole prefecture's or county's, or another place's, or wrong; taken as unknown."""

SIMPLIFIED = str.maketrans(
    "貢渓崑楡鷹銀塩饒徳銅紹興門掲陽欽頂冊綿迴竜崗恵黃鶴長貴仏峯鰲順営鉄嶺綏鴨齊爾満鶏錦賀瑪區聖楼塚辺広",
    "贡溪昆榆鹰银盐饶德铜绍兴门揭阳钦顶册绵回龙岗惠黄鹤长贵佛峰鳌顺营铁岭绥鸭齐尔满鸡锦贺玛区圣楼冢边广",
)
MISSING_HAN = {
    13308620: "宝安区", 7283386: "常熟市", 13405906: "罗湖区", 1815463: "长治市", 2035513: "盘山县",
    1806096: "胶州市", 12492662: "绵竹市", 13527052: "城关区", 1794794: "寿光市", 2038365: "北安市",
    1810458: "高密市", 7304020: "凤凰县", 1817990: "安丘市", 1798900: "彭泽县", 1813206: "大冶市",
    12277239: "云龙区", 1785716: "邳州市", 1794479: "莱西市", 1803364: "临朐县", 12492660: "龙陵县",
    1815669: "昌乐县", 10942183: "如皋市", 1787031: "兖州区", 1806988: "华阴市", 1790371: "仙桃市",
    1786731: "青州市", 1788618: "新泰市", 12358616: "印台区", 1792260: "瓦房店市", 13512708: "林芝市",
    2036670: "富拉尔基区", 1805298: "金州区",
}  # fmt: skip
"""Well-known seats that the extract has no Chinese name for."""
RIGHT_HAN = {1790587: "襄阳市", 1790894: "武穴市", 1808090: "虹口区", 1806508: "嘉定区", 1529195: "石河子市"}
"""Seats that the extract names after a part of theirs."""


def _suffix(zh: str) -> str:
    return next((suffix for suffix in SUFFIX_LEVEL if zh.endswith(suffix) and len(zh) > len(suffix)), "")


def _unit_vectors(places: pd.DataFrame) -> NDArray[np.float64]:
    lon, lat = np.radians(places.lon.to_numpy()), np.radians(places.lat.to_numpy())
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]) * EARTH_KM


def build_provinces(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the provinces as GeoJSON, named; a piece without a province joins its nearest one."""
    pieces: dict[str, list[Any]] = {}
    shapes = [(f["properties"]["id"], shapely.from_geojson(json.dumps(f["geometry"]))) for f in raw["features"]]
    for identity, shape in shapes:
        if identity not in PROVINCES:
            known = [(shape.distance(other), name) for name, other in shapes if name in PROVINCES]
            pieces.setdefault(min(known)[1], []).append(shape)
        else:
            pieces.setdefault(identity, []).append(shape)
    features = []
    for identity in sorted(pieces):
        joined = shapely.union_all(pieces[identity]).normalize()
        geometry = json.loads(shapely.to_geojson(joined))
        name, zh = PROVINCES[identity]
        properties = {"id": identity, "name": name, "zh": zh}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def _provinces_of(raw: pd.DataFrame, provinces: dict[str, Any]) -> list[str]:
    """Province of each place: GeoNames' own, unless it is missing or plainly not where the place lies."""
    ids = [f["properties"]["id"] for f in provinces["features"]]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in provinces["features"]]
    mainland = [i for i, identity in enumerate(ids) if identity.startswith("CN.")]
    points = shapely.points(raw.lon.to_numpy(), raw.lat.to_numpy())
    nearest = shapely.STRtree([shapes[i] for i in mainland]).nearest(points)
    found = []
    for row, (admin1, point) in enumerate(zip(raw.admin1, points, strict=True)):
        own = f"CN.{admin1}"
        if own in PROVINCES and shapely.dwithin(shapes[ids.index(own)], point, MERGED_DEGREES):
            found.append(own)
        else:
            found.append(ids[mainland[nearest[row]]])
    return found


def _levels(places: pd.DataFrame, neighbours: cKDTree, vectors: NDArray[np.float64]) -> pd.Series:
    """Level by suffix; a large town is a county or city seat, or a district when it lies in a larger city."""
    levels = places.suffix.map(SUFFIX_LEVEL).fillna("township").to_numpy(dtype=object)
    soft = ~places.suffix.isin(["地区", "市", "县", "旗", "区"]).to_numpy()
    known = places.known.to_numpy()
    levels[soft & (known >= COUNTY_FROM)] = "county"
    levels[soft & (known >= CITY_FROM)] = "city"
    for row in np.argsort(-known, kind="stable"):
        if known[row] < CITY_FROM:
            break
        if levels[row] != "city":
            continue
        radius = float(np.sqrt(known[row] / (np.pi * PEOPLE_PER_KM2)))
        for other in neighbours.query_ball_point(vectors[row], radius):
            promoted = soft[other] and levels[other] in ("city", "county")
            if promoted and known[other] < known[row] and places.province_id[other] == places.province_id[row]:
                levels[other] = "district"
    return pd.Series(levels, index=places.index)


def _populations(places: pd.DataFrame) -> pd.Series:
    """Known ones clipped to what the level can hold, unknown ones a round figure by suffix."""
    typical = places.suffix.map(TYPICAL_POPULATION)
    typical = typical.where(~places.level.eq("city"), TYPICAL_POPULATION["市"])
    population = places.known.where(places.known > 0, typical)
    return population.clip(upper=places.level.map(LARGEST_POPULATION).fillna(10**9)).astype("int64")


def _areas(places: pd.DataFrame, neighbours: cKDTree, vectors: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of the seat whose urban area holds each place; a place outside every urban area is its own.

    Seats, cities first and by falling population, claim what lies within the radius of a disc of their
    population at PEOPLE_PER_KM2 (at least 2.5 km); a city also claims districts up to 10 km outside
    (at most twice its radius, at least 12 km from it). The relatively nearest seat wins.
    """
    rank = places.level.map({"city": 0, "county": 1}).fillna(2).to_numpy()
    order = np.lexsort((places.place_id.to_numpy(), -places.population.to_numpy(), rank))
    levels, province = places.level.to_numpy(), places.province_id.to_numpy()
    radius = np.clip(np.sqrt(places.population.to_numpy() / (np.pi * PEOPLE_PER_KM2)), 2.5, 40)
    area = np.arange(len(places))
    closeness = np.full(len(places), np.inf)
    absorbed = np.zeros(len(places), dtype=bool)
    for seat in order:
        if absorbed[seat] or levels[seat] not in ("city", "county", "district"):
            continue
        closeness[seat] = 0.0
        for other in neighbours.query_ball_point(vectors[seat], max(radius[seat] + 10.0, 12.0)):
            if other == seat or province[other] != province[seat] or (closeness[other] == 0.0):
                continue
            distance = float(np.linalg.norm(vectors[seat] - vectors[other]))
            district = levels[other] == "district" and levels[seat] == "city"
            limit = max(min(2.0 * radius[seat], radius[seat] + 10.0), 12.0) if district else radius[seat]
            if distance <= limit and distance / radius[seat] < closeness[other]:
                closeness[other], area[other], absorbed[other] = distance / radius[seat], seat, True
    return area


def _without_districts(places: pd.DataFrame) -> pd.Series:
    """A large city's own population without the known ones of its parts, at least half of it."""
    parts = places[(places.area_row != places.index) & (places.known > 0)].groupby("area_row").population.sum()
    inside = parts.reindex(places.index).fillna(0).astype("int64").where(places.population >= 2 * CITY_FROM, 0)
    return (places.population - inside).clip(lower=places.population // 2)


def build_places(raw: pd.DataFrame, provinces: dict[str, Any]) -> pd.DataFrame:
    """Return the cleaned places, sorted by id."""
    raw = raw.assign(known=raw.population.where(~raw.geonameid.isin(NOT_THE_TOWN), 0))
    raw = raw.sort_values(["known", "geonameid"], ascending=[False, True]).drop_duplicates(["lat", "lon"])
    raw = raw.sort_values("geonameid").reset_index(drop=True)
    zh = raw.geonameid.map(RIGHT_HAN).fillna(raw.zh.where(raw.zh != "", raw.geonameid.map(MISSING_HAN))).fillna("")
    places = pd.DataFrame({
        "place_id": raw.geonameid, "name": raw["name"], "zh": zh.str.translate(SIMPLIFIED),
        "lon": raw.lon.round(5), "lat": raw.lat.round(5), "known": raw.known,
    })  # fmt: skip
    places["province_id"] = _provinces_of(raw, provinces)
    places["suffix"] = places.zh.map(_suffix)
    vectors = _unit_vectors(places)
    neighbours = cKDTree(vectors)
    places["level"] = _levels(places, neighbours, vectors)
    places["population"] = _populations(places)
    places["area_row"] = _areas(places, neighbours, vectors)
    places["area_id"] = places.place_id.to_numpy()[places.area_row]
    places["population"] = _without_districts(places)
    columns = ["place_id", "name", "zh", "lon", "lat", "population", "level", "province_id", "area_id"]
    return places[columns]


def main() -> None:
    """Read the two raw files and write the two derived ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw_places", type=Path)
    parser.add_argument("raw_provinces", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    raw = pd.read_csv(arguments.raw_places, dtype={"admin1": str}, keep_default_na=False)
    provinces = build_provinces(json.loads(arguments.raw_provinces.read_text(encoding="utf-8")))
    places = build_places(raw, provinces)
    text = places.to_csv(index=False, lineterminator="\n")
    (arguments.output / "places.csv.gz").write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in provinces["features"])
    geojson = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
    (arguments.output / "provinces.geojson").write_text(geojson, encoding="utf-8")


if __name__ == "__main__":
    main()
