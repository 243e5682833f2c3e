# SPDX-License-Identifier: GPL-3.0-or-later
"""A case of the corpus: an image, and what is known of it beforehand."""

# What no root file system can hold, so that files are lost whoever extracts them.
LOST = object()


class Case:
    """FORM says which documents the archive has: "docker" (manifest.json), "oci"
    (index.json) or "both".  MEANT is a listing as in tree.py, LOST or None.  JUDGES
    are the ids of those who are asked, CHOOSE is true where podman has to be told
    which of several images is meant, COMMIT where another image is made on top of it."""

    def __init__(self, group, name, meant, form, data, judges, choose=False, commit=False):
        self.group, self.name, self.meant = group, name, meant
        self.id = f"{group}/{name}"
        self.form, self.data, self.judges = form, data, judges
        self.choose, self.commit = choose, commit
        self.counted = isinstance(meant, dict) and "(images)" in meant
        self.file = None
        self.extract = True
