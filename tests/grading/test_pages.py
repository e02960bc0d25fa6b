# SPDX-License-Identifier: MIT
"""What people read of a grading: the student's page and Markdown, the instructor's, that of the
class. What they say, that a stranger's text does nothing in them, and that a browser shows them."""

import html.parser
import json
import re
import urllib.parse

import made
import pytest

from sockfault import classpage, feedback, graded
from sockfault.gradewords import cut, excerpt, sentence
from sockfault.text import one_line, plain

SUBMISSIONS = {
    "ordinary": made.submission,
    "hidden": made.with_hidden,
    "hostile": made.hostile,
    "unbuilt": made.unbuilt,
    "without tests": lambda: made.submission(verdicts=[]),
}
PAGES = {
    f"{kind}: {name}": (make, submission)
    for kind, submission in SUBMISSIONS.items()
    for name, make in feedback.FILES.items()
    if name.endswith(".html")
}


def a_class():
    return [*made.a_class(), made.unbuilt(), made.hostile()]


def page(name):
    if name == "class":
        return classpage.page(a_class(), ["zoe", "<b>zoe"])
    make, submission = PAGES[name]
    return make(submission(), "visible")


ALL_PAGES = [*PAGES, "class"]


class Outline(html.parser.HTMLParser):
    """The elements of a page, its headings, links and ids; what is open at its end."""

    VOID = {"meta", "br", "rect", "line"}
    MAY_STAY_OPEN = {"li"}

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.headings, self.ids, self.links = [], [], [], [], []
        self.open, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if "id" in values:
            self.ids.append(values["id"])
        self.links += [values[key] for key in ("href", "src", "action", "data") if key in values]
        if tag not in self.VOID | self.MAY_STAY_OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID | self.MAY_STAY_OPEN:
            assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)


ELEMENTS = set(
    """a b body code desc details div em g h1 h2 h3 head html i li line main mark meta ol p
    pre rect section small span style summary svg table tbody td text th thead time title tr u
    ul""".split()
)


@pytest.mark.parametrize("name", ALL_PAGES)
def test_a_page_is_whole_and_has_nothing_of_a_stranger_but_text(name):
    text = page(name)
    outline = Outline(text)
    assert outline.open == []
    assert set(outline.tags) <= ELEMENTS
    assert not [one for one in outline.attributes if one.startswith("on") or one == "srcdoc"]
    assert plain(text) == text
    assert len(text) < 100_000
    # Nothing is run, nothing is fetched: not even if something got through.
    assert "script" not in outline.tags and "default-src 'none'" in text
    for link in outline.links:
        assert re.fullmatch(r"#t\d+|gradebook\.csv|\./[\w.%~-]+/instructor\.html", link), link
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)
    assert len(set(outline.ids)) == len(outline.ids)


@pytest.mark.parametrize("name", ALL_PAGES)
def test_headings_lead_through_a_page(name):
    outline = Outline(page(name))
    assert outline.headings[0] == 1 and outline.headings.count(1) == 1
    steps = zip(outline.headings, outline.headings[1:])
    assert all(after <= before + 1 for before, after in steps)
    if "svg" in outline.tags:  # with a name and a description
        assert {"h-t", "h-d"} <= set(outline.ids)


def test_a_students_page_has_all_that_was_lost_with_its_reason():
    text = feedback.page(made.submission())
    seen = Outline(text).text
    assert "7.5 of 20 points" in seen and "1 of 4 points" in seen
    assert "send() took 2 of 6 bytes; the other 4 were never sent" in seen
    assert "client.c:18 in main()" in seen and "\u22123 points" in seen
    assert "<mark><span>   18</span>     send(fd, line, strlen(line), 0);</mark>" in text
    assert "Go on with the rest" in seen and made.REPEAT in seen
    assert "this mistake has cost its points in \u201ccopes with short sends\u201d" in seen
    assert "The program printed something else" in seen and "-hello\n+h" in seen
    assert "read() is allowed to give less" in seen
    assert "says nothing about it" in seen and "never happened: recv nth=9" in seen
    # Both sides of the run, and nothing of the box around it.
    assert text.count('<li class="out fault">') == 2 and "gets b'he'" in seen
    assert "prlimit" not in seen and "started client" in seen
    assert "bubblewrap" not in seen


@pytest.mark.parametrize("name", ["feedback.html", "feedback.md"])
def test_a_student_is_told_nothing_of_a_hidden_test(name):
    make = feedback.FILES[name]
    text = make(made.with_hidden(), "visible")
    assert "SECRET" not in text and "Hidden test" not in text
    assert "4 of 4 points in the tests that are shown here" in text
    assert "3 tests more count, and are not shown here." in text
    assert "this mistake has cost its points in a test that is not shown" in text
    later = make(made.with_hidden(), "after_published")
    assert "SECRET until due" in later and "SECRET until published" in later
    assert "SECRET test" not in later and "One test more counts, and is not shown here." in later
    everything = make(made.with_hidden(), "hidden")
    assert "SECRET test" in everything and "9.5 of 14 points" in everything


def test_an_instructor_sees_all_tests_and_how_programs_were_kept_apart():
    seen = Outline(feedback.instructor_page(made.with_hidden())).text
    assert "SECRET source" in seen and "after due date" in seen and "9.5 of 14 points" in seen
    assert "Isolation: bubblewrap" in seen and "Needs a look" in seen


def test_what_could_not_be_built_says_why():
    for make in (feedback.page, feedback.markdown):
        text = make(made.unbuilt())
        assert "expected ';' " in text.replace("&#x27;", "'") and "0 of 8 points" in text


def test_a_page_is_the_same_from_what_was_kept():
    for submission in SUBMISSIONS.values():
        first = submission()
        kept = graded.restored(json.loads(first.as_json("key"))["graded"])
        for make in feedback.FILES.values():
            assert make(kept, "visible") == make(first, "visible")


# ---- Markdown ----


def outside_of_code(text):
    """Markdown without its blocks and spans of code; blocks are closed."""
    fence, rest = None, []
    for line in text.splitlines():
        ticks = re.match("`{3,}", line)
        if fence is None and ticks:
            fence = ticks[0]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None:
            rest.append(line)
    assert fence is None, "a block of code is not closed"
    return re.sub(r"(?<!`)(`+)(?!`).*?[^`]\1(?!`)", "", "\n".join(rest))


def test_markdown_has_the_source_the_chart_and_the_command():
    text = feedback.markdown(made.submission())
    assert "| copes with short sends | 1 of 4 | partly passed |" in text
    assert "### short-send-dropped at `client.c:18 in main()` (\u22123 points)" in text
    assert ">   18 |     send(fd, line, strlen(line), 0);" in text
    assert f"```sh\n{made.REPEAT}\n```" in text
    row, _ = [line for line in text.splitlines() if line.startswith(">>>  0.0015")]
    assert re.fullmatch(
        r">>>  0\.001500  send\(3 #1, 6\) = 2  +--> 2 bytes  +short 2 \(rule 1, posix\)", row
    )
    assert "\n       at client.c:18, main()\n" in text and "prlimit" not in text


def test_nothing_in_markdown_is_mark_up_of_a_stranger():
    text = feedback.markdown(made.hostile())
    rest = outside_of_code(text).replace("read <b>this</b>", "")  # the instructor's own Markdown
    assert "<" not in rest and "@everyone" not in rest
    assert not re.search(r"(?<!\\)\[x\]\(", rest) and not re.search(r"(?<!\\)\*bold", rest)
    assert [line for line in rest.splitlines() if line.startswith("# ")] == rest.splitlines()[:1]
    assert plain(text) == text and len(text) < 50_000


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a_b*c", r"a\_b\*c"),
        ("# head", r"\# head"),
        ("12. item", r"12\. item"),
        ("- item", r"\- item"),
        ("<b>&", "&lt;b>&amp;"),
        ("@ada and a@b", "@\u200bada and a@\u200bb"),
        ("a\n\n# b", "a # b"),
        ("short-send-dropped: send()", "short-send-dropped: send()"),
    ],
)
def test_text_in_markdown_stands_for_itself(text, shown):
    assert feedback._md(text) == shown


# ---- words ----


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\nb"),
        ("\x1b[31m\x00\x7f\x9b", r"\x1b[31m\x00\x7f\x9b"),
        ("\u202ecod.exe\u2066", r"\u202ecod.exe\u2066"),
        ("\udcff\ud800\ufeff\u2028", r"\xff\ud800\ufeff\u2028"),
        ("\u00e4\u20ac\U0001f600", "\u00e4\u20ac\U0001f600"),
    ],
)
def test_what_would_do_something_to_its_reader_is_shown(text, shown):
    assert plain(text) == shown
    plain(text).encode()


def test_short_words():
    assert one_line(" a\n\tb ") == "a b"
    assert cut("abc", 3) == "abc" and cut("abcd", 3) == "abc ... (1 characters more)"
    assert sentence("the program, ended") == "The program, ended"
    assert sentence("send() took 2 of 6") == "send() took 2 of 6"
    assert sentence("") == ""
    (line,) = excerpt(made.loss(excerpt=[(18, "\tx" + "y" * 1000)]))
    assert line[1].startswith("    xy") and len(line[1]) < 300 and line[2]


# ---- the class ----


@pytest.mark.parametrize(
    "points, of, edges, counts",
    [
        ([0, 1, 2, 20], 20, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
        ([0, 1, 2, 2], 2, [0, 1], [1, 3]),
        (
            [0.5, 1],
            1,
            [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
            [0] * 5 + [1] + [0] * 3 + [1],
        ),
        ([25, 26, 27], 27, [0, 3, 6, 9, 12, 15, 18, 21, 24], [0] * 8 + [3]),
        ([0, 101], 100, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90], [1] + [0] * 8 + [1]),
        ([0], 0, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9][:1], [1]),
    ],
)
def test_the_histogram_counts_each_submission_once(points, of, edges, counts):
    found = classpage.bins(points, of)
    assert [one.low for one in found] == edges
    assert [one.count for one in found] == counts
    assert [one.high for one in found[:-1]] == edges[1:] and found[-1].high == of


def test_the_class_page_counts_and_leads_to_the_students():
    everybody = a_class()
    text = classpage.page(everybody, ["zoe"])
    outline = Outline(text)
    seen = outline.text
    mean = sum(one.points for one in everybody) / len(everybody)
    assert f"{round(mean, 1):g} of 20 points on average" in seen
    assert f"{len(everybody)} submissions graded, 1 not graded" in seen
    # The most common mistake first, with whose it is.
    by_name = classpage.common(everybody)
    counts = [len(one.names) for _, one in by_name]
    assert counts == sorted(counts, reverse=True) and by_name[0][0] == "short-send-dropped"
    whose = [
        one.name
        for one in everybody
        if any(x.finding == "short-send-dropped" for v in one.verdicts for x in v.losses)
    ]
    assert by_name[0][1].names == whose
    assert seen.index("short-send-dropped") < seen.index(by_name[1][0])
    # Each submission is linked, whatever its name.
    folders = {urllib.parse.unquote(link, errors="surrogateescape") for link in outline.links}
    for one in everybody:
        assert f"./{one.name}/instructor.html" in folders
    # Who needs a look, and why.
    assert "bob: the build (make) ended with status 2" in " ".join(seen.split())
    assert re.search(r"zoe: was not graded", seen)


def test_the_class_page_has_the_pass_rate_of_each_test():
    everybody = made.a_class(20)
    seen = " ".join(Outline(classpage.page(everybody)).text.split())
    for at, name in enumerate(made.TESTS):
        passed = sum(one.verdicts[at].state == "passed" for one in everybody)
        mean = sum(one.verdicts[at].points for one in everybody) / 20
        assert f"{name} {100 * passed / 20:.0f} % {round(mean, 1):g} of 4" in seen.replace(
            "\xa0", " "
        )


def test_a_class_of_nobody_has_a_page():
    assert "No submission was graded" in classpage.page([])
    text = classpage.page([], ["<zoe>"])
    assert "&lt;zoe&gt;" in text and Outline(text).open == []
    alone = classpage.page([made.submission(verdicts=[])])
    assert Outline(alone).open == []


# ---- in a browser ----

WRONG_CONTRAST = """
const found = [];
const linear = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const channel = (c) => linear(c / 255);
const parts = (text) => text.match(/[\\d.]+/g).map(Number);
const bright = (c) => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const at = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || at.closest("style, title, desc")) continue;
  const style = getComputedStyle(at);
  const ink = parts(at.closest("svg") ? style.fill : style.color);
  let ground = at;
  const under = (one) => parts(getComputedStyle(one).backgroundColor);
  while (ground && under(ground)[3] === 0) ground = ground.parentElement;
  const paper = ground ? under(ground) : [255, 255, 255];
  const [low, high] = [bright(ink), bright(paper)].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  const what = `${at.tagName}: ${walker.currentNode.textContent.slice(0, 40)}`;
  if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${what}`);
}
return [...new Set(found)];
"""


@pytest.mark.long
@pytest.mark.parametrize("width, dark", [(1000, False), (1000, True), (360, False), (360, True)])
def test_a_browser_shows_each_page_readably_and_asks_nobody(browse, tmp_path, width, dark):
    driver = browse(width, dark=dark)
    for name in ALL_PAGES:
        path = tmp_path / "page.html"
        path.write_text(page(name))
        driver.get(f"file://{path}")
        script = driver.execute_script
        script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert script("return document.documentElement.scrollWidth") <= width, name
        assert script("return performance.getEntriesByType('resource').length") == 0, name
        assert script("return document.scripts.length + document.images.length") == 0, name
        assert script(WRONG_CONTRAST) == [], name
        ground = script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == dark
        smallest = """return Math.min(...[...document.querySelectorAll("p, td, th, li, pre, h3 *")]
            .filter((one) => one.textContent.trim())
            .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
        assert script(smallest) >= 11, name
        said = [one for one in driver.get_log("browser") if "favicon" not in one["message"]]
        assert said == [], name


@pytest.mark.long
def test_a_browser_leads_from_the_overview_to_a_test_and_shows_its_chart(browse, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(feedback.page(made.submission()))
    driver = browse()
    driver.get(f"file://{path}")
    link = driver.find_element("link text", "copes with short receives")
    link.click()
    target = driver.find_element("css selector", "section:target")
    assert "The program printed something else" in target.text
    (fault,) = target.find_elements("css selector", "li.fault")
    assert fault.is_displayed() and "short 2 (rule 1, posix)" in fault.text
    call, arrow, peer = (fault.find_element("tag name", tag) for tag in "biu")
    assert call.rect["x"] < arrow.rect["x"] < peer.rect["x"]
    # A long chart waits to be opened.
    long = driver.find_elements("css selector", "section details")[-1]
    is_seen = "return arguments[0].querySelector('li').checkVisibility()"
    assert not driver.execute_script(is_seen, long)
    long.find_element("tag name", "summary").click()
    assert driver.execute_script(is_seen, long)


@pytest.mark.long
def test_a_browser_draws_the_histogram(browse, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page("class"))
    driver = browse()
    driver.get(f"file://{path}")
    bars = driver.find_elements("css selector", "svg rect")
    counts = [one.count for one in classpage.bins([one.points for one in a_class()], 20)]
    heights = [bar.rect["height"] for bar in bars]
    assert len(bars) == len(counts) == 10
    scale = max(heights) / max(counts)
    assert all(abs(tall - scale * count) < 2 for tall, count in zip(heights, counts))
    image = driver.find_element("css selector", "svg")
    assert image.accessible_name == "Submissions by their points"
