# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines as judges: each loads an image and shows its root file system.

Docker and podman are asked over their sockets, since a program for each of a
thousand questions takes longer than the answers.  A judge's load raises Refused
where the engine does not take the image; its tree returns the files of the
image loaded last, as in tree.py."""

import contextlib
import http.client
import io
import json
import pathlib
import re
import shutil
import socket
import tarfile

import engines
from place import CommandFailed, machine, sid

from . import tree


class Refused(Exception):
    """The engine does not take the image; the text is the engine's reason."""


class Connection(http.client.HTTPConnection):
    """A connection to a socket of the file system."""

    def __init__(self, file):
        super().__init__("localhost", timeout=600)
        self.file = str(file)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(600)
        self.sock.connect(self.file)


# What podman says of the format that an archive has not.
NO_SUCH_FORMAT = re.compile("index.json: no such file or directory"
                            "|loading tar component .?manifest.json.?: file does not exist")


def message(content):
    """The reason in an answer; of podman's, which tries all formats, those of archives."""
    try:
        parsed = json.loads(content)
        text = parsed.get("message") or parsed.get("cause") or str(parsed)
    except ValueError:
        text = content.decode("utf-8", "replace")
    tried = [line for line in text.split("\n * ")
             if line.startswith(("docker-archive:", "oci-archive:"))
             and not NO_SUCH_FORMAT.search(line)]
    return " | ".join(tried) or text


class Daemon:
    """A daemon with Docker's interface."""

    prefix = ""
    unpacks_late = False        # the layers are read when there is a container

    def ask(self, method, path, body=None, content_type="application/json"):
        connection = Connection(self.engine.home / "sock")
        try:
            connection.request(method, self.prefix + path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"no answer: {error!r}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(message(content))
        return content

    def load(self, case):
        with open(case.file, "rb") as body:
            names = self.send(case, body)
        self.count = len(set(names))
        own = [name for name in names if name.endswith(f"corpus:{case.name}")]
        self.image = (own or names or [None])[0]
        if self.unpacks_late:
            with self.container():
                pass

    def tree(self):
        # Of an image without a name podman does not tell the ID.
        if self.image is None:
            return None
        with self.container() as container:
            archive = self.ask("GET", f"/containers/{container}/export")
        return tree.of_archive(io.BytesIO(archive))

    @contextlib.contextmanager
    def container(self):
        """A container of the image, which never runs."""
        created = self.ask("POST", "/containers/create", json.dumps(
            {"Image": self.image, "Cmd": ["/x"], "HostConfig": {"NetworkMode": "none"}}))
        container = json.loads(created)["Id"]
        try:
            yield container
        finally:
            self.ask("DELETE", f"/containers/{container}?force=1")

    def commit(self):
        """Make an image on top of the one loaded."""
        with self.container() as container:
            self.ask("POST", f"/commit?container={container}", "{}")


class DockerJudge(Daemon):
    def __init__(self, id_, place, name, **options):
        self.id, self.engine = id_, engines.Docker(place, name, **options)
        self.unpacks_late = self.engine.containerd_store

    def start(self):
        self.engine.start()

    def stop(self):
        self.engine.stop()

    def send(self, case, body):
        answer = self.ask("POST", "/images/load?quiet=1", body, "application/x-tar")
        names = []
        for line in map(json.loads, answer.decode("utf-8", "replace").splitlines()):
            if "error" in line:
                raise Refused(line["error"])
            if line.get("stream", "").startswith("Loaded image"):
                names.append(line["stream"].partition(": ")[2].strip())
        if not names:
            raise Refused("nothing is loaded")
        return names

    def prune(self):
        self.ask("POST", "/images/prune")


class PodmanJudge(Daemon):
    prefix = "/v4.0.0"

    def __init__(self, id_, place, name):
        self.id, self.engine = id_, engines.Podman(place, name)

    def start(self):
        engine = self.engine
        engine.start()
        self.daemon = engine.place.spawn(
            engine.home / "log", *engine.command("system", "service", "--time=0"),
            f"unix://{engine.home}/sock")

        def answers():
            try:
                self.ask("GET", "/version")
            except Refused as refused:
                raise CommandFailed(str(refused)) from refused
        engines.wait_for(answers)

    def stop(self):
        engines.stop_daemon(self.daemon)

    def send(self, case, body):
        if case.choose:
            # load wants to be told which of several, and cannot be.
            try:
                image = self.engine.podman("pull", f"oci-archive:{case.file}:{case.name}").strip()
            except CommandFailed as failure:
                raise Refused(str(failure)) from failure
            return [image]
        answer = self.ask("POST", "/libpod/images/load", body, "application/x-tar")
        return json.loads(answer)["Names"] or []

    def prune(self):
        self.ask("POST", "/libpod/images/prune")


class UmociJudge:
    """umoci, for images in OCI's form."""

    count = 1

    def __init__(self, id_, place, name):
        self.id, self.place = id_, place
        self.home = pathlib.Path("/mnt/e", name)

    def start(self):
        self.home.mkdir()

    def stop(self):
        """Nothing runs."""

    def load(self, case):
        shutil.rmtree(self.home)
        layout = self.home / "layout"
        layout.mkdir(parents=True)
        with tarfile.open(case.file) as archive:
            archive.extractall(layout, filter="data")
        try:
            self.place.run("umoci", "unpack", "--image", f"{layout}:{case.name}",
                           self.home / "bundle")
        except CommandFailed as failure:
            raise Refused(str(failure)) from failure

    def tree(self):
        return tree.of_directory(self.home / "bundle/rootfs")

    def prune(self):
        """Nothing is kept."""


def judges(turn):
    """The judges, the slowest first; what they keep is of this TURN alone."""
    return [DockerJudge("d20", machine, f"judge{turn}"), PodmanJudge("podman", sid, f"pjudge{turn}"),
            DockerJudge("d28", sid, f"judge{turn}"),
            DockerJudge("d28c", sid, f"judgec{turn}", containerd_store=True),
            UmociJudge("umoci", sid, f"umoci{turn}")]
