"""What the sample network may repair elsewhere than on site: the table [repair_modes] of its day.toml."""

from datasets.china_catalogue import FAMILIES

__all__ = ["REPAIR_MODES"]

_PORTABLE = ("gas_stove", "refrigerator", "washing_machine")
_UNIT = "整机更换"

REPAIR_MODES: dict[str, object] = {
    "unit_fault": _UNIT,
    "portable": [family.key for family in FAMILIES if family.key in _PORTABLE],
    # What needs no part is half a matter of setting something right.
    "by_phone": [
        f"{family.key}:{fault.name}"
        for family in FAMILIES
        for fault in family.faults
        if fault.job_type == "repair" and not fault.components and fault.crew == 1 and not fault.certificates
    ],
}
"""Free-standing products; faults without a part; the kit that is the whole unit."""
