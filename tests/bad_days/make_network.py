"""A day folder of two cities, large enough for two shards and with few outlets, so that nothing takes long."""

from pathlib import Path
from random import Random

from tests.datasets import make_day_folder

__all__ = ["tables", "write"]

CITIES = {"O1": (104.0657, 30.6595), "O2": (103.8872, 30.8093), "O3": (104.6796, 31.4675)}
PRODUCTS = ("fridge", "washer", "heater")


def tables(jobs: int = 300, technicians: int = 18) -> make_day_folder.Cells:
    """Return the tables: jobs without parts around three outlets, and technicians who know everything."""
    random = Random(f"{jobs} {technicians}")
    cells = make_day_folder.tables()
    for row in cells["outlets"]:
        if row["outlet_id"] == "O3":
            # Mianyang: another centre's territory, and near enough for a border.
            row |= {"lon": str(CITIES["O3"][0]), "lat": str(CITIES["O3"][1]), "datum": "WGS84"}
    cells["technicians"] = [
        {"technician_id": f"T{i}", "name": f"技师{i}", "outlet_id": f"O{i % 3 + 1}", "travel_mode": "car"}
        | {"skills": ";".join(f"{product}:2" for product in PRODUCTS)}
        | {"shift_start": "08:00", "shift_end": "17:00", "overtime_limit": "PT1H"}
        | {"break_earliest": "11:30", "break_latest": "13:30", "break_duration": "PT45M"}
        for i in range(technicians)
    ]
    cells["jobs"] = [_job(random, number) for number in range(1, jobs + 1)]
    return cells


def _job(random: Random, number: int) -> dict[str, str]:
    longitude, latitude = random.choice([CITIES["O1"], CITIES["O1"], CITIES["O2"], CITIES["O3"], CITIES["O3"]])
    row = {
        "job_id": f"J{number}",
        "reported_at": f"2026-03-01T{random.randrange(24):02}:00:00+08:00",
        "product": random.choice(PRODUCTS),
        "skill_level": "1",
        "lon": f"{longitude + random.uniform(-0.2, 0.2):.4f}",
        "lat": f"{latitude + random.uniform(-0.2, 0.2):.4f}",
        "datum": "WGS84",
        "service_duration": random.choice(["PT20M", "PT45M", "PT1H30M"]),
    }
    if random.random() < 0.3:
        hour = random.randrange(8, 16)
        row["windows"] = f"2026-03-02T{hour:02}:00:00+08:00/2026-03-02T{hour + 3:02}:00:00+08:00"
    return row


def write(folder: Path, jobs: int = 300, technicians: int = 18) -> Path:
    """Write the day folder."""
    return make_day_folder.write(folder, tables(jobs, technicians))
