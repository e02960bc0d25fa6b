# SPDX-License-Identifier: MIT
"""What the readers of our files take, written from what each of them publishes; problems(name,
text) says what is wrong with a file. Nothing may stand there that its reader does not know, but
where it says that it keeps what it does not know.

Gradescope    Autograder Specifications, "Output format" and "Controlling test case visibility"
classroom     autograding-grading-reporter v1: what main.js and notify-classroom.js read
Classroom 50  wiki, "The result.json contract"; what its runner checks
CTRF          schema/ctrf.schema.json, the parts that we write
JUnit         junit-10.xsd of Jenkins's xunit plugin, in our own words: tests/grading/junit.xsd
"""

import json
import pathlib

import jsonschema
import lxml.etree

HERE = pathlib.Path(__file__).resolve().parent
TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
POINTS = {"type": "number", "minimum": 0}
ANY = {"type": "object"}


def table(required, **properties):
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def rows(items, **more):
    return {"type": "array", "items": items} | more


# ---- Gradescope ----

SEEN = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORM = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE_TEST = table(
    [],
    score={"type": "number"},
    max_score={"type": "number"},
    status={"enum": ["passed", "failed"]},
    name=TEXT,
    name_format=FORM,
    number=TEXT,
    output=TEXT,
    output_format=FORM,
    tags=rows(TEXT),
    visibility=SEEN,
    extra_data=ANY,
)
LEADER = table(
    ["name", "value"],
    name=TEXT,
    value={"type": ["number", "string"]},
    order={"enum": ["asc", "desc"]},
)
GRADESCOPE = table(
    [],
    score={"type": "number"},
    execution_time={"type": "number", "minimum": 0},
    output=TEXT,
    output_format=FORM,
    test_output_format=FORM,
    test_name_format=FORM,
    visibility=SEEN,
    stdout_visibility=SEEN,
    extra_data=ANY,
    tests=rows(GRADESCOPE_TEST),
    leaderboard=rows(LEADER),
)


def gradescope(made):
    """`score` is needed, of the whole or of each test; no test has more than its most."""
    tests = made.get("tests")
    if "score" not in made and (tests is None or any("score" not in test for test in tests)):
        yield "neither the whole nor each test has a score"
    for test in tests or []:
        if "score" in test and "max_score" in test and not 0 <= test["score"] <= test["max_score"]:
            yield f"{test['score']} of {test['max_score']} points"


# ---- GitHub Classroom ----

STATUS = {"enum": ["pass", "fail", "error"]}
CLASSROOM = table(
    ["version", "status", "max_score", "tests"],
    version={"const": 1},
    status=STATUS,
    max_score=POINTS,
    tests=rows(
        table(
            ["name", "status", "score"],
            name=NAME,
            status=STATUS,
            message={"type": ["string", "null"]},
            test_code=TEXT,
            filename=TEXT,
            line_no=COUNT,
            duration=COUNT,
            score=POINTS,
        )
    ),
)


def classroom(made):
    """The reporter adds up scores, and takes the status of the whole for that of the job."""
    if sum(test["score"] for test in made["tests"]) > made["max_score"] + 1e-6:
        yield "more points than there are"
    statuses = {test["status"] for test in made["tests"]}
    worst = next((one for one in ("error", "fail") if one in statuses), "pass")
    if made["status"] != worst:
        yield f"status is {made['status']}, and a test's is {worst}"


# ---- Classroom 50 ----

CLASSROOM50 = table(
    """schema classroom assignment submission commit release review datetime score max-score
    tests""".split(),
    schema={"const": "classroom50/result/v1"},
    classroom=NAME,
    assignment=NAME,
    submission=NAME,
    commit=NAME,
    release=NAME,
    review=NAME,
    datetime={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    score=COUNT,
    tests=rows(
        # "Extra diagnostic fields on a test are preserved verbatim."
        table(
            ["test-name", "passed", "score", "max-score"], passed={"type": "boolean"}, score=COUNT
        )
        | {"additionalProperties": True}
    ),
)
CLASSROOM50["properties"]["max-score"] = COUNT
CLASSROOM50["properties"]["tests"]["items"]["properties"] |= {"test-name": NAME, "max-score": COUNT}


def classroom50(made):
    for key in ("score", "max-score"):
        if made[key] != sum(test[key] for test in made["tests"]):
            yield f"{key} is not the sum of its tests'"
    for test in made["tests"]:
        if test["score"] > test["max-score"]:
            yield f"{test['test-name']}: more points than there are"
        if type(test["score"]) is not int or type(test["max-score"]) is not int:
            yield f"{test['test-name']}: points are no whole numbers"


# ---- CTRF ----

CTRF_STATES = ("passed", "failed", "skipped", "pending", "other")
WHOLE = {"type": "integer"}
CTRF_TEST = table(
    ["name", "status", "duration"],
    name=NAME,
    status={"enum": list(CTRF_STATES)},
    duration=WHOLE,
    start=WHOLE,
    stop=WHOLE,
    suite=rows(TEXT, minItems=1),
    message=TEXT,
    trace=TEXT,
    snippet=TEXT,
    line=WHOLE,
    rawStatus=TEXT,
    tags=rows(TEXT),
    type=TEXT,
    filePath=TEXT,
    stdout=rows(TEXT),
    stderr=rows(TEXT),
    extra=ANY,
)
CTRF_SUMMARY = table(
    ["tests", *CTRF_STATES, "start", "stop"],
    **{name: WHOLE for name in ("tests", *CTRF_STATES, "start", "stop", "suites", "duration")},
    extra=ANY,
)
CTRF = table(
    ["reportFormat", "specVersion", "results"],
    reportFormat={"const": "CTRF"},
    specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    reportId={"type": "string", "format": "uuid"},
    timestamp={"type": "string", "format": "date-time"},
    generatedBy=TEXT,
    extra=ANY,
    results=table(
        ["tool", "summary", "tests"],
        tool=table(["name"], name=NAME, version=TEXT, extra=ANY),
        summary=CTRF_SUMMARY,
        tests=rows(CTRF_TEST),
        extra=ANY,
    ),
)


def ctrf(made):
    summary, tests = made["results"]["summary"], made["results"]["tests"]
    if summary["tests"] != len(tests) or summary["stop"] < summary["start"]:
        yield "the summary is not that of the tests"
    for state in CTRF_STATES:
        if summary[state] != sum(test["status"] == state for test in tests):
            yield f"the summary miscounts {state}"


# ---- JUnit ----


def junit(text):
    """By the schema; and its counts are those of its cases."""
    schema = lxml.etree.XMLSchema(lxml.etree.parse(HERE / "junit.xsd"))
    try:
        tree = lxml.etree.fromstring(text.encode())
    except lxml.etree.XMLSyntaxError as error:
        return [str(error)]
    if not schema.validate(tree):
        return [str(error) for error in schema.error_log]
    made = []
    for suite in tree.iter("testsuite"):
        kinds = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
        for name, path in (kinds | {"skipped": "testcase/skipped"}).items():
            if name in suite.attrib and int(suite.get(name)) != len(suite.findall(path)):
                made.append(f"{name} is not {len(suite.findall(path))}")
    return made


SCHEMAS = {
    "results.json": (GRADESCOPE, gradescope),
    "classroom.json": (CLASSROOM, classroom),
    "result.json": (CLASSROOM50, classroom50),
    "ctrf.json": (CTRF, ctrf),
}


def problems(name, text):
    """What is wrong with the file of this name; a list, empty if nothing is."""
    if name == "junit.xml":
        return junit(text)
    schema, check = SCHEMAS[name]

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    try:
        made = json.loads(text, parse_constant=refuse)
    except ValueError as error:
        return [str(error)]
    validator = jsonschema.Draft7Validator(schema)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(made)]
    return found or list(check(made))
