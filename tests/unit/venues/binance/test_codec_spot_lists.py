"""Lists of orders on spot over the wire, and what of them their orders' own reports leave out."""

import msgspec
import pytest
from msgspec.structs import replace

from tests.unit.venues.binance.spot_codec import ORDER, TERMS, over_the_wire, report
from tradingsys.core.order import Order
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import decode_spot, encode, encode_spot, encode_spot_lists
from tradingsys.venues.binance.messages import spot


def listed(*, with_reports: bool) -> spot.OrderList:
    orders = [replace(ORDER, list_id="4"), replace(ORDER, client_order_ids=("my-8",), venue_order_id="29", list_id="4")]
    return encode_spot_lists.order_list(
        4,
        orders,
        contingency="OCO",
        status_type="EXEC_STARTED",
        order_status="EXECUTING",
        client_order_id="my-list",
        transact_ms=1990,
        reports=[encode_spot.order_reply(order) for order in orders] if with_reports else msgspec.UNSET,
    )


def test_a_list_tells_its_orders_whole_or_by_their_ids() -> None:
    whole = decode_spot.order_list(over_the_wire(listed(with_reports=True)))
    assert [change.order for change in whole] == [
        replace(ORDER, list_id="4"),
        replace(ORDER, client_order_ids=("my-8",), venue_order_id="29", list_id="4"),
    ]
    ids = decode_spot.order_list(over_the_wire(listed(with_reports=False)))
    assert [change.order for change in ids] == [
        Order((client_id,), venue_id, accepted=True, list_id="4")
        for client_id, venue_id in [("my-7", "28"), ("my-8", "29")]
    ]


def test_the_event_of_a_list_tells_which_orders_are_in_it_unless_it_is_a_refusal() -> None:
    event = over_the_wire(encode_spot_lists.list_status(listed(with_reports=False), sent_ms=1991))
    assert decode_spot.list_status(event) == decode_spot.order_list(listed(with_reports=False))
    assert decode_spot.list_status(replace(event, list_order_status="REJECT")) == ()


def test_the_list_tells_what_reports_of_margin_in_it_leave_out() -> None:
    reports = [encode_spot.in_margin(encode_spot.cancel_reply(ORDER, cancel_id="c"))]
    a_list = replace(listed(with_reports=False), order_reports=reports, is_isolated=False)
    told, _ids = decode_spot.order_list(over_the_wire(a_list))
    assert told == OrderChanged(replace(ORDER, list_id="4", terms=replace(TERMS, version_ms=1990)), "ETHUSDT", 1990)


def test_an_answer_may_be_an_order_or_a_list_or_many_of_both() -> None:
    reply, a_list = encode_spot.cancel_reply(ORDER, cancel_id="c"), listed(with_reports=True)
    one, two = (report(ORDER),), decode_spot.order_list(a_list)
    assert [change.order for change in decode_spot.orders_told(encode.to_bytes(reply))] == [ORDER]
    assert decode_spot.orders_told(encode.to_bytes(a_list)) == two
    many = decode_spot.orders_told(encode.to_bytes([reply, a_list]))
    assert [change.order for change in many] == [change.order for change in (*one, *two)]
    for broken in (b"", b"[1]", b'{"symbol":"A"}', b"{", b'[{"orderListId":4}]'):
        with pytest.raises(msgspec.DecodeError):
            decode_spot.orders_told(broken)
