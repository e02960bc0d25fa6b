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
        "recv() brought the last here, and nothing was sent after that; "
        "the right one sends b'answer'"
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
