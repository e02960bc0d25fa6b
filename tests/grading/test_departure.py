# SPDX-License-Identifier: MIT
"""Where a run departs from what it was to be: the call that sent the first byte that differs, or
what else there is."""

from sockfault import departure
from sockfault.departure import Calls, Wanted
from sockfault.events import Event
from sockfault.wire import Passed, Talk

PROGRAM, PEER = ("127.0.0.1", 40000), ("127.0.0.1", 7)
CONN = {"conn": 1, "type": "stream", "local": "127.0.0.1:40000", "peer": "127.0.0.1:7"}


def talk(*passed, kind="stream"):
    """passed: what the program sent, as bytes, and what came, as text."""
    made = Talk(kind, PROGRAM, PEER)
    for at, one in enumerate(passed):
        is_mine, data = isinstance(one, bytes), one if isinstance(one, bytes) else one.encode()
        made.passed.append(Passed(10 * at + 5, is_mine, "data", data))
    return made


def calls(*rows, **more):
    """rows: operation, result; each send and recv goes on where the last one ended."""
    events, at = [], {"send": 0, "recv": 0}
    for number, (op, ret, *fault) in enumerate(rows):
        fields = {"func": op, "conn": 1, "ret": ret, "site": op, "offset": at.get(op)} | more
        fields |= {"fault": fault[0]} if fault else {}
        events.append(Event(number + 1, 10 * number, op, **fields))
        if op in at:
            at[op] += max(0, ret)
    return Calls(events, [CONN], 0)


def found(made, mine, right):
    departs = departure.of_bytes(made, [mine], Wanted("the right one", [right]))
    return (departs.event.seq, departs.says) if departs else None


def test_it_is_the_call_that_sent_the_first_other_byte():
    made = calls(("recv", 4), ("send", 2), ("send", 3))
    seq, says = found(made, talk("ask\n", b"ab", b"XYZ"), talk("ask\n", b"abcYZ"))
    assert seq == 3 and says == "send() sent b'XYZ' here; the right one sends b'abcYZ'"
    assert found(made, talk("ask\n", b"ab", b"XYZ"), talk("ask\n", b"abX", b"YZ")) is None


def test_an_answer_to_a_part_of_the_question_departs_at_the_receive():
    made = calls(("recv", 2), ("send", 3), ("recv", 2))
    seq, says = found(made, talk("as", b"BAD", "k\n"), talk("as", "k\n", b"OK"))
    assert seq == 1
    assert says == (
        "recv() brought the last of 2 bytes here, and the program answered b'BAD'; "
        "the right one waits for 4, and answers b'OK'"
    )


def test_who_sends_more_or_less_than_all():
    made = calls(("recv", 4), ("send", 2), ("send", 3))
    seq, says = found(made, talk("ask\n", b"ab", b"XYZ"), talk("ask\n", b"ab"))
    assert seq == 3 and "after the 2 bytes that are all" in says
    made = calls(("recv", 4), ("recv", 0), ("close", 0))
    seq, says = found(made, talk("ask\n"), talk("ask\n", b"answer"))
    assert seq == 1 and says == (
        "recv() brought the last here, and nothing came of it; the right one sends b'answer'"
    )
    ended = talk("ask\n", b"ab")
    ended.passed.append(Passed(90, True, "end"))
    made = calls(("recv", 4), ("send", 2), ("close", 0))
    seq, says = found(made, ended, talk("ask\n", b"ab", b"cd"))
    assert seq == 3 and says.startswith("close() ended the connection here, after 2 bytes")
    made = calls(("recv", 4), ("recv", -1, "reset"), ("close", 0))
    assert found(made, ended, talk("ask\n", b"ab", b"cd"))[0] == 2


def test_datagrams_are_compared_one_by_one_and_repeating_one_is_no_mistake():
    conn = CONN | {"type": "dgram", "peer": None}
    events = [
        Event(at, 10 * at, "send", func="sendto", conn=1, ret=3, site="x") for at in (0, 1, 2)
    ]
    made = Calls(events, [conn], 0)
    mine = talk(b"one", b"one", b"two", kind="dgram")
    assert found(made, mine, talk(b"one", b"two", kind="dgram")) is None
    seq, says = found(made, mine, talk(b"one", b"TWO", kind="dgram"))
    assert seq == 2 and says == "sendto() sent b'two' here; the right one sends b'TWO'"


def test_connections_are_compared_with_those_on_which_the_same_was_asked():
    mine = [talk("second", b"2"), talk("first", b"1")]
    right = [talk("first", b"1"), talk("second", b"2")]
    assert departure.of_bytes(calls(("send", 1)), mine, Wanted("it", right)) is None


def conversation(*passed):
    """Two connections: rows of connection, what passed, in the order of time."""
    made = [Talk("stream", PROGRAM, PEER), Talk("stream", ("127.0.0.1", 40001), PEER)]
    for at, (number, one) in enumerate(passed):
        is_mine = isinstance(one, bytes)
        what = "data" if one else "end"
        data = one if is_mine else one.encode()
        made[number - 1].passed.append(Passed(10 * at + 5, is_mine, what, data))
    return made


def both(*rows):
    """rows: connection, operation, result, fault."""
    conns = [CONN, CONN | {"conn": 2, "local": "127.0.0.1:40001"}]
    events, moved = [], {}
    for number, (conn, op, ret, *fault) in enumerate(rows):
        fields = {"func": op, "conn": conn, "ret": ret, "offset": moved.get((conn, op), 0)}
        fields |= {"fault": fault[0], "errno": "E"} if fault else {}
        events.append(Event(number + 1, 10 * number, op, **fields))
        moved[conn, op] = moved.get((conn, op), 0) + max(0, ret)
    return Calls(events, conns, 0)


def test_the_first_in_the_order_of_the_right_run_counts():
    """What is not said later, on whichever connection, may come of it."""
    right = conversation((1, "ann"), (2, "eve"), (2, b"ann!"), (2, "hi"), (1, b"eve: hi"))
    mine = conversation((1, "ann"), (2, "eve"), (2, b"Ann!"))
    made = both((1, "recv", 3), (2, "recv", 3), (2, "send", 4))
    assert departure.of_bytes(made, mine, Wanted("it", right)).event.seq == 3


def test_what_is_said_otherwise_comes_before_what_is_not_said():
    right = conversation((1, "ask"), (1, b"ann"), (2, b"eve"))
    mine = conversation((1, "ask"), (2, b"Eve"))
    made = both((1, "recv", 3), (2, "send", 3))
    assert departure.of_bytes(made, mine, Wanted("it", right)).event.seq == 2


def test_what_is_not_answered_may_have_come_from_another_connection():
    right = conversation((1, "ann"), (2, "eve"), (2, "hi"), (1, b"eve: hi"))
    mine = conversation((1, "ann"), (2, "eve"), (2, "hi"))
    made = both((1, "recv", 3), (2, "recv", 3), (2, "recv", 2), (1, "recv", 0))
    departs = departure.of_bytes(made, mine, Wanted("it", right))
    assert departs.event.seq == 3 and departs.says.endswith("it sends b'eve: hi'")


def test_a_connection_that_is_not_ended():
    right = conversation((1, "ann"), (2, "eve"), (1, ""), (1, b""), (2, "bye"), (2, b"bye"))
    mine = conversation((1, "ann"), (2, "eve"), (1, ""), (2, ""), (1, b""))  # at its own end
    made = both((1, "recv", 3), (2, "recv", 3), (1, "recv", 0))
    departs = departure.of_bytes(made, mine, Wanted("it", right))
    says = "recv() was the last call for it here; it ends the connection then"
    assert (departs.event.seq, departs.says) == (3, says)


def test_what_is_missing_after_a_fault_comes_of_that():
    right = conversation((1, "ann"), (2, "eve"), (2, "hi"), (1, b"eve: hi"))
    mine = conversation((1, "ann"), (2, "eve"))
    made = both((1, "recv", 3, "short 3"), (2, "recv", -1, "reset"), (1, "recv", 0))
    departs = departure.of_bytes(made, mine, Wanted("it", right))
    assert (departs.event.seq, departs.says) == (2, "recv() met the fault here (reset)")


def test_what_was_not_seen_whole_is_not_compared():
    right = talk(b"a")
    right.is_whole = False
    assert found(calls(("send", 1)), talk(b"b"), right) is None


def test_where_it_was_when_its_time_was_up():
    made = calls(("send", 1), ("recv", 1), ("recv", 1))
    says = "when the time was up, it had last been in recv() here, for the 2nd time"
    assert departure.late(made).says == says
    made.events.append(Event(9, 90, "poll", func="poll", site="p", state="pending"))
    assert departure.late(made).says == "when the time was up, it was in poll() here"
    assert departure.late(calls()) is None


def test_where_there_is_nothing_to_compare_with():
    made = calls(("send", 3), ("recv", 2), ("recv", 2), ("close", 0))
    assert departure.last(made).event.seq == 3
    unread = departure.last(made, [talk(b"ask", "answer")])
    assert unread.says == "after recv() here it took no more: 4 of 6 bytes that came"
    assert departure.last(calls(("send", 3), ("recv", -1, "reset"), ("close", 0))).event.seq == 2
    assert departure.last(calls(("connect", 0))).says == "connect() here was its last call"
    assert departure.last(calls()) is None


def test_ordinals():
    said = [departure.ordinal(one) for one in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    assert said == "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th".split()
