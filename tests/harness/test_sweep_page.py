# SPDX-License-Identifier: MIT
"""The page of a sweep: what stands in it, and that its links lead somewhere."""

import html
import json
import re
import subprocess

import pytest

from conftest import PYTHON, ROOT, TARGETS
from sockfault import command

SWEEP = ROOT / "harness" / "bin" / "sockfault-sweep"


@pytest.fixture(scope="module", name="folder")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    words = [PYTHON, SWEEP, "--peer", f"{TARGETS}/robust-echo-server 127.0.0.1 {{port}}"]
    words += ["--baseline", "1", "--only", "*/short 1/first", "--only", "*/reset/first"]
    words += ["--report", folder, "--", TARGETS / "naive-line-client", "127.0.0.1", "{port}", "<x>"]
    words.insert(2, "--annotations")
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    (folder / "printed").write_bytes(done.stdout)
    return folder


def page_of(folder):
    return (folder / "report.html").read_text()


def test_the_page_needs_nothing_but_itself(folder):
    page = page_of(folder)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:|//)|@import|url\(", page)
    assert "<script" not in page and 'name=viewport content="width=device-width' in page
    assert "<x>" not in page and "&lt;x&gt;" in page
    ids = re.findall(r" id=(\w+)", page)
    assert len(ids) == len(set(ids))


def test_each_failure_has_its_source_its_calls_and_its_command(folder):
    page = page_of(folder)
    failures = json.loads((folder / "results.json").read_text())["failures"]
    sections = re.findall(r"<section id=f\d+.*?</section>", page, re.S)
    assert len(sections) == len(failures) > 1
    for section, failure in zip(sections, failures):
        assert failure["finding"] in section and "<ol class=chart>" in section
        (marked,) = re.findall(r"<mark>\s*(\d+) (.*?)</mark>", section)
        assert int(marked[0]) == failure["line"]
        assert re.search(r"send\(|recv\(|connect\(", marked[1])
        assert 'class="out fault' in section or 'class="in fault' in section
        assert "<pre class=again>sockfault run" in section


def test_each_failure_has_a_wrong_and_a_right_program_as_explain_has_them(folder):
    """Those that tests/findings compiles and runs."""
    known = {row["finding"]: row for row in command.listing("findings")}
    sections = re.findall(r"<section id=f\d+.*?</section>", page_of(folder), re.S)
    failures = json.loads((folder / "results.json").read_text())["failures"]
    for section, failure in zip(sections, failures, strict=True):
        row = known[failure["finding"]]
        for kind in ("wrong", "right"):
            (code,) = re.findall(rf"<pre class={kind}>(.*?)</pre>", section, re.S)
            assert html.unescape(code) == row[kind].rstrip()
        assert row["explain"].partition("\n")[0] in html.unescape(section)


def test_the_table_says_of_each_call_site_and_fault_what_came_of_it(folder):
    page = page_of(folder)
    coverage = json.loads((folder / "results.json").read_text())["coverage"]
    table = re.search(r"<table class=sweep>.*?</table>", page, re.S).group(0)
    assert table.count("<tr>") == len(coverage) + 1
    for row in coverage:
        assert row["function"] == "main" and row["file"].endswith("naive-line-client.c")
        assert f"naive-line-client.c:{row['line']}" in table
    outcomes = [one for row in coverage for one in row["faults"].values()]
    assert table.count("<td class=found") == outcomes.count("found") > 0
    targets = set(re.findall(r"<section id=(\w+)", page))
    links = re.findall(r"<a href=#(\w+)>", table)
    assert links and set(links) <= targets


def test_annotations_stand_at_the_lines_of_failures(folder):
    printed = (folder / "printed").read_text()
    for failure in json.loads((folder / "results.json").read_text())["failures"]:
        kind = {"advice": "notice"}.get(failure["severity"], failure["severity"])
        assert f"::{kind} file={failure['file']},line={failure['line']}," in printed


@pytest.mark.long
def test_a_browser_leads_from_a_cell_to_its_failure_on_a_phone_too(folder, browse):
    for width in (1000, 380):
        driver = browse(width)
        driver.get(f"file://{folder}/report.html")
        across = driver.execute_script("return document.documentElement.scrollWidth")
        assert across <= width  # the table scrolls by itself
        link = driver.find_element("css selector", "td.found a")
        driver.execute_script("arguments[0].click()", link)
        target = driver.find_element("css selector", "section:target")
        assert target.get_attribute("id") == link.get_attribute("href").partition("#")[2]
        top = driver.execute_script("return arguments[0].getBoundingClientRect().top", target)
        assert 0 <= top < 900
        site = driver.find_element("css selector", "table.sweep tbody th")
        assert site.rect["width"] >= 100
        target.find_element("tag name", "summary").click()
        assert target.find_element("css selector", "li.fault").is_displayed()
