"""Villages, lodgings, crews, maintenance plans and what a van may carry, on the wire."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.values import Position, Sent
from api.schemas.written import Identifier, Iso8601, LocalDate, TimeOfDay, Word
from datasets.columns import MAX_COUNT, MAX_FEN
from datasets.tour_told import TOLD, told_in

__all__ = ["CrewIn", "LodgingIn", "MaintenanceIn", "Shortening", "StopTold", "VanPartIn", "VillageIn"]

MAX_INTERVAL_DAYS = 3_660
MAX_VOLUME_ML = 100_000_000

Text = Annotated[str, Field(max_length=2_000)]
Name = Annotated[Text, Field(description="As people call it.", examples=["日雨镇"])]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Fen = Annotated[int, Field(ge=0, le=MAX_FEN)]
Days = Annotated[int, Field(ge=0, le=MAX_INTERVAL_DAYS)]
Dates = Annotated[list[LocalDate], Field(max_length=1_000)]


class StopTold(Sent):
    """A day on which people were told that the crew stops."""

    date: Annotated[LocalDate, Field(description="When.", examples=["2026-03-03"])]
    at_village_id: Annotated[
        Identifier | None,
        Field(
            description="Where the crew stops; in another village, to carry things to. Left out: the village itself.",
            examples=["V2"],
        ),
    ] = None

    def cell(self) -> str:
        """Return the text of an item."""
        return self.date if self.at_village_id is None else f"{self.date}@{self.at_village_id}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what an item says."""
        date, _, village_id = text.partition("@")
        return cls(date=date, at_village_id=village_id or None)


class VillageIn(Sent):
    """A village (村): where people live that a tour may visit."""

    name: Name
    position: Annotated[Position, Field(description="Where it is.")]
    households: Annotated[Count, Field(description="How many households.", examples=[120])] = 0
    contact: Annotated[Text | None, Field(description="Who is told and opens the door.", examples=["扎西"])] = None
    phone: Annotated[Text | None, Field(description="Number to call.", examples=["08360000000"])] = None
    last_visit: Annotated[
        LocalDate | None, Field(description="When a tour was there last.", examples=["2025-06-01"])
    ] = None
    announced: Annotated[list[StopTold], Field(max_length=1_000)] = Field(
        default_factory=list,
        description="What its people were told, which plans keep: days, and where the crew stops.",
        examples=[[{"date": "2026-03-03", "at_village_id": "V1"}, {"date": "2026-03-09", "at_village_id": "V2"}]],
    )
    cut_off: Dates = Field(
        default_factory=list, description="Dates without a road in.", examples=[["2026-03-02", "2026-03-03"]]
    )
    centre_id: Annotated[
        Identifier | None,
        Field(description="Whose it is; left out: the centre of the nearest outlet.", examples=["C01"]),
    ] = None

    @staticmethod
    def parted(cells: Mapping[str, str], id_: str) -> dict[str, str]:
        """Return a row's cells with what was told in its two columns: stops in the village, and others."""
        told = [item.partition("@") for item in cells["announced"].split(";") if item]
        own = ";".join(date for date, _, stop_id in told if stop_id in ("", id_))
        away = ";".join(f"{date}@{stop_id}" for date, _, stop_id in told if stop_id not in ("", id_))
        return {**cells, "announced": own, "announced_at": away}

    @staticmethod
    def joined(cells: Mapping[str, str]) -> dict[str, str]:
        """Return a row's cells with all that was told in one, in order."""
        told = sorted(told_in(cells)) if any(cells.get(column) for column in TOLD) else ()
        return {**cells, "announced": ";".join(f"{date}@{stop_id}" for date, stop_id in told)}


class LodgingIn(Sent):
    """A town with beds (住宿点)."""

    name: Name
    position: Annotated[Position, Field(description="Where it is.")]
    price_fen: Annotated[Fen, Field(description="Per person and night, fen (CNY).", examples=[12_000])]
    check_in: Annotated[TimeOfDay, Field(description="Latest check-in.", examples=["21:30"])]
    closed_on: Dates = Field(default_factory=list, description="Nights without a bed.", examples=[["2026-03-03"]])
    phone: Annotated[Text | None, Field(description="Number to call.", examples=["08360000001"])] = None
    centre_id: Annotated[
        Identifier | None,
        Field(description="Whose it is; left out: the centre of the nearest outlet.", examples=["C01"]),
    ] = None


class CrewIn(Sent):
    """A crew (巡回组): technicians with a van. It works on the dates on which all of them have a shift."""

    name: Name
    outlet_id: Annotated[Identifier, Field(description="Where it leaves from.", examples=["Z0018"])]
    technician_ids: Annotated[
        list[Identifier], Field(min_length=1, max_length=10, description="Who rides in it.", examples=[["T00012"]])
    ]
    travel_mode: Annotated[
        Literal["car", "motorbike", "ebike", "transit", "walk"] | None,
        Field(description="How they travel; default: car.", examples=["car"]),
    ] = None
    load_capacity: Annotated[
        Count | None, Field(description="Bulky load units; default: the best of its members.", examples=[6])
    ] = None
    volume_ml: Annotated[
        int, Field(ge=0, le=MAX_VOLUME_ML, description="Room for parts, millilitres.", examples=[400_000])
    ] = 0
    day_start: Annotated[TimeOfDay | None, Field(description="Leaves no earlier; 07:30.", examples=["07:30"])] = None
    day_end: Annotated[TimeOfDay | None, Field(description="Arrives no later; 19:30.", examples=["19:30"])] = None
    service_start: Annotated[TimeOfDay | None, Field(description="Work from; 08:00.", examples=["08:00"])] = None
    service_end: Annotated[TimeOfDay | None, Field(description="Begun until; 18:00.", examples=["18:00"])] = None
    break_earliest: Annotated[TimeOfDay | None, Field(description="Meal break.", examples=["11:30"])] = None
    break_latest: Annotated[TimeOfDay | None, Field(description="Latest start of it.", examples=["13:00"])] = None
    break_duration: Annotated[Iso8601 | None, Field(description="1 min to 6 h.", examples=["PT45M"])] = None
    nights_before: Annotated[
        int, Field(ge=0, le=366, description="Nights away that count when nights are shared out.", examples=[3])
    ] = 0


class MaintenanceIn(Sent):
    """A maintenance plan (保养计划): a visit every so many days, within a tolerance."""

    village_id: Annotated[Identifier | None, Field(description="The village it is in.", examples=["V001"])] = None
    position: Annotated[Position | None, Field(description="Where; default: the village.")] = None
    address: Annotated[Text | None, Field(description="Where, in words.", examples=["三号"])] = None
    contact: Annotated[Text | None, Field(description="Whom to ask for.", examples=["卓玛"])] = None
    phone: Annotated[Text | None, Field(description="Number to call.", examples=["13700000000"])] = None
    brand: Annotated[Text | None, Field(description="Brand.", examples=["极光"])] = None
    product: Annotated[Word, Field(description="Product family.", examples=["heater"])]
    fault: Annotated[Word | None, Field(description="The fault whose kit is taken along.", examples=["leak"])] = None
    skill_level: Annotated[int, Field(ge=1, le=3, description="Level that it takes.", examples=[1])] = 1
    certificates: Annotated[list[Word], Field(max_length=20)] = Field(
        default_factory=list, description="Certificates that it takes.", examples=[["gas"]]
    )
    customer_class: Annotated[
        Literal["ordinary", "priority", "vulnerable"] | None, Field(description="Customer.", examples=["ordinary"])
    ] = None
    service_duration: Annotated[Iso8601, Field(description="How long it takes.", examples=["PT40M"])]
    crew_size: Annotated[int, Field(ge=1, le=10, description="People it takes.", examples=[1])] = 1
    load: Annotated[Count, Field(description="Bulky load units.", examples=[0])] = 0
    interval_days: Annotated[
        int, Field(ge=1, le=MAX_INTERVAL_DAYS, description="Days from one visit to the next.", examples=[90])
    ]
    last_on: Annotated[LocalDate, Field(description="The last visit.", examples=["2025-12-03"])]
    early_days: Annotated[Days, Field(description="So many days early are allowed.", examples=[7])] = 0
    late_days: Annotated[Days, Field(description="So many days late are allowed.", examples=[10])] = 0

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.village_id is None and self.position is None:
            raise ValueError("allowed: a village, or a position")
        return self


class Shortening(Sent):
    """A maintenance plan's visits come closer together."""

    interval_days: Annotated[
        int, Field(ge=1, le=MAX_INTERVAL_DAYS, description="Days from one visit to the next; fewer.", examples=[60])
    ]
    early_days: Annotated[Days | None, Field(description="Early, at most; default: as before.", examples=[5])] = None
    late_days: Annotated[Days | None, Field(description="Late, at most; default: as before.", examples=[5])] = None


class VanPartIn(Sent):
    """A part that a van may carry for the chance that somebody needs it."""

    part_id: Annotated[Identifier, Field(description="The part.", examples=["P-0012"])]
    volume_ml: Annotated[int, Field(ge=1, le=MAX_VOLUME_ML, description="Of one, millilitres.", examples=[1_500])]
    chance_permille: Annotated[
        int, Field(ge=0, le=1_000, description="Of a thousand visits to its family, so many need one.", examples=[80])
    ]
    most: Annotated[int, Field(ge=0, le=1_000, description="No more of it than this.", examples=[3])] = 20
