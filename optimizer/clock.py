"""Times in words, for the sentences that people read."""

from optimizer.model import DAY_S, Window

__all__ = ["time_text", "window_text"]


def time_text(time_s: int) -> str:
    """Return a time of the horizon as `10:42`, with seconds when there are any and the day when it is not the first."""
    day, rest_s = divmod(time_s, DAY_S)
    minutes, seconds = divmod(rest_s, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    if seconds:
        text += f":{seconds:02}"
    return f"{text} (day {day:+})" if day else text


def window_text(window: Window) -> str:
    """Return a window as `09:00–10:30`."""
    return f"{time_text(window.earliest_s)}–{time_text(window.latest_s)}"
