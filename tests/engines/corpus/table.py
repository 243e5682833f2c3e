# SPDX-License-Identifier: GPL-3.0-or-later
"""All cases of the corpus, as files."""

from . import archives, documents, files, keys, members, pack, streams, tars
from .case import Case

# Those who are asked of an archive without manifest.json.  Docker's classic
# store takes none.
OCI = ["d28c", "podman", "umoci"]
DOCKER = ["d20", "d28", "podman"]


def layered(make):
    """A maker of a docker-archive from layers, lists of members or bytes."""
    def pack_it(name):
        layers = [each if isinstance(each, bytes) else tars.archive(*each) for each in make()]
        return {"form": "docker", "data": pack.docker(name, layers)}
    return pack_it


def rows():
    for group, module in (("files", files), ("members", members)):
        for name, make, meant in module.CASES:
            yield group, name, layered(make), meant
    for group, module in (("streams", streams), ("archives", archives),
                          ("documents", documents), ("keys", keys)):
        for name, make, meant in module.ROWS:
            yield group, name, make, meant


def asked(group, name, form):
    """The judges of a case."""
    if form == "oci":
        return OCI
    # Both of Docker's stores read layers' headers by the same code, and containerd's
    # reads few keys of a configuration.  Docker reads zstd since version 23.
    docker = DOCKER if group in ("members", "keys") else DOCKER + ["d28c"]
    return docker[1:] if "zstd" in name else docker


def is_extracted(case):
    """True where the root file system tells more than that the engine takes the
    image: a layer that is taken has its diff ID."""
    return case.group in ("files", "members", "documents") or (
        case.group == "archives" and case.meant is not None)


def write(directory):
    """Write all images to files in DIRECTORY; return the cases."""
    cases = []
    for number, (group, name, make, meant) in enumerate(rows()):
        # The layers' content is no other case's, so that each is read, but where
        # only the configuration matters.
        tars.mtime = 1 if group == "keys" else 1000 + number
        made = make(name)
        made.setdefault("judges", asked(group, name, made["form"]))
        case = Case(group, name, meant, **made)
        case.file = directory / f"{number}-{group}.tar"
        case.file.write_bytes(case.data)
        case.data = None
        case.extract = is_extracted(case)
        cases.append(case)
    return cases
