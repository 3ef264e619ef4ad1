"""The sentences of problems and faults in Chinese; they are made in English, which whoever calls may not read."""

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["CHINESE", "in_chinese"]

_OURS = {
    "The job is on a published tour; take it off that first.": "此单已在发布的巡回中，请先将其移出。",
    "Another plan of tours holds for the same crews and days; plan again.": "相同班组与日期已有其他巡回，请重新规划。",
    "It was said before what became of {} visits.": "有 {0} 次上门的结果此前已登记。",
    "People of the crews are promised to {} customers on days of the tours.": "巡回期间班组人员已约定 {0} 位用户。",
    "People of this plan are away on a published tour; plan again.": "计划中的人员正在已发布的巡回途中，请重新规划。",
    "The customer cannot have agreed to that.": "用户不可能同意该内容。",
    "The interval would not be shorter.": "间隔并未缩短。",
    "The rows have faults.": "资料行有错误。",
    "The stored tours changed while they were checked; nothing was published.": "检查期间巡回有变，未发布任何内容。",
    "The tours are over; plan again.": "该巡回已全部过期，请重新规划。",
    "{} visits are on published tours of other crews; plan again.": "有 {0} 次上门已在其他班组的巡回中，请重新规划。",
    "The tours are {}.": "该巡回计划的状态为 {0}。",
    "The tours cannot be planned again like this.": "无法按此重新规划巡回。",
    "The villages cannot be told.": "无法通知这些村。",
    "The visits cannot be written down.": "无法登记这些上门结果。",
    "There is no such day to lock.": "没有可锁定的这一天。",
    "There is no such plan of tours.": "没有此巡回计划。",
    "a consent to wait has no amount": "同意等候不带金额",
    "a date from {} to {}": "应为 {0} 至 {1} 的日期",
    "a date not before that of the consent": "不得早于同意当日",
    "a date until {}": "应为不晚于 {0} 的日期",
    "a day on which this crew is on tour": "应为该班组在巡回途中的日期",
    "a name that no crew has": "应为尚无班组使用的名称",
    "a village that is not in must_visit": "应为不在 must_visit 中的村",
    "a village whose date is still to come": "应为日期尚未到的村",
    "allowed: a first date not after the last (this one is reversed)": "首日不得晚于末日",
    "allowed: a village, or a position": "应给出村或位置",
    "centres or crews, and not both": "centres 与 crews 应且只能给一个",
    "exactly one of van_down, village_cut_off and levers": "van_down、village_cut_off、levers 应且只能给一个",
    "fewer than {} days": "应少于 {0} 天",
    'no crew "{}"': "没有班组“{0}”",
    'no crew "{}" in these tours': "此巡回计划中没有班组“{0}”",
    "spare parts of the tour's kit, no more units than it had": "应为该次巡回备件清单中的配件，数量不超过所带数量",
    "a village of this key's centres": "应为该密钥所属客服中心的村",
    "no crew on this date": "该日期没有班组",
    'no lodging "{}"': "没有住宿点“{0}”",
    'nothing in these messages about "{}"': "此巡回计划没有给“{0}”的通知",
    'no village "{}"': "没有村“{0}”",
    'no visit to "{}" in these tours': "此巡回计划中没有“{0}”的上门",
    "not after now": "不得晚于现在",
    "the id of tours that were made": "应为已完成的巡回计划的编号",
    "tours that were made; these are {}": "应为已完成的巡回计划，该计划的状态为 {0}",
    "until belongs to a consent to wait that is given, and to nothing else": "until 只能与已同意的等候同用",
    "what was done has a start": "已完成的须有开始时间",
    "{} villages were told another date that is still to come; plan again.": (
        "有 {0} 个村已通知其他日期且尚未到期，请重新规划。"
    ),
    "{} villages were told a date since these tours were planned, which they do not keep; plan again.": (
        "规划之后有 {0} 个村已通知日期，而此巡回未予保留；请重新规划。"
    ),
    "{} jobs are not as they were when the tours were planned; plan again.": "有 {0} 张单与规划时不同，请重新规划。",
    "a job that is there": "已有的报修单",
    "a job that names no parts of its own": "自身未列配件的报修单",
    "{} that holds today": "今日有效的 {0}",
    "1 minute to {} days": "1 分钟至 {0} 天",
    "1 to {}": "1 至 {0}",
    "A count of {} is known, not older than this one.": "已有不早于此次的盘点（{0}）。",
    "All of it has left.": "已全部发出。",
    "It belongs to a quoted order: cancel that.": "它属于一张报价订单，请取消该订单。",
    "No network holds on {} that parts could be sent in.": "{0} 没有可用于发货的网络。",
    "No such line waits for approval.": "没有等待审批的此行。",
    "Say where the part is wanted.": "请说明配件送往何处。",
    "The job does not fit the network that the plan was made from: {}": "该报修单与制定计划所用的网络不符：{0}",
    "The order is a quote: confirm or cancel it.": "该订单为报价，请确认或取消。",
    "The order is cancelled.": "该订单已取消。",
    "The order is not a quote.": "该订单不是报价。",
    "The quote has run out.": "报价已过期。",
    "The run is {}.": "该次运行的状态为 {0}。",
    "The run names what is not there.": "运行请求引用了不存在的内容。",
    "There is no such centre.": "没有此客服中心。",
    "There is no such order of parts.": "没有此配件订单。",
    "There is no such outlet.": "没有此网点。",
    "There is no such part.": "没有此配件。",
    "There is no such quota.": "没有此配额。",
    "There is no such reservation.": "没有此预留。",
    "There is no such sourcing run.": "没有此次寻源运行。",
    "a centre that holds today": "今日有效的客服中心",
    "a count is known that is not older": "已有不早于它的盘点",
    "a part that holds today": "今日有效的配件",
    "a warehouse or an outlet that holds today": "今日有效的仓库或网点",
    "an outlet that holds today": "今日有效的网点",
    "an outlet_id or a centre_id, not both": "outlet_id 与 centre_id 只能给一个",
    "at most 5 minutes ahead": "最多超前 5 分钟",
    "each part once": "每种配件只能出现一次",
    "no centre today": "今日没有客服中心",
    'no part "{}" holds today': "今日没有有效的配件“{0}”",
    "valid_for belongs to answering: reserve, and to nothing else": "valid_for 只能与 answering: reserve 同用",
    "{} has {} of {} that are free, fewer than {}.": "{0} 可用的 {2} 有 {1} 件，少于 {3} 件。",
    '"{}" is unknown; {}': '"{0}" 无效；{1}',
    '"{}"; allowed: a family that some technician, kit or part has': '"{0}"；应为技师、配件包或配件已有的品类',
    "1 fault.": "共 1 处错误。",
    "1 to 255 visible ASCII characters": "应为 1 至 255 个可见 ASCII 字符",
    "1 to {} printable characters, in UTF-8": "应为 1 至 {0} 个可打印字符，UTF-8 编码",
    "A body has at most {} bytes.": "请求体最多 {0} 字节。",
    "A job of this name was entered in the same moment; send it again.": "同名报修单刚刚录入，请重新发送。",
    "A line has at most {} bytes.": "每行最多 {0} 字节。",
    "A route has no times in this order.": "按此顺序无法排出路线时间。",
    "A solving process died.": "求解进程已退出。",
    "A value cannot be stored.": "有值无法保存。",
    "An address has no NUL characters.": "地址不能含 NUL 字符。",
    "Another plan or appointment holds for the same time; plan again.": "同一时间已有其他计划或预约，请重新规划。",
    "Bulk upserts are not replayed.": "批量写入不支持重放。",
    "Calendars, promises and prices do not fit together on that date.": "该日期的日历、时效承诺与价格相互矛盾。",
    "Invalid JSON object in request, please add vehicles and jobs to the object body": (
        "JSON 无效，请提供 vehicles 和 jobs"
    ),
    "It clashes with what is there already.": "与已有内容冲突。",
    "It is there already: send If-Match with the ETag that you read.": "已存在：请用 If-Match 带上所读的 ETag。",
    "JSON has neither NaN nor infinities": "JSON 没有 NaN 和无穷大",
    "More than {}.": "超过 {0}。",
    "No network holds on that date.": "该日期没有有效的网络。",
    "No plan is published for this centre: there is nothing to offer from.": "该中心没有已发布的计划，无法提供时段。",
    "Nobody is promised to this job.": "此单尚未安排技师。",
    "Own technicians may not refuse a visit; report a disruption when they cannot come.": (
        "自营技师不得拒单；不能上门时请上报异常。"
    ),
    "PT15M to PT24H": "应为 PT15M 至 PT24H",
    "Say which centre.": "请指明中心。",
    "Send Authorization: Bearer and an API key.": "请发送 Authorization: Bearer 和 API 密钥。",
    "Somebody else has taken the place.": "该时段已被他人占用。",
    "Something still refers to it.": "仍被其他内容引用。",
    "That has not happened yet.": "此事尚未发生。",
    "That moment has not come yet.": "该时刻尚未到来。",
    "The Idempotency-Key belongs to another request.": "该 Idempotency-Key 属于另一请求。",
    "The Idempotency-Key is not one.": "Idempotency-Key 无效。",
    "The appointment is {}.": "预约状态为 {0}。",
    "The body cannot be read.": "请求体无法读取。",
    "The body is larger than is taken at once.": "请求体过大。",
    "The body is not JSON as it is understood here.": "请求体不是本服务所接受的 JSON。",
    "The body is not JSON.": "请求体不是 JSON。",
    "The body is not called JSON.": "请求体未声明为 JSON。",
    "The checker objects: {} findings; nothing was published.": "检查发现 {0} 处违规，未发布。",
    "The clocks run.": "时钟正在走。",
    "The clocks stand still already.": "时钟已暂停。",
    "The current version is {}.": "当前版本为 {0}。",
    "The cursor is none of ours.": "游标无效。",
    "The day has faults.": "当日数据有误。",
    "The disruption is over.": "该异常已结束。",
    "The disruption was taken back already.": "该异常已撤销。",
    "The document has faults.": "内容有误。",
    "The hold has run out.": "预留已过期。",
    "The hold was confirmed: cancel the appointment.": "预留已确认：请取消预约。",
    "The hold was released.": "预留已释放。",
    "The horizon is in the past.": "计划日期已过。",
    "The key has been revoked.": "密钥已吊销。",
    "The key has expired.": "密钥已过期。",
    "The key is not known.": "密钥不存在。",
    "The item is {}.": "派工项状态为 {0}。",
    "The job cannot be entered.": "此单无法录入。",
    "The job has an appointment: reschedule that.": "此单已有预约：请改约。",
    "The job is {}.": "此单状态为 {0}。",
    "The job was not there yet.": "当时此单尚不存在。",
    "The network of today cannot take jobs.": "今日的网络无法录入报修单。",
    "The offer was made for another job.": "该时段是为另一单提供的。",
    "The place is not kept any more.": "该位置已不再保留。",
    "The plan has no such centre.": "计划中没有该中心。",
    "The plan is {}.": "计划状态为 {0}。",
    "The process that was asked died.": "处理进程已退出。",
    "The quotes of the ETag are missing.": "ETag 缺少引号。",
    "The report names what is not there.": "上报内容涉及不存在的对象。",
    "The routes cannot be evaluated.": "路线无法评估。",
    "The row belongs to another address.": "该行属于另一地址。",
    "The row has faults.": "该行有误。",
    "The source has named this job before.": "来源系统已报过此单。",
    "The store does not answer.": "数据库无响应。",
    "The stored plan changed while it was checked; nothing was published.": "检查期间计划已改变，未发布。",
    "The wish names what is not there.": "请求涉及不存在的对象。",
    "There is no such appointment.": "没有此预约。",
    "There is no such centre on this date.": "该日期没有此中心。",
    "There is no such dispatch item.": "没有此派工项。",
    "There is no such disruption.": "没有此异常。",
    "There is no such document of {}.": "{0} 中没有此内容。",
    "There is no such hold.": "没有此预留。",
    "There is no such job.": "没有此单。",
    "There is no such offer.": "没有此时段报价。",
    "There is no such page.": "没有此页。",
    "There is no such period.": "没有此时间段。",
    "There is no such plan.": "没有此计划。",
    "There is no such row of {} on {}.": "{1} 的 {0} 中没有此行。",
    "There is no visit to lock.": "没有可锁定的上门。",
    "There is no webhook {}.": "没有 webhook {0}。",
    "There is no {}.": "没有 {0}。",
    "There is nothing at this address.": "该地址不存在。",
    "There is one document of {}: {}.": "{0} 只有一项：{1}。",
    "This address has other methods.": "该地址不支持此方法。",
    "This changes a planned thing: send If-Match with the ETag that you read.": (
        "这会改变已计划的内容：请用 If-Match 带上所读的 ETag。"
    ),
    "This is a defect of Paigong. The log has more, under `instance`.": (
        "这是派工服务的缺陷，详情见日志中的 `instance`。"
    ),
    "This key writes the rows of its own centres only.": "该密钥只能写所属中心的数据。",
    "This needs the scope {}.": "需要权限 {0}。",
    "Too many problems are waiting already.": "排队的问题过多。",
    "Too many {} ( {} ) in query, maximum is set to {}": "{0} 过多（{1}），最多 {2}",
    "What all centres share is written by keys of all centres.": "各中心共享的内容只能由全部中心的密钥写入。",
    "X-Actor is not a name.": "X-Actor 不是有效名称。",
    "`from` before `to`": "`from` 应早于 `to`",
    "`next` of a page of the same list": "应为同一列表某页的 `next`",
    "`next` of the feed": "应为事件流的 `next`",
    "a date from 2000 to 2099": "应为 2000 至 2099 年的日期",
    "a date from {} on": "应为 {0} 及以后的日期",
    "a disruption that lasts beyond `now`": "异常应持续到 `now` 之后",
    "a duration of PT1S to PT24H": "应为 PT1S 至 PT24H 的时长",
    "a duration of at most {} days": "时长最多 {0} 天",
    "a job stands here twice": "同一单出现两次",
    "a job that is {} cannot become {}": "状态为 {0} 的单不能变为 {1}",
    "a moment from 2000 to 2099": "应为 2000 至 2099 年的时刻",
    "a number beyond 64 bits": "数值超出 64 位",
    "a plan of the same centres and the same first date": "应为相同中心、相同首日的计划",
    "a plan that was made; this one is {}": "应为已生成的计划；此计划状态为 {0}",
    "a surrogate without its other half": "含不完整的代理字符",
    "after earliest": "应晚于 earliest",
    "allowed: a start not after the end (this one is reversed)": "开始不得晚于结束",
    "allowed: {}": "允许：{0}",
    "allowed: {}, the only one": "只能是 {0}",
    "an http or https address with a host, without a user's name": "应为含主机名、不含用户名的 http 或 https 地址",
    "an integer beyond 64 bits": "整数超出 64 位",
    "at most 5 minutes ahead of this service's clock": "最多比服务时钟早 5 分钟",
    "byte {} is not UTF-8": "第 {0} 字节不是 UTF-8",
    "a duration of PT1S to PT1H": "时长应为 PT1S 至 PT1H",
    "duration or steps, not both": "duration 与 steps 只能二选一",
    "exactly one of {}": "应恰为其中之一：{0}",
    "from not after to, at most 366 days apart": "from 不得晚于 to，最多相隔 366 天",
    "job or job_id, one of them": "job 与 job_id 应二选一",
    "leave out what stays; nothing can be null": "不变的请省略；不能为 null",
    "line {}, column {}: {}": "第 {0} 行第 {1} 列：{2}",
    "longer by PT1S to PT24H": "延长应为 PT1S 至 PT24H",
    "longitude first, then latitude: these look swapped": "应先经度后纬度：看似颠倒",
    "longitude from -180 to 180, then latitude from -90 to 90": "经度 -180 至 180，然后纬度 -90 至 90",
    "more than {} levels": "超过 {0} 层",
    'no centre "{}"': '没有中心 "{0}"',
    "no centre on this date": "该日期没有中心",
    'no job "{}" in this plan': '计划中没有单 "{0}"',
    "no shift of this technician on this date": "该技师当日没有班次",
    'no {} "{}" now': '目前没有 {0} "{1}"',
    "none, unless a visit is published": "没有已发布的上门时只能为 none",
    "none: lines repeat harmlessly": "不需要：重复的行没有影响",
    "not a link-local address": "不能是链路本地地址",
    "not a web address": "不是网址",
    "not before the job was reported": "不得早于报修时间",
    "one of the plan's centres": "应为计划中的中心",
    "options.x: allowed: 0 to {}": "options.x：允许 0 至 {0}",
    "options: allowed: c, t, x, and g false; routes have no geometry here": (
        "options：允许 c、t、x，g 只能为 false；路线不含几何"
    ),
    "published, none, or the id of a plan that was made": "应为 published、none 或已生成计划的 id",
    'quotes belong to it: If-Match: "{}"': '应带引号：If-Match: "{0}"',
    "routes of one centre": "应为同一中心的路线",
    "send it with the header Content-Type: application/json": "请带上 Content-Type: application/json",
    "text has no NUL characters": "文本不能含 NUL 字符",
    "the row's own id is {}": "该行自身的 id 是 {0}",
    "there is no such row": "没有此行",
    "there is no such technician": "没有此技师",
    "this key came with another request before": "该键曾用于另一请求",
    "this key is given more than once": "该键重复出现",
    "this address has no parameters": "该地址没有参数",
    "{} faults.": "共 {0} 处错误。",
    "{} outlets reached by phone or fax have been frozen since this was planned; plan again, or report a disruption.": (
        "规划之后有 {0} 个电话或传真网点已冻结；请重新规划或上报异常。"
    ),
    "{} places are held for customers and have none in this plan; plan again.": (
        "有 {0} 个客户预留不在此计划中；请重新规划。"
    ),
    "{} rows still refer to it.": "仍有 {0} 行引用它。",
    "{} visits were promised, moved or taken back since this plan was begun; plan again.": (
        "规划开始之后有 {0} 次上门被安排、移动或撤销；请重新规划。"
    ),
    "{} → {} is for {}": "{0} → {1} 只能由 {2} 操作",
}
_OF_PAYLOADS = {
    "allowed: a date such as 2026-03-02": "应为日期，如 2026-03-02",
    "allowed: a date in quotes, such as 2026-03-02": "应为带引号的日期，如 2026-03-02",
    "allowed: a moment with its offset, such as 2026-03-02T09:30:00+08:00": (
        "应为带时区的时刻，如 2026-03-02T09:30:00+08:00"
    ),
    "allowed: a moment in quotes, with its offset, such as 2026-03-02T09:30:00+08:00": (
        "应为带引号、带时区的时刻，如 2026-03-02T09:30:00+08:00"
    ),
    "allowed: an ISO 8601 duration such as PT1H30M": "应为 ISO 8601 时长，如 PT1H30M",
    "there is no such field here": "没有此字段",
    "it is needed and missing": "缺少此项",
}
_OF_CELLS = {
    "1 to 64 characters without ; or : and without spaces at the ends": "1 至 64 个字符，不含 ; 和 :，首尾无空格",
    "a date YYYY-MM-DD": "日期 YYYY-MM-DD",
    "a duration such as PT45M, PT1H30M or P2D, not negative": "时长，如 PT45M、PT1H30M 或 P2D，不得为负",
    "a time of day HH:MM, 00:00 to 24:00": "时刻 HH:MM，00:00 至 24:00",
    "a time such as 2026-03-02T08:30:00+08:00": "时刻，如 2026-03-02T08:30:00+08:00",
    "a whole number {} to {}": "整数，{0} 至 {1}",
    'an id of 1 to 64 characters that begins with a letter, digit or _ and holds none of ; : / \\ " < > | ? *': (
        '1 至 64 个字符的 id，以字母、数字或 _ 开头，不含 ; : / \\ " < > | ? *'
    ),
    "an id of {} that holds on {}": "{1} 有效的 {0} 的 id",
    "not empty for a contract outlet": "特约网点不能为空",
}
_OF_PYDANTIC = {
    "Extra inputs are not permitted": "没有此字段",
    "Field required": "缺少此项",
    "Input should be a finite number": "应为有限数值",
    "Input should be a valid array": "应为列表",
    "Input should be a valid boolean": "应为 true 或 false",
    "Input should be a valid boolean, unable to interpret input": "应为 true 或 false",
    "Input should be a valid date": "应为日期",
    "Input should be a valid date in the format YYYY-MM-DD, {}": "应为 YYYY-MM-DD 格式的日期",
    "Input should be a valid date or datetime, {}": "应为日期或时刻",
    "Input should be a valid datetime": "应为时刻",
    "Input should be a valid datetime, {}": "应为时刻",
    "Input should be a valid dictionary": "应为对象",
    "Input should be a valid dictionary or instance of {}": "应为对象",
    "Input should be a valid dictionary or object to extract fields from": "应为对象",
    "Input should be a valid duration, {}": "应为 ISO 8601 时长",
    "Input should be a valid integer": "应为整数",
    "Input should be a valid integer, got a number with a fractional part": "应为整数，不能有小数",
    "Input should be a valid integer, unable to parse string as an integer": "应为整数",
    "Input should be a valid list": "应为列表",
    "Input should be a valid number": "应为数值",
    "Input should be a valid number, unable to parse string as a number": "应为数值",
    "Input should be a valid string": "应为文本",
    "Input should be a valid timedelta": "应为 ISO 8601 时长",
    "Input should be an object": "应为对象",
    "Input should be greater than or equal to {}": "不得小于 {0}",
    "Input should be greater than {}": "应大于 {0}",
    "Input should be less than or equal to {}": "不得大于 {0}",
    "Input should be less than {}": "应小于 {0}",
    "Input should be {}": "应为 {0}",
    "Input should have timezone info": "应带时区",
    "Dictionary should have at most {} items after validation, not {}": "最多 {0} 项，现有 {1}",
    "Dictionary should have at most {} item after validation, not {}": "最多 {0} 项，现有 {1}",
    "Invalid JSON: {}": "不是 JSON：{0}",
    "List should have at least {} item after validation, not {}": "至少 {0} 项，现有 {1}",
    "List should have at least {} items after validation, not {}": "至少 {0} 项，现有 {1}",
    "List should have at most {} item after validation, not {}": "最多 {0} 项，现有 {1}",
    "List should have at most {} items after validation, not {}": "最多 {0} 项，现有 {1}",
    "String should have at least {} character": "至少 {0} 个字符",
    "String should have at least {} characters": "至少 {0} 个字符",
    "String should have at most {} character": "最多 {0} 个字符",
    "String should have at most {} characters": "最多 {0} 个字符",
    "String should match pattern {}": "应符合格式 {0}",
    "Value error, {}": "{0}：不合要求",
}
CHINESE: Mapping[str, str] = {**_OURS, **_OF_PAYLOADS, **_OF_CELLS, **_OF_PYDANTIC}
"""What is said in English, `{}` where a value stands → the same in Chinese, with the values by number."""


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, template.split("{}"))), re.DOTALL)


_PATTERNS = [
    (_pattern(english), chinese)
    # What says most in words of its own is tried first.
    for english, chinese in sorted(CHINESE.items(), key=lambda pair: -len(pair[0].replace("{}", "")))
    if "{}" in english
]


@lru_cache(maxsize=1_000)
def in_chinese(said: str) -> str:
    """Return a sentence in Chinese, its values as they are; one that nobody has put into words stays English."""
    if said in CHINESE:
        return CHINESE[said]
    # A fault repeats the value that was sent before it says what is allowed.
    value, semicolon, rest = said.partition("; ")
    if semicolon and (words := _translated(rest)) is not None:
        whole = _translated(said)
        return f"{value}；{words}" if whole is None else whole
    return _translated(said) or said


def _translated(said: str) -> str | None:
    if said in CHINESE:
        return CHINESE[said]
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(said)
        if found is not None:
            return chinese.format(*(CHINESE.get(value, value) for value in found.groups()))
    return None
