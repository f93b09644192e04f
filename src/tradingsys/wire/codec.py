"""Encoding and decoding of the wire's messages, as JSON text frames.

Decoding never raises anything but `LocalProtocolError`: what arrives on a socket is hostile until proven otherwise.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tradingsys.core.errors import LimitExceeded, LocalProtocolError
from tradingsys.wire.messages import ErrorBody, ErrorCode, Push, Reply, Request
from tradingsys.wire.strict import check_strict

__all__ = [
    "check_request",
    "decode_params",
    "decode_request",
    "decode_result",
    "decode_server_message",
    "encode",
    "encode_denial",
    "encode_error",
    "encode_reply",
    "encode_request",
]

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_request = msgspec.json.Decoder(Request)
_push: msgspec.json.Decoder[Push] = msgspec.json.Decoder(Push)
_reply = msgspec.json.Decoder(Reply)

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAX_ANSWER_BYTES = 2 * 1024 * 1024
_PUSH_START = b'{"type":'


def encode(message: msgspec.Struct) -> bytes:
    """One message as a frame."""
    return _encoder.encode(message)


def encode_request(request_id: int, method: str, params: msgspec.Struct | list[str]) -> bytes:
    """A request frame."""
    return _encoder.encode(Request(request_id, method, msgspec.Raw(_encoder.encode(params))))


def encode_reply(request_id: int | None, result: object = None, *, is_bounded: bool = True) -> bytes:
    """A reply frame; a result that is `msgspec.Raw` is one that has been encoded before.

    Raises LocalProtocolError (-10007) when it ``is_bounded`` and more than a reader has to take at once.
    """
    body = result if isinstance(result, msgspec.Raw) else _encoder.encode(result)
    if is_bounded and len(body) > _MAX_ANSWER_BYTES:
        raise LocalProtocolError(
            f"the answer has {len(body)} bytes, and a message at most {_MAX_ANSWER_BYTES}: ask for less at a time",
            code=ErrorCode.DENIED,
        )
    # By the encoder it would be copied again and again, into room that is doubled: too dear for hundreds of kilobytes.
    return b"".join((b'{"id":', _encoder.encode(request_id), b',"result":', body, b"}"))


def encode_error(request_id: int | None, code: int, message: str) -> bytes:
    """A refusal frame."""
    return _encoder.encode(Reply(request_id, error=ErrorBody(code, message)))


def encode_denial(request_id: int | None, denied: LimitExceeded) -> bytes:
    """The refusal of an order that is over a limit."""
    body = ErrorBody(denied.code, str(denied), denied.limit, denied.allowed, denied.observed)
    return _encoder.encode(Reply(request_id, error=body))


def decode_request(data: bytes) -> Request:
    """A frame from a strategy.

    Raises LocalProtocolError (-10009) when it is not a request.
    """
    if not data:
        raise LocalProtocolError(
            "not a request: the message is empty, or binary; send one JSON object as text", code=ErrorCode.BAD_REQUEST
        )
    try:
        return _request.decode(data)
    except _UNREADABLE as error:
        raise LocalProtocolError(
            f'not a request: {error}; write it like {{"id": 1, "method": "get_products", "params": []}}',
            code=ErrorCode.BAD_REQUEST,
        ) from None


def check_request(data: bytes) -> None:
    """Whether a frame that is a request means one thing, and costs what it looks like.

    Raises LocalProtocolError (-10009) otherwise.
    """
    try:
        check_strict(data)
    except (*_UNREADABLE, ValueError) as error:
        raise LocalProtocolError(f"not a request: {error}", code=ErrorCode.BAD_REQUEST) from None


def decode_params(request: Request, kind: type[T]) -> T:
    """The parameters of a request.

    Raises LocalProtocolError (-10009) naming what is wrong with them.
    """
    try:
        return msgspec.json.decode(request.params, type=kind)
    except _UNREADABLE as error:
        raise LocalProtocolError(f"{request.method}: {error}", code=ErrorCode.BAD_REQUEST) from None


def decode_server_message(data: bytes) -> Reply | Push:
    """A frame from the gateway.

    Raises LocalProtocolError when it is neither a reply nor a known push.
    """
    try:
        # Our own encoder writes a push's tag first; the slow way is for gateways that do not.
        if data.startswith(_PUSH_START):
            return _push.decode(data)
        probe = msgspec.json.decode(data)
        return _push.decode(data) if isinstance(probe, dict) and "type" in probe else _reply.decode(data)
    except _UNREADABLE as error:
        raise LocalProtocolError(f"not a message of the gateway: {error}", code=ErrorCode.BAD_REQUEST) from None


def decode_result(reply: Reply, kind: type[T]) -> T:
    """The result of a successful reply.

    Raises LocalProtocolError with the reply's own code when it is an error, or when its result has another shape.
    """
    if reply.error is not None:
        raise LocalProtocolError(reply.error.msg, code=reply.error.code)
    try:
        return msgspec.json.decode(reply.result, type=kind)
    except _UNREADABLE as error:
        raise LocalProtocolError(f"unexpected result: {error}", code=ErrorCode.BAD_REQUEST) from None
