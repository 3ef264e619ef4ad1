"""Bad settings: every key of day.toml that is missing, unknown, ill-typed or absurd is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.day import read_day
from datasets.faults import DayRefused, Fault
from tests.datasets import make_day_folder as make


def only_fault(folder: Path) -> Fault:
    with pytest.raises(DayRefused) as refused:
        read_day(folder)
    (fault,) = refused.value.faults
    return fault


def change(old: str, new: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return changed


NOW = 'now = "2026-03-02T06:00:00+08:00"'
TOML = [
    (change("date = 2026-03-02", ""), "date", "missing", "a required key"),
    (change("date = 2026-03-02", 'date = "2026-03-02"'), "date", "2026-03-02", "without quotes"),
    (change("days = 2", "days = 0"), "days", "0", "1 to 31"),
    (change("days = 2", "days = true"), "days", "True", "1 to 31"),
    (change(NOW, 'now = "2026-03-02T06:00:00"'), "now", "2026-03-02T06:00:00", "with its offset"),
    (change(NOW, "now = 2026-03-02T06:00:00"), "now", "2026-03-02 06:00:00", "with its offset"),
    (change(NOW, 'now = "2026-03-04T00:00:00+08:00"'), "now", "2026-03-04T00:00:00+08:00", "before the horizon ends"),
    (change("Asia/Shanghai", "Europe/Berlin"), "time_zone", "Europe/Berlin", "Asia/Shanghai"),
    (change('"estimate"', '"horse"'), "travel", "horse", "estimate | osm:FILE"),
    (change('"estimate"', '"osm:no.pbf"'), "travel", "osm:no.pbf", "a file that exists"),
    (change('"estimate"', f'"osm:{"n" * 5000}"'), "travel", f"osm:{'n' * 5000}", "a file that exists"),
    (change('"estimate"', '"osrm:127.0.0.1:5000"'), "travel", "osrm:127.0.0.1:5000", "osrm:http://HOST:PORT"),
    (change('"estimate"', '"osrm:"'), "travel", "osrm:", "osrm:http://HOST:PORT"),
    (change('"estimate"', '"valhalla:http://a:b@c"'), "travel", None, "without name, password"),
    (change('"estimate"', '"valhalla:http://c:99999"'), "travel", None, "valhalla:http://HOST:PORT"),
    (change('"estimate"', '"amap:0123"'), "travel", "amap:0123", "PAIGONG_AMAP_KEY"),
    (change('"sat"]', '"saturday"]'), "calendars.office.weekdays", None, "mon | tue"),
    (change("public_holidays = true", "public_holidays = 1"), "calendars.office.public_holidays", "1", "true | false"),
    (change("working = [2026-03-08]", "working = [2026-03-03]"), "holidays.working", "2026-03-03", "not closed"),
    (change("working = [2026-03-08]", "working = 8"), "holidays.working", "8", "a list of dates"),
    (change("[freeze]", "[freeze]\npigeon = 1"), "freeze.pigeon", "unknown key", "only fax, online, phone"),
    (change('"-1 18:00"', '"-2 18:00"'), "freeze.fax", "-2 18:00", "for the day before"),
    (change('"-1 18:00"', '"-1 25:00"'), "freeze.fax", "-1 25:00", "HH:MM"),
    (change('"PT12H"', '"12 hours"'), "sla[1].within", "12 hours", "a duration"),
    (change('"PT12H"', '"PT0S"'), "sla[1].within", "PT0S", "longer than nothing"),
    (change('clock = "arrival"', 'clock = "answer"'), "sla[1].clock", "answer", "arrival | resolution"),
    (change('clock = "arrival"', ""), "sla[1].clock", "missing", "a required key"),
    (change('area_class = "seat"', 'area_class = "city"'), "sla[2].area_class", "city", "seat | remote | *"),
    (change('channel = "hotline"', 'channel = "fax"'), "sla[1].channel", "fax", "hotline | web"),
    (change("unserved_fen = 50000", "unserved_fen = -1"), "tariff.unserved_fen", "-1", "0 to"),
    (change("unserved_fen = 50000", "unserved_fen = 1.5"), "tariff.unserved_fen", "1.5", "a whole number"),
    (change("unserved_fen", "unserved_yuan"), "tariff.unserved_yuan", "unknown key", "unserved_fen"),
    (change("{ car = 95 }", "{ train = 95 }"), "tariff.fen_per_km.train", "unknown key", "car"),
    (change("{ car = 95 }", "95"), "tariff.fen_per_km", "95", "a table"),
    (change('warn = "PT2H"', 'warn = "-PT2H"'), "tariff.lateness.arrival.warn", "-PT2H", "not negative"),
    (change("[tariff.lateness.arrival]", "[tariff.lateness.answer]"), "tariff.lateness.answer", "unknown key", "arri"),
    (change("[[5000, 0], [15000, 1200]]", "[]"), "contract_tariff[1].bands", "[]", "bands"),
    (change("[15000, 1200]]", "[4000, 1200]]"), "contract_tariff[1].bands", None, "metres rise"),
    (change("call_out_fen = 3500", "call_out_fen = -1"), "contract_tariff[1].call_out_fen", "-1", "0 to"),
    (change("[holidays]", "[holiday]"), "holiday", "unknown key", "holidays"),
    (change("[[contract_tariff]]", '[[contract_tariff]]\nid="county"\n[[contract_tariff]]'),
     "contract_tariff[2].id", "county", "each id once"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "column", "value", "allowed"), TOML)
def test_a_bad_key(tmp_path: Path, changed: Callable[[str], str], column: str, value: str | None, allowed: str) -> None:
    fault = only_fault(make.write(tmp_path, toml=changed(make.settings())))
    assert (fault.file, fault.row, fault.column) == ("day.toml", None, column)
    assert value is None or fault.value == value
    assert allowed in fault.allowed


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    fault = only_fault(make.write(tmp_path, toml=make.settings().replace("days = 2", "days = = 2")))
    assert (fault.file, fault.row) == ("day.toml", 3)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "9" * 10_000, "x = '''", "[a]\n[a]\n"])
def test_toml_meant_to_hurt(tmp_path: Path, text: str) -> None:
    assert only_fault(make.write(tmp_path, toml=text)).file == "day.toml"
