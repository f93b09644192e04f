"""Requests and replies on websockets, and the error body of all transports."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Raw, UnsetType

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt
from tradingsys.venues.binance.messages.exchange import RateLimitRule

__all__ = [
    "ControlReply",
    "ControlRequest",
    "ErrorBody",
    "ErrorDetail",
    "Nothing",
    "RequestId",
    "SessionState",
    "WsApiReply",
    "WsApiRequest",
]

RequestId = int | str | None


class ErrorDetail(Message, frozen=True, kw_only=True, rename="camel"):
    """When to come back, inside the `ErrorBody` of a rate limit; epoch milliseconds."""

    server_time: OptionalInt = UNSET
    retry_after: OptionalInt = UNSET


class ErrorBody(Message, frozen=True, kw_only=True):
    """An error as every transport tells it.

    ::

        {"code": -2011, "msg": "Unknown order sent."}
        {
          "code": -1003, "msg": "Too many requests; banned until 1790000120000.",
          "data": {"serverTime": 1790000000001, "retryAfter": 1790000120000}
        }
    """

    code: int
    msg: str = ""
    data: ErrorDetail | UnsetType = UNSET


class Nothing(Message, frozen=True, kw_only=True):
    """The answer of calls where being answered is all there is to tell (`GET /ping`, `DELETE /listenKey`).

    ::

        {}
    """


class ControlRequest(Message, frozen=True, kw_only=True):
    """A request about the streams of a connection.

    ::

        {"method": "SUBSCRIBE", "params": ["ethusdt@depth20@100ms", "ethusdt@bookTicker"], "id": 3}
        {"method": "LIST_SUBSCRIPTIONS", "id": 4}
    """

    method: str
    params: list[str | bool] | UnsetType = UNSET
    id: RequestId


class ControlReply(Message, frozen=True, kw_only=True):
    """The answer to a `ControlRequest`; errors come nested, or flat with ``code`` and ``msg``.

    ::

        {"result": null, "id": 3}
        {"result": ["ethusdt@depth20@100ms"], "id": 4}
        {"error": {"code": 2, "msg": "Invalid request: unknown method"}, "id": 5}
        {"code": 3, "msg": "Invalid JSON", "id": null}
    """

    result: list[str] | bool | UnsetType | None = UNSET
    error: ErrorBody | UnsetType = UNSET
    code: OptionalInt = UNSET
    msg: str | UnsetType = UNSET
    id: RequestId


class WsApiRequest(Message, frozen=True, kw_only=True):
    """A request on the WS-API. Integers are JSON integers, decimals text.

    ::

        {
          "id": 12, "method": "order.cancel",
          "params": {"symbol": "ETHUSDT", "orderId": 4400017, "timestamp": 1790000002500}
        }
    """

    id: RequestId
    method: str
    params: Mapping[str, str | int | bool] | UnsetType = UNSET


class WsApiReply(Message, frozen=True, kw_only=True, rename={"rate_limits": "rateLimits"}):
    """The answer to a `WsApiRequest`: ``result`` (left undecoded) or ``error``.

    ::

        {
          "id": 12, "status": 200, "result": {"orderId": 4400017},
          "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400, "count": 18}
          ]
        }
        {"id": 13, "status": 400, "error": {"code": -2013, "msg": "Order does not exist."}}
    """

    id: RequestId | UnsetType = UNSET
    status: int
    result: Raw | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET
    rate_limits: list[RateLimitRule] | UnsetType = UNSET


class SessionState(Message, frozen=True, kw_only=True, rename="camel"):
    """The result of `session.logon`, `session.status` and `session.logout` (there with nulls).

    ::

        {
          "apiKey": "not-a-real-key", "authorizedSince": 1790000000500, "connectedSince": 1790000000400,
          "returnRateLimits": true, "serverTime": 1790000000501
        }
        {
          "apiKey": "not-a-real-key", "authorizedSince": 1790000000500, "connectedSince": 1790000000400,
          "returnRateLimits": true, "serverTime": 1790000000501, "userDataStream": true
        }
    """

    api_key: str | UnsetType | None = UNSET
    authorized_since: int | UnsetType | None = UNSET
    connected_since: OptionalInt = UNSET
    return_rate_limits: OptionalBool = UNSET
    server_time: OptionalInt = UNSET
    user_data_stream: bool | UnsetType | None = UNSET
    """Spot: whether the account's events are subscribed; null where they cannot be."""
