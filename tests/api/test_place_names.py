"""Villages and lodgings are named by id, or by a name that only one has."""

from api.place_names import places_of

NAMES = {"V1": "新市坝", "V2": "东旺乡（V2）", "V3": "东旺乡（V3）", "V4": "V1"}
WHAT = "a village of villages.csv"


def test_an_id_or_a_name_that_only_one_has_is_that_place() -> None:
    assert places_of(["新市坝", "V3", "东旺乡（V2）"], NAMES, WHAT) == (["V1", "V3", "V2"], [])
    # An id is an id, whoever is called so.
    assert places_of(["V1"], NAMES, WHAT) == (["V1"], [])


def test_a_name_of_several_lists_them() -> None:
    ids, (fault,) = places_of(["东旺乡", "V1"], NAMES, WHAT)
    assert ids == ["V1"]
    assert fault == '"东旺乡" is the name of several: 东旺乡（V2） (V2), 东旺乡（V3） (V3); give the id'
    _, (fault,) = places_of(["甲"], {f"L{number}": "甲" for number in range(12)}, WHAT)
    assert fault.endswith("甲 (L9) and 2 more; give the id")


def test_what_is_neither_is_refused_with_its_like() -> None:
    _, (fault,) = places_of(["新市场"], NAMES, WHAT)
    assert fault == '"新市场"; allowed: a village of villages.csv, by id or name; did you mean 新市坝?'
