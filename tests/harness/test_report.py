# SPDX-License-Identifier: MIT
"""The page of a run: what it says, and that a browser shows it. Content, not pixels."""

import html.parser
import re
import statistics

import pytest

import sockfault
from conftest import PYTHON, TARGETS
from sockfault import report
from sockfault.events import Finding

CHATTER = """
import socket, sys
a, b = socket.socketpair()
for _ in range(int(sys.argv[1])):
    a.send(b"x")
    b.recv(1)
"""


def client(*rules, folder=None):
    return sockfault.run(
        [TARGETS / "naive-line-client", "127.0.0.1", "{port}", "<b>hello</b>"],
        *rules,
        peer=f"{TARGETS}/robust-echo-server 127.0.0.1 {{port}}",
        folder=folder,
    )


def made_page(run):
    cause = run.faults[0].seq
    finding = Finding("a-finding", "error", "says & more", cause=cause, file="c.c", line=42)
    return report.page(run, "a <title>", [finding], ["expected 1 < 2"])


class Rows(html.parser.HTMLParser):
    """The rows of the chart by their classes, and every address that a page names."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.links, self.open = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "li":
            self.rows.append(values.get("class", "").split())
        self.links += [values[name] for name in ("src", "href") if name in values]


def test_a_page_says_all_and_needs_no_network():
    run = client("recv offset=4..: reset")
    page = made_page(run)
    rows = Rows(page)
    assert len(rows.rows) == len(run.events)
    assert [row for row in rows.rows if "fault" in row] == [["in", "fault", "found"]]
    assert all(link.startswith("#e") for link in rows.links)
    assert "http://" not in page and "https://" not in page and "@import" not in page
    assert "a &lt;title&gt;" in page and "says &amp; more" in page and "expected 1 &lt; 2" in page
    assert "<b>hello" not in page
    assert "naive-line-client.c:31" in page and "reset (rule 1, kernel)" in page
    assert "recv offset=4..: reset" in page and "-- " in page


def test_sockfault_report(installed, tmp_path):
    client("recv: short 1", folder=tmp_path)
    words = [installed.command, "report", tmp_path / "trace.sft", "-o", tmp_path / "out.html"]
    done = installed.run(words, tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text()
    assert len([row for row in Rows(page).rows if "fault" in row]) >= 3
    done = installed.run([installed.command, "report", tmp_path / "none"], tmp_path)
    assert done.returncode == 125 and "none" in done.stderr


# ---- in a browser ----


def colour(driver, element, name):
    text = driver.execute_script(
        "return getComputedStyle(arguments[0])[arguments[1]]", element, name
    )
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


@pytest.mark.long
def test_a_browser_shows_the_chart(browse, tmp_path):
    path = tmp_path / "page.html"
    run = client("recv offset=4..: reset")
    path.write_text(made_page(run))
    driver = browse()
    driver.get(f"file://{path}")
    (fault,) = driver.find_elements("css selector", "li.fault")
    assert "ECONNRESET" in fault.text and "reset (rule 1, kernel)" in fault.text
    red, green, blue = colour(driver, fault.find_element("tag name", "b"), "color")
    assert red > 2 * max(green, blue)
    # Target on the left, peer on the right, time downwards, an arrow to where the bytes go.
    (connect,) = [
        row for row in driver.find_elements("css selector", "li") if "connect(" in row.text
    ]
    call, arrow, peer = (connect.find_element("tag name", tag) for tag in "biu")
    assert call.rect["x"] < arrow.rect["x"] < peer.rect["x"]
    assert peer.text.startswith("127.0.0.1:")
    heights = [row.rect["y"] for row in driver.find_elements("css selector", "ol.chart li")]
    assert heights == sorted(heights) and len(heights) == len(run.events)
    head = driver.execute_script(
        "return getComputedStyle(arguments[0], '::after').borderLeftWidth", arrow
    )
    assert head == "7px"
    assert "a-finding: says & more" in fault.text
    # Search, and only the faults.
    search = driver.find_element("id", "search")
    search.send_keys("recv 252")
    shown = [row for row in driver.find_elements("css selector", "li") if row.is_displayed()]
    assert [row.get_attribute("id") for row in shown] == [fault.get_attribute("id")]
    assert driver.find_element("id", "count").text == f"1 of {len(run.events)}"
    for _ in "recv 252":
        search.send_keys("\b")
    assert driver.find_element("id", "count").text == ""
    driver.find_element("id", "only").click()
    shown = [row for row in driver.find_elements("css selector", "li") if row.is_displayed()]
    assert len(shown) == 1
    assert driver.save_screenshot(str(tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.long
def test_a_phone_shows_the_chart(browse, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(made_page(client("recv offset=4..: reset")))
    driver = browse(360, 740)
    driver.get(f"file://{path}")
    width = driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360, "it has to be scrolled sideways"
    size = driver.execute_script(
        "return parseFloat(getComputedStyle(document.querySelector('li.fault b')).fontSize)"
    )
    assert size >= 11
    (fault,) = driver.find_elements("css selector", "li.fault")
    assert "reset (rule 1, kernel)" in fault.text


INTERACTIVE = """
const done = arguments[0];
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
"""


def milliseconds_to_interactive(driver, path):
    driver.get(f"file://{path}")
    return driver.execute_async_script(INTERACTIVE)


@pytest.mark.long
def test_ten_thousand_events_open_quickly(browse, tmp_path):
    run = sockfault.run(
        [PYTHON, "-c", CHATTER, "5000"], "recv family=unix nth=100../100: delay 1us"
    )
    assert len(run.events) >= 10_000
    page, table = tmp_path / "page.html", tmp_path / "table.html"
    page.write_text(report.page(run, "long", [], []))
    rows = re.findall(r"<li .*?</li>", page.read_text())
    cells = [re.findall(r"<(?:time|b|i|u)>(.*?)</", row) for row in rows]
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
    table.write_text(f"<!doctype html><meta charset=utf-8><table>{lines}</table>")
    driver = browse()
    times = {path: [] for path in (page, table)}
    for _ in range(5):
        for path, found in times.items():
            found.append(milliseconds_to_interactive(driver, path))
    chart, plain = (statistics.median(times[path]) for path in (page, table))
    print(f"chart {chart:.0f} ms, plain table {plain:.0f} ms")
    assert chart <= 3 * plain
    driver.get(f"file://{page}")
    driver.find_element("id", "search").send_keys("delay")
    count = driver.find_element("id", "count").text
    assert re.fullmatch(rf"{len(run.faults)} of {len(run.events)}", count)
