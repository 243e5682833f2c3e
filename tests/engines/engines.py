# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines: how each loads an image, names it, runs a command in it and
forgets it again.

load raises CommandFailed where the engine refuses the image.  identity
returns the image's ID and diff IDs as the engine gives them, None for what it
does not tell.  Some can more: names returns those of all images; run_as runs a
script as a user; history returns the comments on the layers, newest first;
build_upon makes an image upon the one loaded and returns what it prints; pull
gets an image from a registry."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from place import CommandFailed, machine, sid

REFERENCE = "engines-test:latest"       # what images.scm calls the images
REFERENCE_IN_FULL = "docker.io/library/" + REFERENCE
CGROUP = "/" + os.environ["CGROUP"]
# Their defaults are above what this process may be allowed.
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]


def wait_for(what, seconds=300):
    """Call WHAT until it no longer fails."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return what()
        except (CommandFailed, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def stop_daemon(daemon):
    if daemon and daemon.poll() is None:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


class Engine:
    runs = True                 # whether it runs commands at all
    stream_compressors = ("none", "gzip", "zstd")       # those it can read
    shows_owners = True         # whether users in a container are the image's
    checks_layers = True        # whether it compares layers with their digests
    daemon = None

    def __init__(self, place, name, package, title=None):
        self.place, self.package = place, package
        self.id = f"{place.name}/{name}"
        self.title = title or name
        # Short: a socket's file name ends at 108 bytes.
        self.home = pathlib.Path("/mnt/e", place.name[0] + name)

    def start(self):
        self.home.mkdir()
        self.version = self.place.version(self.package)

    def run_script(self, script):
        """Run a script without arguments."""
        return self.run(script)

    def stop(self):
        stop_daemon(self.daemon)

    def wipe(self):
        """Forget the image loaded, layers included."""


class Docker(Engine):
    def __init__(self, place, name, title=None, containerd_store=False):
        super().__init__(place, name, "docker.io", title)
        self.containerd_store = containerd_store

    def docker(self, *arguments, **keywords):
        return self.place.run("docker", "-H", f"unix://{self.home}/sock", *arguments,
                              **keywords)

    def start(self):
        super().start()
        config = self.home / "daemon.json"
        config.write_text(json.dumps(
            {"features": {"containerd-snapshotter": True}} if self.containerd_store else {}))
        self.daemon = self.place.spawn(
            self.home / "log", "dockerd", "--config-file", config,
            "--data-root", self.home / "data", "--exec-root", self.home / "exec",
            "-p", self.home / "pid", "-H", f"unix://{self.home}/sock",
            "--cgroup-parent", CGROUP, "--bridge=none", "--iptables=false",
            "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
            "--userland-proxy=false")
        wait_for(lambda: self.docker("version"))

    def load(self, file):
        # With containerd's store, 28.5 reports an error and exits with 0.
        output = self.docker("load", "-i", file, merge=True)
        if "Loaded image" not in output or "rror" in output:
            raise CommandFailed(output)

    def load_stream(self, producer):
        output = self.place.feed(producer, "docker", "-H", f"unix://{self.home}/sock", "load")
        if "Loaded image" not in output or "rror" in output:
            raise CommandFailed(output)

    def save(self, file):
        self.docker("save", "-o", file, REFERENCE)

    def configuration(self):
        image = json.loads(self.docker("image", "inspect", REFERENCE))[0]
        return image["Config"], image["Author"]

    def pull(self, reference):
        self.docker("pull", reference)

    def identity(self, reference=REFERENCE):
        image = json.loads(self.docker("image", "inspect", reference))[0]
        identity = image["Id"]
        if self.containerd_store:       # it gives the manifest's digest
            manifest = json.loads(self.place.run(
                "ctr", "-a", self.home / "exec/containerd/containerd.sock", "-n", "moby",
                "content", "get", identity))
            identity = manifest["config"]["digest"]
        return identity, image["RootFS"]["Layers"]

    def names(self):
        return self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()

    def run(self, script, *arguments, reference=REFERENCE):
        return self.output_of(reference, script, *arguments)

    def run_default(self):
        return self.output_of(REFERENCE)

    def run_as(self, user, script):
        return self.output_of("--user", user, REFERENCE, script)

    def output_of(self, *words):
        """What a container prints."""
        for _ in range(5):
            output = self.docker("run", "--rm", "--network=none", *words)
            # Of a process that ends at once Docker sometimes passes on nothing,
            # where the machine is busy.
            if output:
                break
        return output

    def history(self):
        lines = self.docker("history", "--no-trunc", "--format", "{{json .}}", REFERENCE)
        return [line["Comment"] for line in map(json.loads, lines.splitlines())]

    def build_upon(self):
        """Commit a container of the image; return what the new one prints."""
        container = self.docker("create", "--network=none", REFERENCE, "x").strip()
        try:
            self.docker("cp", "/mnt/images/db.sqlite", f"{container}:/added")
            self.docker("commit", container, "derived:latest")
        finally:
            self.docker("rm", "-f", container)
        try:
            return self.run("cat /added", reference="derived:latest")
        finally:
            self.docker("rmi", "-f", "derived:latest")      # before its parent

    def wipe(self):
        images = self.docker("images", "-aq").split()
        if images:
            self.docker("rmi", "-f", *set(images))


class Podman(Engine):
    def __init__(self, place, name):
        super().__init__(place, name, "podman")

    def command(self, *arguments):
        return ("podman", "--root", self.home / "root", "--runroot", self.home / "run",
                "--tmpdir", self.home / "tmp", "--cgroup-manager=cgroupfs",
                "--events-backend=none", "--runtime=runc", *arguments)

    def podman(self, *arguments):
        return self.place.run(*self.command(*arguments))

    def load_stream(self, producer):
        self.place.feed(producer, *self.command("load"))

    def configuration(self):
        image = json.loads(self.podman("image", "inspect", "localhost/" + REFERENCE))[0]
        config = dict(image["Config"])
        config.setdefault("Healthcheck", image.get("HealthCheck", image.get("Healthcheck")))
        return config, image["Author"]

    def load(self, file):
        self.podman("load", "-i", file)

    def pull(self, reference):
        self.podman("pull", "--tls-verify=false", reference)

    def save(self, file):
        self.podman("save", "-o", file, self.loaded())

    def loaded(self):
        """What it calls the image loaded: OCI archives tell its whole name."""
        full = REFERENCE_IN_FULL in self.names()
        return REFERENCE_IN_FULL if full else "localhost/" + REFERENCE

    def identity(self, reference=None):
        reference = reference or self.loaded()
        image = json.loads(self.podman("image", "inspect", reference))[0]
        return "sha256:" + image["Id"], image["RootFS"]["Layers"]

    def names(self):
        return self.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()

    def run(self, script, *arguments, reference=None, options=()):
        return self.podman("run", "--rm", "--network=none", "--cgroup-parent", CGROUP,
                           *LIMITS, *options, reference or self.loaded(), script, *arguments)

    def run_default(self):
        return self.podman("run", "--rm", "--network=none", "--cgroup-parent", CGROUP,
                           *LIMITS, "localhost/" + REFERENCE)

    def run_as(self, user, script):
        return self.run(script, options=["--user", user])

    def history(self):
        lines = self.podman("history", "--no-trunc", "--format", "json",
                            "localhost/" + REFERENCE)
        return [line.get("comment", "") for line in json.loads(lines)]

    def build_upon(self):
        context = self.home / "context"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(
            f"FROM {self.loaded()}\nCOPY added /added\nRUN [\"cat\", \"/added\"]\n")
        shutil.copy("/mnt/images/db.sqlite", context / "added")
        self.podman("build", "--isolation=chroot", *LIMITS, "-t", "localhost/derived", context)
        return self.run("cat /added", reference="localhost/derived")

    def wipe(self):
        self.podman("rmi", "-af")


class Buildah(Engine):
    takes_bases = True
    container = None

    def __init__(self, place, name):
        super().__init__(place, name, "buildah")

    def buildah(self, *arguments):
        return self.place.run("buildah", "--root", self.home / "root",
                              "--runroot", self.home / "run", *arguments)

    def load(self, file):
        self.container = self.buildah("from", *LIMITS, f"docker-archive:{file}").strip()

    def inspect(self):
        return json.loads(self.buildah("inspect", self.container))

    def identity(self):
        image = self.inspect()
        return "sha256:" + image["FromImageID"], image["OCIv1"]["rootfs"]["diff_ids"]

    def run(self, script, *arguments, container=None):
        # buildah leaves the entry point to whoever runs its images.
        entry_point = self.inspect()["OCIv1"]["config"]["Entrypoint"]
        for _ in range(5):
            output = self.buildah("run", "--isolation=chroot", container or self.container,
                                  "--", *entry_point, script, *arguments)
            # Of a process that ends at once buildah sometimes passes on nothing.
            if output:
                break
        return output

    def build_upon(self):
        self.buildah("copy", self.container, "/mnt/images/db.sqlite", "/added")
        self.buildah("commit", self.container, "derived")
        container = self.buildah("from", *LIMITS, "localhost/derived").strip()
        return self.run("cat /added", container=container)

    def wipe(self):
        self.buildah("rm", "--all")
        self.buildah("rmi", "--all", "--force")


class Skopeo(Engine):
    """skopeo for loading, umoci for unpacking, runc for running."""

    def __init__(self, place, name):
        super().__init__(place, name, "skopeo", "skopeo, umoci, runc")

    def start(self):
        super().start()
        self.version = ", ".join(self.place.version(package)
                                 for package in ("skopeo", "umoci", "runc"))

    def load(self, file):
        self.place.run("skopeo", "copy", f"docker-archive:{file}", f"dir:{self.home}/dir")
        self.place.run("skopeo", "copy", f"docker-archive:{file}", f"oci:{self.home}/oci:t")

    def load_stream(self, producer):
        self.place.feed(producer, "skopeo", "copy", "docker-archive:/dev/stdin",
                        f"dir:{self.home}/dir")

    def configuration(self):
        manifest = json.loads((self.home / "dir/manifest.json").read_text())
        digest = manifest["config"]["digest"].removeprefix("sha256:")
        config = json.loads((self.home / "dir" / digest).read_text())
        return config["config"], config["author"]

    def identity(self):
        manifest = json.loads((self.home / "dir/manifest.json").read_text())
        return (manifest["config"]["digest"],
                [layer["digest"] for layer in manifest["layers"]])

    def run(self, script, *arguments):
        bundle = self.home / "bundle"
        self.place.run("umoci", "unpack", "--image", f"{self.home}/oci:t", bundle)
        config = json.loads((bundle / "config.json").read_text())
        config["process"]["terminal"] = False
        config["process"]["args"] += [script, *arguments]
        config["linux"]["cgroupsPath"] = f"{CGROUP}/{self.place.name}-runc"
        (bundle / "config.json").write_text(json.dumps(config))
        return self.place.run("runc", "--root", self.home / "runc", "run",
                              "-b", bundle, f"{self.place.name}-runc")

    def wipe(self):
        for name in ("dir", "oci", "bundle"):
            if (self.home / name).exists():
                shutil.rmtree(self.home / name)


class Containerd(Engine):
    def __init__(self, place, name):
        super().__init__(place, name, "containerd", "containerd (ctr)")

    def ctr(self, *arguments):
        return self.place.run("ctr", "-a", self.home / "sock", *arguments)

    def start(self):
        super().start()
        config = self.home / "config.toml"
        config.write_text(f"""version = 2
root = "{self.home}/root"
state = "{self.home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images",
                    "io.containerd.cri.v1.runtime", "io.containerd.internal.v1.opt",
                    "io.containerd.nri.v1.nri"]
[grpc]
address = "{self.home}/sock"
""")
        self.daemon = self.place.spawn(self.home / "log", "containerd", "-c", config)
        wait_for(lambda: self.ctr("version"))

    def load(self, file):
        before = self.names()
        self.ctr("images", "import", file)
        if self.names() == before:
            raise CommandFailed("the image imported is not listed")

    def load_stream(self, producer):
        self.place.feed(producer, "ctr", "-a", self.home / "sock", "images", "import", "-")

    def configuration(self):
        config = self.config(REFERENCE_IN_FULL)[1]
        return config["config"], config["author"]

    def names(self):
        return self.ctr("images", "ls", "-q").split()

    def pull(self, reference):
        self.ctr("images", "pull", "--plain-http", reference)

    def config(self, reference):
        """The digest and the parsed content of the image's config."""
        (line,) = [line for line in self.ctr("images", "ls").splitlines()
                   if line.startswith(reference + " ")]
        manifest = json.loads(self.ctr("content", "get", line.split()[2]))
        digest = manifest["config"]["digest"]
        return digest, json.loads(self.ctr("content", "get", digest))

    def identity(self, reference=REFERENCE_IN_FULL):
        digest, config = self.config(reference)
        return digest, config["rootfs"]["diff_ids"]

    def run(self, script, *arguments, reference=REFERENCE_IN_FULL):
        # ctr takes the entry point only where no command is given.
        entry_point = {key.lower(): value for key, value
                       in self.config(reference)[1]["config"].items()}["entrypoint"]
        return self.ctr("run", "--rm", "--cgroup", f"{CGROUP}/{self.place.name}-ctr",
                        reference, f"{self.place.name}-run",
                        *entry_point, script, *arguments)

    def wipe(self):
        images = self.ctr("images", "ls", "-q").split()
        if images:
            self.ctr("images", "rm", "--sync", *images)
        for digest in self.ctr("content", "ls", "-q").split():
            self.ctr("content", "rm", digest)


class Crane(Engine):
    """crane and its registry: it runs nothing, but exports the files."""

    runs = False
    address = "127.0.0.1:5001"

    def __init__(self, place, name):
        super().__init__(place, name, "crane")
        self.reference = f"{self.address}/crane"

    def start(self):
        super().start()
        self.daemon = self.place.spawn(self.home / "log", "crane", "registry", "serve",
                                       "--address", self.address)
        wait_for(lambda: self.place.run("crane", "catalog", "--insecure", self.address))

    def load(self, file):
        self.place.run("crane", "validate", "--tarball", file)
        self.place.run("crane", "push", "--insecure", file, self.reference)

    def identity(self):
        manifest = json.loads(self.place.run("crane", "manifest", "--insecure",
                                             self.reference))
        config = json.loads(self.place.run("crane", "config", "--insecure", self.reference))
        return manifest["config"]["digest"], config["rootfs"]["diff_ids"]

    def export(self):
        """The files of the image, as an archive."""
        return self.place.run("crane", "export", "--insecure", self.reference, "-",
                              text=False)


class Apptainer(Engine):
    shows_owners = False
    checks_layers = False

    def __init__(self, place, name):
        super().__init__(place, name, "apptainer")

    def load(self, file):
        self.place.run("apptainer", "build", "--sandbox", self.home / "sandbox",
                       f"docker-archive:{file}")

    def identity(self):
        return None, None

    def apptainer(self, action, *arguments):
        return self.place.run("apptainer", action, "-u", "--containall", "--no-mount=tmp",
                              self.home / "sandbox", *arguments)

    def run(self, script, *arguments):
        # Its way of passing arguments to an entry point is not up to quotes
        # and line ends, so that is tried with something simple.
        output = self.apptainer("run", "script works")
        if output != "script: works\n":
            raise CommandFailed(f"the entry point printed: {output}")
        return self.apptainer("exec", "sh", "-c", script, *arguments)

    def run_script(self, script):
        return self.apptainer("exec", "sh", "-c", script)

    def wipe(self):
        if (self.home / "sandbox").exists():
            shutil.rmtree(self.home / "sandbox")


def reading(engine, *compressors):
    """ENGINE, which reads only these."""
    engine.stream_compressors = compressors
    return engine


MACHINE_ENGINES = [
    reading(Docker(machine, "dockerd"), "none", "gzip"),
    reading(Podman(machine, "podman"), "none", "zstd"),
    Buildah(machine, "buildah"),
    reading(Containerd(machine, "containerd"), "none"),
    # It opens an uncompressed one twice, which a pipe is no good for.
    reading(Skopeo(machine, "skopeo"), "zstd"),
]
SID_ENGINES = [
    Docker(sid, "dockerd"),
    Docker(sid, "dockerd-containerd", "dockerd, containerd's store", containerd_store=True),
    Podman(sid, "podman"),
    Buildah(sid, "buildah"),
    Containerd(sid, "containerd"),
    Skopeo(sid, "skopeo"),
    Crane(sid, "crane"),
    Apptainer(sid, "apptainer"),
]
