"""The papers of tours on the wire: itinerary, kit, announcements, jobs left out."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from api.language import Language
from api.schemas.values import Moment, Money, Shown
from datasets.tour_announcements import NoticeKind
from datasets.tour_apologies import Apology
from optimizer.tours.model import TourRule, WorkKind
from optimizer.tours.plan import Instead

__all__ = [
    "AnnouncementShown",
    "ApologyShown",
    "CoverOnMap",
    "DayOnMap",
    "HomeOnMap",
    "ItineraryShown",
    "KitLineShown",
    "KitOrderShown",
    "KitShown",
    "NightOnMap",
    "NightShown",
    "NoticeShown",
    "PartShown",
    "PlaceShape",
    "TourDayShown",
    "TourFeature",
    "TourLeftOutShown",
    "TourVisitShown",
    "ToursGeoJson",
    "VillageOnMap",
    "WayShape",
]


class PartShown(Shown):
    """Parts for a visit."""

    part_id: str = Field(description="The part.", examples=["P-0012"])
    name: str = Field(description="As people call it.", examples=["主控板"])
    quantity: int = Field(description="Pieces.", examples=[1])
    carried: bool = Field(description="It rides in every van anyway.", examples=[False])


class TourVisitShown(Shown):
    """A visit."""

    job_id: str = Field(description="The job.", examples=["job_0198"])
    kind: WorkKind = Field(description="Why a tour does it.", examples=["consented"])
    village_id: str = Field(description="Where.", examples=["V1"])
    village: str = Field(description="Its name.", examples=["日雨镇"])
    carried_from: str | None = Field(
        description="The village that the unit is carried from; null: none.", examples=[None]
    )
    start: Moment = Field(description="Work begins.")
    end: Moment = Field(description="Work ends.")
    travel: str = Field(description="Driving to it, ISO 8601.", examples=["PT25M"])
    distance_m: int = Field(description="Metres to it.", examples=[18_200])
    appliance: str = Field(description="What is repaired, in Chinese.", examples=["冰箱"])
    brand: str = Field(description="Brand.", examples=["极光"])
    fault: str = Field(description="Fault.", examples=["不制冷"])
    contact: str = Field(description="Whom to ask for.", examples=["洛桑"])
    phone: str = Field(description="Number to call.", examples=["13800000001"])
    address: str = Field(description="Where, in words.", examples=["12 号"])
    parts: list[PartShown] = Field(description="Its parts.")


class NightShown(Shown):
    """A night away."""

    lodging_id: str = Field(description="The town.", examples=["L1"])
    name: str = Field(description="Its name.", examples=["日雨旅店"])
    phone: str = Field(description="Number to call.", examples=["08360000001"])
    check_in_by: Moment = Field(description="Latest check-in.")
    price: Money = Field(description="Per person.")


class TourDayShown(Shown):
    """A day of a tour."""

    day: int = Field(description="Of the tour, from 1.", examples=[1])
    date: dt.date = Field(description="The date.", examples=["2026-03-02"])
    depart: Moment = Field(description="Leaves.")
    break_start: Moment | None = Field(description="The meal break; null: none is due.")
    visits: list[TourVisitShown] = Field(description="Visits in order.")
    arrive: Moment = Field(description="Arrives where it sleeps.")
    travel: str = Field(description="Driving of the whole day, ISO 8601.", examples=["PT3H10M"])
    distance_m: int = Field(description="Metres of the whole day.", examples=[142_000])
    lodging: NightShown | None = Field(description="Where it sleeps; null: at home.")


class ItineraryShown(Shown):
    """A tour day by day."""

    tour_id: str = Field(description="Crew and first date.", examples=["G1@2026-03-02"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    crew: str = Field(description="Its name.", examples=["甘孜一组"])
    members: list[str] = Field(description="Who rides in it.", examples=[["王师傅", "李师傅"]])
    nights: int = Field(description="Nights away.", examples=[2])
    tools: list[str] = Field(description="Tools to take.", examples=[["万用表"]])
    days: list[TourDayShown] = Field(description="Its days.")


class KitLineShown(Shown):
    """Units of a part that a van takes along."""

    part_id: str = Field(description="The part.", examples=["P-0012"])
    name: str = Field(description="As people call it.", examples=["主控板"])
    quantity: int = Field(description="Pieces.", examples=[2])
    for_job_ids: list[str] = Field(description="What they are for; none: for the chance of need.", examples=[[]])
    is_spare: bool = Field(description="For the chance of need.", examples=[False])
    expected_back: int = Field(description="Likely to come back.", examples=[1])


class KitOrderShown(Shown):
    """Parts that a warehouse sends for a tour."""

    order_line_id: str = Field(description="The line.", examples=["J1/1"])
    job_id: str | None = Field(description="The job; null: spares for the chance of need.", examples=["job_0198"])
    outlet_id: str = Field(description="Where they are wanted.", examples=["Z0018"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    name: str = Field(description="As people call it.", examples=["主控板"])
    quantity: int = Field(description="Pieces.", examples=[1])
    answer: str = Field(description="What the sourcing says.", examples=["confirmed"])
    reason_zh: str = Field(description="Why, in Chinese.", examples=["已确认"])
    source_id: str | None = Field(description="Who sends them; null: nobody can.", examples=["W-NJ"])
    mode: str | None = Field(description="How.", examples=["express"])
    ships_at: Moment | None = Field(description="Leaves the warehouse.")
    ready_at: Moment | None = Field(description="There, in nine of ten cases.")
    leaves_at: Moment = Field(description="The crew leaves.")
    in_time: bool = Field(description="There before it leaves.", examples=[True])
    cost: Money = Field(description="Freight.")


class KitShown(Shown):
    """What a tour takes along."""

    tour_id: str = Field(description="Crew and first date.", examples=["G1@2026-03-02"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    fixed_on_spot: float = Field(description="Chance that what a visit needs is aboard, 0 to 1.", examples=[0.93])
    volume_ml: int = Field(description="Room that it takes, millilitres.", examples=[82_000])
    spares: Money = Field(description="What the spares are worth.")
    lines: list[KitLineShown] = Field(description="Part by part.")
    orders: list[KitOrderShown] = Field(description="What is sent for it beforehand.")


class NoticeShown(Shown):
    """What is told about one village and date."""

    village_id: str = Field(description="The village.", examples=["V1"])
    village: str = Field(description="Its name.", examples=["日雨镇"])
    date: dt.date = Field(description="The date.", examples=["2026-03-03"])
    status: NoticeKind = Field(description="New, announced before, moved, cancelled or nearby.", examples=["new"])
    at_village_id: str | None = Field(description="Where the crew is; null: it does not come.", examples=["V1"])
    begins: Moment | None = Field(description="It is there from then.")
    ends: Moment | None = Field(description="Until then.")


class AnnouncementShown(Shown):
    """One message (通知) to one contact."""

    contact: str = Field(description="Whom it is for; empty: nobody by name.", examples=["扎西"])
    phone: str = Field(description="Number to call.", examples=["08360000000"])
    villages: list[NoticeShown] = Field(description="What it says, village by village.")
    text: str = Field(description="The message in Chinese.", examples=["【巡回维修通知】扎西您好：…"])


class ApologyShown(Shown):
    """A draft for a village that was told a day on which nobody came (致歉); nobody has sent it."""

    village_id: str = Field(description="The village.", examples=["V1"])
    village: str = Field(description="Its name.", examples=["日雨镇"])
    date: dt.date = Field(description="What it was told.", examples=["2026-03-03"])
    at_village_id: str = Field(description="Where people were to meet the crew.", examples=["V1"])
    contact: str = Field(description="Whom to reach; empty: nobody by name.", examples=["扎西"])
    phone: str = Field(description="Number to call.", examples=["08360000000"])
    job_ids: list[str] = Field(description="What its people wait for still.", examples=[["job_0198"]])
    text: str = Field(description="The message, in Chinese.", examples=["【巡回维修致歉】扎西您好：…"])

    @classmethod
    def of(cls, draft: Apology) -> Self:
        """Return what is shown of a draft."""
        return cls(
            village_id=draft.missed.village_id,
            village=draft.village,
            date=draft.date,
            at_village_id=draft.missed.stop_id,
            contact=draft.contact.name,
            phone=draft.contact.phone,
            job_ids=list(draft.job_ids),
            text=draft.text,
        )


class TourLeftOutShown(Shown):
    """A job that no tour does."""

    job_id: str = Field(description="The job.", examples=["job_0198"])
    kind: WorkKind = Field(description="Why a tour would do it.", examples=["call"])
    village_id: str = Field(description="Its village.", examples=["V1"])
    village: str = Field(description="The name.", examples=["日雨镇"])
    rule: TourRule = Field(description="What keeps it out.", examples=["CLOCK"])
    reason: str = Field(description="Why, in the language asked for.", examples=["It is due before a tour can come."])
    instead: Instead = Field(description="What becomes of it.", examples=["outlet"])
    cost: Money = Field(description="What that is priced at.")
    remedy: str = Field(description="What would help, in the language asked for; empty: nothing.", examples=[""])
    next_date: dt.date | None = Field(
        description="The next chance; the day after the horizon: in a later plan; null: none known.",
        examples=["2026-03-16"],
    )

    @classmethod
    def of(cls, found: Mapping[str, Any], language: Language) -> Self:
        """Return what is shown of a job left out as it is kept."""
        end = "_zh" if language is Language.ZH else ""
        same = ("job_id", "kind", "village_id", "village", "rule", "instead", "next_date")
        return cls(
            **{name: found[name] for name in same},
            reason=found[f"reason{end}"],
            remedy=found[f"remedy{end}"],
            cost=Money(fen=found["cost_fen"]),
        )


class PlaceShape(Shown):
    """A point (RFC 7946)."""

    type: Literal["Point"] = Field(description="GeoJSON.", examples=["Point"])
    coordinates: list[float] = Field(description="Longitude and latitude, WGS84.", examples=[[100.2, 29.1]])


class WayShape(Shown):
    """A line through places; straight from one to the next."""

    type: Literal["LineString"] = Field(description="GeoJSON.", examples=["LineString"])
    coordinates: list[list[float]] = Field(
        description="Longitudes and latitudes, WGS84.", examples=[[[100.2, 29.1], [100.3, 29.0]]]
    )


class DayOnMap(Shown):
    """A day: from bed, or home, through its stops to bed."""

    kind: Literal["day"] = Field(description="What it is.", examples=["day"])
    tour_id: str = Field(description="The tour.", examples=["G1@2026-03-02"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    date: dt.date = Field(description="The date.", examples=["2026-03-02"])
    day: int = Field(description="Of the tour, from 1.", examples=[1])
    depart: Moment = Field(description="Leaves.")
    arrive: Moment = Field(description="Arrives where it sleeps.")
    jobs: int = Field(description="Jobs done.", examples=[6])
    travel: str = Field(description="Driving, ISO 8601.", examples=["PT3H10M"])
    distance_m: int = Field(description="Metres.", examples=[142_000])
    lodging_id: str | None = Field(description="Where it sleeps; null: at home.", examples=["L1"])


class NightOnMap(Shown):
    """A night in a town."""

    kind: Literal["night"] = Field(description="What it is.", examples=["night"])
    tour_id: str = Field(description="The tour.", examples=["G1@2026-03-02"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    lodging_id: str = Field(description="The town.", examples=["L1"])
    name: str = Field(description="Its name.", examples=["日雨旅店"])
    date: dt.date = Field(description="The evening.", examples=["2026-03-02"])
    night: int = Field(description="Of the tour, from 1.", examples=[1])


class HomeOnMap(Shown):
    """Where a crew is based."""

    kind: Literal["home"] = Field(description="What it is.", examples=["home"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    outlet_id: str = Field(description="Its outlet.", examples=["Z0018"])


class VillageOnMap(Shown):
    """A village, with or without a visit."""

    kind: Literal["village"] = Field(description="What it is.", examples=["village"])
    village_id: str = Field(description="The village.", examples=["V1"])
    name: str = Field(description="Its name.", examples=["日雨镇"])
    households: int = Field(description="Households.", examples=[120])
    status: Literal["visited", "covered", "uncovered", "idle"] = Field(
        description="Visited; near enough to a stop; with work that nobody comes for; without work.",
        examples=["visited"],
    )
    dates: list[dt.date] = Field(description="Dates of its visits.", examples=[["2026-03-03"]])
    tour_ids: list[str] = Field(description="Tours that stop in it.", examples=[["G1@2026-03-02"]])
    jobs: int = Field(description="Jobs done in it.", examples=[3])


class CoverOnMap(Shown):
    """The way of units from a village without a stop to one with."""

    kind: Literal["cover"] = Field(description="What it is.", examples=["cover"])
    village_id: str = Field(description="From.", examples=["V6"])
    stop_village_id: str = Field(description="To.", examples=["V4"])
    travel: str = Field(description="How far, ISO 8601.", examples=["PT12M"])


class TourFeature(Shown):
    """A day's line, a night, a home, a village or the way of a carried unit."""

    type: Literal["Feature"] = Field(description="GeoJSON.", examples=["Feature"])
    geometry: PlaceShape | WayShape = Field(description="A point or a line.")
    properties: DayOnMap | NightOnMap | HomeOnMap | VillageOnMap | CoverOnMap = Field(
        description="What it is, and what belongs to that."
    )


class ToursGeoJson(Shown):
    """Tours for a map (RFC 7946)."""

    type: Literal["FeatureCollection"] = Field(description="GeoJSON.", examples=["FeatureCollection"])
    features: list[TourFeature] = Field(description="Days, nights, homes, villages, ways of carried units.")
