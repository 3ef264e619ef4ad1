"""What can go wrong at the edge, as RFC 9457 problem details.

Problem
├─ BadRequest           400  the query, a header; every fault listed
├─ Refused               422  the payload; every fault listed
├─ Unauthorised          401  no key, a wrong one, one that has expired
├─ Forbidden             403  a scope or a centre that the key does not have
├─ NotFound              404
├─ Conflict              409  a lost race, a state that does not allow it
├─ Gone                  410  a hold that has run out
├─ PreconditionFailed    412  somebody changed it since
├─ PreconditionRequired  428  If-Match is missing
├─ TooLarge              413
├─ TooMany               429
└─ Unavailable           503
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

__all__ = [
    "BadRequest",
    "Conflict",
    "Fault",
    "Forbidden",
    "Gone",
    "MethodNotAllowed",
    "NotFound",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "Refused",
    "TooLarge",
    "TooMany",
    "Unauthorised",
    "Unavailable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. pointer: JSON pointer (RFC 6901) into the payload, "" for the whole; code: a stable word.

    parameter: instead of a pointer, for what is not in the payload, such as query.limit or header.Prefer.
    """

    pointer: str = ""
    code: str
    detail: str
    parameter: str = ""

    def written(self) -> dict[str, str]:
        """Return the fault as a member of `errors`."""
        place = {"parameter": self.parameter} if self.parameter else {"pointer": self.pointer}
        return {**place, "code": self.code, "detail": self.detail}


@dataclass(eq=False)
class Problem(Exception):
    """Something that the caller is told; raised anywhere, written by `api.problems` only.

    detail: a sentence about this occurrence. faults: becomes `errors[]`. members: further members of the problem,
    such as the new offers of a lost race. headers: for example ETag or Retry-After.
    """

    detail: str
    faults: Sequence[Fault] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"
    title_zh: ClassVar[str] = "服务内部出错"

    def __str__(self) -> str:
        return self.detail


class BadRequest(Problem):
    """The request around the payload has faults: its address, its query, its headers."""

    status, code, title, title_zh = 400, "bad_request", "The request has faults", "请求有误"


class Refused(Problem):
    """The payload has faults; nothing was changed."""

    status, code, title, title_zh = 422, "refused", "The payload has faults", "请求内容有误"


class Unauthorised(Problem):
    """No key, or one that opens nothing."""

    status, code, title, title_zh = 401, "unauthorised", "A valid API key is needed", "需要有效的 API 密钥"


class Forbidden(Problem):
    """A scope or a centre that the key does not have."""

    status, code, title, title_zh = 403, "forbidden", "This key may not do that", "该密钥无此权限"


class NotFound(Problem):
    """Nothing of this name, or nothing that this key may see."""

    status, code, title, title_zh = 404, "not_found", "Not found", "未找到"


class MethodNotAllowed(Problem):
    """The address has other methods."""

    status, code, title, title_zh = 405, "method_not_allowed", "Not a method of this address", "不支持该方法"


class Conflict(Problem):
    """The state of things does not allow it."""

    status, code, title, title_zh = 409, "conflict", "Not possible any more", "状态冲突"


class Gone(Problem):
    """It was there, and has run out."""

    status, code, title, title_zh = 410, "gone", "No longer available", "已失效"


class PreconditionFailed(Problem):
    """Somebody else changed it since it was read."""

    status, code, title, title_zh = 412, "changed_since", "It has changed since you read it", "内容已被他人修改"


class TooLarge(Problem):
    """More than is taken at once."""

    status, code, title, title_zh = 413, "too_large", "The body is too large", "请求体过大"


class PreconditionRequired(Problem):
    """If-Match is missing."""

    status, code, title, title_zh = 428, "if_match_missing", "Say which version you mean (If-Match)", "请提供 If-Match"


class TooMany(Problem):
    """More requests than this key may make."""

    status, code, title, title_zh = 429, "too_many", "Too many requests", "请求过于频繁"


class Unavailable(Problem):
    """Not now; try again."""

    status, code, title, title_zh = 503, "unavailable", "Not available now", "暂不可用"
