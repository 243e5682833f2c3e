# SPDX-License-Identifier: GPL-3.0-or-later
"""Each key of a configuration with values of right and wrong forms."""

import json

from . import pack

# Forms of JSON by the kind of a key: some that the kind has, and some that it
# has not.
KINDS = {
    "text": ['"x"', "null", "1", '["x"]', "{}", "false"],
    "flag": ["false", "null", '"true"', "1"],
    "number": ["1", "-1", "null", "1.5", "1e3", '"1"', "9223372036854775808"],
    "list": ['["x"]', "[null]", "null", '"x"', "[1]", "{}"],
    "set": ['{"1/tcp":{}}', '{"1/tcp":null}', '["1/tcp"]', '{"1/tcp":1}', '"1/tcp"'],
    "map": ['{"x":"y"}', '{"x":null}', '{"x":1}', '["x"]'],
    "object": ["{}", "null", "[]", '"x"', "1"],
    "objects": ["[{}]", "[null]", "null", "{}", '"x"'],
    "any": ["null", "1", '"x"', '[1]', '{"x":[]}'],
    "time": ['"2020-01-01T00:00:00Z"', '"2020-01-01T00:00:00.123456789Z"', "null",
             '"2020-01-01T00:00:00+02:00"', '"0001-01-01T00:00:00Z"', '""', "1",
             '"2020-01-01T00:00:00"', '"2020-01-01"', '"2020-01-01t00:00:00z"',
             '"2020-02-30T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"2020-01-01T23:59:60Z"'],
}
KEYS = {
    "text": ["variant", "os.version", "author", "id", "parent", "comment", "container",
             "docker_version", "history/author", "history/created_by", "history/comment",
             "config/Hostname", "config/Domainname", "config/User", "config/Image",
             "config/WorkingDir", "config/MacAddress", "config/StopSignal",
             "container_config/User"],
    "flag": ["history/empty_layer", "config/AttachStdin", "config/AttachStdout",
             "config/AttachStderr", "config/Tty", "config/OpenStdin", "config/StdinOnce",
             "config/ArgsEscaped", "config/NetworkDisabled"],
    "number": ["Size", "config/StopTimeout", "config/Healthcheck/Interval",
               "config/Healthcheck/Timeout", "config/Healthcheck/StartPeriod",
               "config/Healthcheck/StartInterval", "config/Healthcheck/Retries"],
    "list": ["os.features", "config/Env", "config/Cmd", "config/Entrypoint", "config/OnBuild",
             "config/Shell", "config/Healthcheck/Test"],
    "set": ["config/ExposedPorts", "config/Volumes"],
    "map": ["config/Labels"],
    "object": ["config", "container_config", "config/Healthcheck"],
    "objects": ["history"],
    "any": ["unknown", "rootfs/unknown", "history/unknown", "config/Unknown", "config/Memory",
            "config/Cpuset", "config/PublishService", "moby.buildkit.cache.v0"],
    "time": ["created", "history/created"],
}


def document(key, value, layers):
    """A configuration in which KEY has VALUE, JSON as it is written."""
    parsed = pack.config(layers, created="2020-01-01T00:00:00Z")
    place = parsed
    *parents, last = key.split("/")
    for parent in parents:
        place = place["history"][0] if parent == "history" else place.setdefault(parent, {})
    place[last] = "@@"
    return json.dumps(parsed).replace('"@@"', value)


def with_value(key, value):
    def make(name):
        layers = [pack.small()]
        return {"form": "docker",
                "data": pack.docker(name, layers, document=document(key, value, layers))}
    return make


ROWS = [(f"{key.replace('/', '.')}-{number}", with_value(key, value), {"file": "file content"})
        for kind, keys in KEYS.items() for key in keys
        for number, value in enumerate(KINDS[kind])]
