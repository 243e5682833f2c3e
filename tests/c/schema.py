# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that a schema describes every member that a report has.

usage: schema.py SCHEMA REPORT"""

import json
import sys


def unknown(schema, value, where=""):
    """Names of members of VALUE that SCHEMA does not have."""
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found = [f"{where}.{name}" for name in value.keys() - properties.keys()]
        return found + [name for key in value.keys() & properties.keys()
                        for name in unknown(properties[key], value[key], f"{where}.{key}")]
    if isinstance(value, list):
        return [name for item in value for name in unknown(schema["items"], item, where + "[]")]
    return []


def main():
    schema, report = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:3])
    found = unknown(schema, report) + list(schema["properties"].keys() - report.keys())
    if found:
        sys.exit(f"not in both: {found}")


main()
