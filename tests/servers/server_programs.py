"""The programs that the tests' servers run: a Java, and Kafka and Elasticsearch from Maven Central.

They are fetched once into `$XDG_CACHE_HOME/naqid-test-servers`; after that nothing is asked of the network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DEBIAN_PACKAGES = ("openjdk-17-jdk-headless", "maven")


class Unavailable(Exception):
    """Something that no test can bring is missing on this machine; the message names it and what to do."""


@dataclass(frozen=True, slots=True)
class Java:
    """One installed JDK: its folder, and its main version, such as 21."""

    home: Path
    version: int

    def program(self, name: str) -> str:
        return str(self.home / "bin" / name)


@dataclass(frozen=True, slots=True)
class ElasticsearchProgram:
    """An unpacked Elasticsearch with the analysis plugin, and the Java that runs it."""

    home: Path
    version: str
    java: Java


def kafka_program() -> tuple[Path, Java]:
    """The folder of Kafka's libraries and a Java that runs them.

    Raises:
        Unavailable: a JDK or Maven is missing, or Maven could not fetch.
    """
    bring_java_and_maven()
    java = java_of(17)
    pom = HERE / "kafka" / "pom.xml"
    with built(f"kafka-{digest(pom)}") as (folder, wanted):
        if wanted:
            maven(java, pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder}")
    return folder, java


def elasticsearch_program() -> ElasticsearchProgram:
    """Elasticsearch 9 where there is a Java that runs it, else the last 8.

    Raises:
        Unavailable: a JDK or Maven is missing, or Maven could not fetch.
    """
    bring_java_and_maven()
    try:
        java, version, release = java_of(21), "9.5.4", 21
    except Unavailable:
        java, version, release = java_of(17), "8.19.21", 17
    pom = HERE / "elasticsearch" / "pom.xml"
    plugin = HERE / "elasticsearch" / "ArabicAnalysisPlugin.java"
    with built(f"elasticsearch-{version}-{digest(pom, plugin)}") as (folder, wanted):
        home = folder / f"elasticsearch-{version}"
        if wanted:
            maven(java, pom, "generate-resources", f"-Delasticsearch.version={version}", f"-Dfolder={folder}")
            install_plugin(java, plugin, home, version, release)
    return ElasticsearchProgram(home, version, java)


def java_of(version: int) -> Java:
    """The JDK in JAVA_HOME; without that the oldest installed one of at least `version`, being the best tried.

    Raises:
        Unavailable: there is none.
    """
    found = [java for java in installed_javas() if java.version >= version]
    if not found:
        named = os.environ.get("JAVA_HOME")
        advice = f"JAVA_HOME={named} is none" if named else f"Debian: apt-get install {' '.join(DEBIAN_PACKAGES)}"
        raise Unavailable(f"the tests' servers need a JDK of version {version} or newer ({advice})")
    return min(found, key=lambda java: java.version)


def installed_javas() -> Iterator[Java]:
    homes: list[Path] = []
    if named := os.environ.get("JAVA_HOME"):
        homes.append(Path(named))
    else:
        for folder in (Path("/usr/lib/jvm"), Path("/opt/java"), Path.home() / ".sdkman" / "candidates" / "java"):
            if folder.is_dir():
                homes.extend(sorted(folder.iterdir()))
        if on_path := shutil.which("java"):
            homes.append(Path(on_path).resolve().parent.parent)
    for home in homes:
        release = home / "release"
        if (home / "bin" / "javac").exists() and release.exists():
            told = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
            if told:
                yield Java(home, int(told[1]))


def bring_java_and_maven() -> None:
    """Installs both where the servers are required and either is missing, if this is Debian and run by root.

    Raises:
        Unavailable: the packages could not be had.
    """
    if os.environ.get("NAQID_REQUIRE_SERVERS") != "1" and not os.environ.get("CI"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with locked():
        try:
            java_of(17)
            maven_program()
            return
        except Unavailable:
            pass
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES]):
            ran = subprocess.run(
                ["apt-get", "-qq", *arguments],
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if ran.returncode:
                raise Unavailable(f"apt-get {' '.join(arguments)} failed:\n{last_lines(ran.stdout + ran.stderr)}")


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "naqid-test-servers"


@contextmanager
def locked() -> Iterator[None]:
    """Alone among all processes that share the cache."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def built(name: str) -> Iterator[tuple[Path, bool]]:
    """A folder of the cache and whether the block has to fill it; it comes to stand whole or not at all."""
    folder = cache() / name
    with locked():
        if folder.exists():
            yield folder, False
            return
        folder.mkdir()
        try:
            yield folder, True
        except BaseException:
            shutil.rmtree(folder)
            raise


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def maven(java: Java, pom: Path, goal: str, *definitions: str) -> None:
    program = maven_program()
    # A repository of its own: another Maven at work in the person's would disturb this one.
    repository = f"-Dmaven.repo.local={cache() / 'maven'}"
    ran = subprocess.run(
        [program, "--batch-mode", "--quiet", "--file", str(pom), repository, goal, *definitions],
        env=os.environ | {"JAVA_HOME": str(java.home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if ran.returncode:
        raise Unavailable(
            f"Maven could not fetch what {pom.parent.name} needs (the first time wants the network):\n"
            f"{last_lines(ran.stdout + ran.stderr)}"
        )


def maven_program() -> str:
    if program := shutil.which("mvn"):
        return program
    raise Unavailable("the tests' servers are fetched by Maven, which is missing (Debian: apt-get install maven)")


def install_plugin(java: Java, source: Path, home: Path, version: str, release: int) -> None:
    """Compiles the plugin against this very Elasticsearch, which takes no other."""
    folder = home / "plugins" / "arabic-analysis"
    folder.mkdir()
    with tempfile.TemporaryDirectory() as classes:
        compiler = ["--release", str(release), "-d", classes, "-classpath", str(home / "lib" / "*")]
        subprocess.run([java.program("javac"), *compiler, str(source)], check=True)
        subprocess.run(
            [java.program("jar"), "--create", "--file", str(folder / "arabic-analysis.jar"), "-C", classes, "."],
            check=True,
        )
    (folder / "plugin-descriptor.properties").write_text(
        "name=arabic-analysis\n"
        "description=The filters that naqid's index settings name\n"
        "version=1\n"
        f"classname={source.stem}\n"
        f"java.version={release}\n"
        f"elasticsearch.version={version}\n",
        encoding="utf-8",
    )


def last_lines(text: str, count: int = 30) -> str:
    return "\n".join(text.splitlines()[-count:])
