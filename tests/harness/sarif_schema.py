# SPDX-License-Identifier: MIT
"""What SARIF 2.1.0 (OASIS standard, sections 3.13 to 3.30) asks of the parts that we write.

Nothing else may stand there: `additionalProperties` is false at each level, as in the standard's
own schema.
"""


def table(required, **properties):
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


TEXT = {"type": "string"}
BAG = {"type": "object"}  # section 3.8: a property bag takes any property
MESSAGE = table(["text"], text=TEXT)
RULE = table(["id"], id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE)
DRIVER = table(["name"], name=TEXT, version=TEXT, rules={"type": "array", "items": RULE})
REGION = table([], startLine={"type": "integer", "minimum": 1})
ARTIFACT = table([], uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT)
PHYSICAL = table(["artifactLocation"], artifactLocation=ARTIFACT, region=REGION)
LOGICAL = table([], name=TEXT, kind=TEXT, fullyQualifiedName=TEXT)
LOCATION = table(
    [], physicalLocation=PHYSICAL, logicalLocations={"type": "array", "items": LOGICAL}
)
RESULT = table(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties=BAG,
)
RUN = table(
    ["tool"],
    tool=table(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": ["array", "null"], "items": RESULT},
)
SCHEMA = table(
    ["version", "runs"],
    version={"enum": ["2.1.0"]},
    runs={"type": ["array", "null"], "items": RUN},
) | {"$schema": "http://json-schema.org/draft-07/schema#"}
SCHEMA["properties"]["$schema"] = {"type": "string", "format": "uri"}
