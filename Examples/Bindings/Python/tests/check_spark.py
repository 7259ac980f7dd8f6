#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that `spark.embed` gives each text the bits that `embed` gives it, whatever Spark does to the job.

usage: check_spark.py [--texts N] [--work DIR] [PART ...]

Parts, all but the last by default:
  digests   over numbers of partitions, sizes of batches, formats and precisions
  kills     a Python worker, a daemon of Python workers and an executor are killed with SIGKILL, each by its own id
  stream    a file stream is killed after some batches and started again: each row once
  odd       nulls, empty and long texts, bytes that are not UTF-8, a wrong model, a Python worker for two models
  hosts     a standalone master and two workers, each in a network namespace of its own, also with one of them slow, so that
            Spark copies its tasks to the other (speculation); needs root and iproute2

Executors are processes of their own, local-cluster[2,1,1024], with the package and the model from archives. Needs
requirements-spark.txt, Java (Debian: openjdk-17-jre-headless), the release build of Examples/ and Examples/Bindings/C/build.
Exits 1 at the first difference.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from places import digest, embed as embed_program

import spark_cluster
from spark_cluster import np, pa, pyspark

from swiftlet_embed.spark import embed

PARTS = ["digests", "kills", "stream", "odd", "hosts"]
DIMENSION = 384


class Check:
    """The texts, what `embed` gives for them, and a session."""

    def __init__(self, arguments, work):
        self.work, self.runs = work, 0
        self.texts = spark_cluster.made_texts(arguments.texts)
        self.vectors = {
            precision: np.frombuffer(embed_program(self.texts, "--precision", precision), np.float32).reshape(-1, DIMENSION)
            for precision in ("float32", "int8")}
        shutil.rmtree(work / "texts", ignore_errors=True)
        spark_cluster.write_table(work / "texts", self.texts, files=7)
        self.spark = None

    def start(self, *arguments, **settings):
        self.stop()
        self.spark = spark_cluster.session(self.work, *arguments, **settings)

    def stop(self):
        if self.spark:
            spark_cluster.stop(self.spark)
        self.spark = None

    def table(self, partitions):
        return self.spark.read.parquet(f"{self.work}/texts").repartition(partitions)

    def hold(self, name, table, precision="float32", format="list"):
        """Ends the script unless a table has the program's vectors."""
        found = spark_cluster.rows(table, format, DIMENSION)
        wanted = spark_cluster.expected_rows(self.vectors[precision], format)
        differing = (found != wanted).any(axis=1).sum() if found.shape == wanted.shape else len(wanted)
        self.runs += 1
        print(f"{name}: {digest(found.tobytes())}, {differing} of {len(wanted)} differ from embed's", flush=True)
        if differing:
            raise SystemExit(1)

    # The parts.

    def digests(self):
        self.start()
        for precision in "float32", "int8":
            for partitions, size, format in [
                (1, 2000, "list"), (2, 13, "binary"), (7, 13, "list"), (7, 2000, "int8"), (2, 13, "bits"),
            ]:
                self.spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", size)
                result = embed(self.table(partitions), text="text", model="model", precision=precision, format=format)
                self.hold(f"{precision}, {partitions} partitions, batches of {size}, {format}",
                          result.select("id", "embedding").toArrow(), precision, format)

    def kills(self):
        if not self.spark:
            self.start()
        context = self.spark.sparkContext
        self.spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 50)
        for name, victims in [
            ("a Python worker", lambda: spark_cluster.python_workers()[1]),
            ("a daemon of Python workers", lambda: spark_cluster.python_workers()[0]),
            ("an executor", spark_cluster.executors),
        ]:
            context.setJobGroup(name, name)
            result, killed = [], []
            # A thread that takes the job group with it.
            job = pyspark.InheritableThread(target=lambda: result.append(
                embed(self.table(3), text="text", model="model").select("id", "embedding").toArrow()))
            before = spark_cluster.cpu_seconds(spark_cluster.python_workers()[1])
            job.start()
            while job.is_alive() and not killed:
                time.sleep(0.05)
                # In the middle: the workers have computed for two seconds of some ten.
                if spark_cluster.cpu_seconds(spark_cluster.python_workers()[1]) > before + 2 and victims():
                    killed = sorted(victims())[:1]
                    os.kill(killed[0], signal.SIGKILL)
            job.join()
            if not killed or not result:
                raise SystemExit(f"{name}: {'the job failed' if killed else 'nothing was killed while the job ran'}")
            failed, again = self.losses(name)
            self.hold(f"{name} killed, {failed} failed tasks, {again} stages begun again", result[0])
            # Only this kill must be a task's failure: workers go on without their daemon, and what an executor has lost
            # may be computed in a stage's second attempt.
            if name == "a Python worker" and failed == 0:
                raise SystemExit("the kill went unnoticed")
        context.setJobGroup("", "")

    def losses(self, group):
        """Failed tasks in the last attempts of stages, and how many stages had several."""
        tracker = self.spark.sparkContext.statusTracker()
        stages = [stage for job in tracker.getJobIdsForGroup(group) for stage in tracker.getJobInfo(job).stageIds]
        last = [info for info in map(tracker.getStageInfo, stages) if info]
        return sum(info.numFailedTasks for info in last), sum(info.currentAttemptId > 0 for info in last)

    def stream(self):
        self.stop()
        source, output, checkpoint = self.work / "stream-in", self.work / "stream-out", self.work / "checkpoint"
        for folder in source, output, checkpoint:
            shutil.rmtree(folder, ignore_errors=True)
        spark_cluster.write_table(source, self.texts, files=12)
        command = [sys.executable, __file__, "--work", self.work, "--run-stream"]
        # A session of its own, so that the driver is killed with its JVM and nothing else.
        first = subprocess.Popen(list(map(str, command)), start_new_session=True)
        while first.poll() is None and not (checkpoint / "commits" / "1").exists():
            time.sleep(0.02)
        if first.poll() is not None:
            raise SystemExit("the stream ended before it was killed")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        before = len(list((checkpoint / "commits").glob("[0-9]*")))
        subprocess.run(list(map(str, command)), check=True)
        batches = len(list((checkpoint / "commits").glob("[0-9]*")))
        self.start("local[1]")
        table = self.spark.read.parquet(str(output)).toArrow()
        self.hold(f"a stream killed after {before} of {batches} batches and started again", table)
        self.stop()

    def odd(self):
        self.start()
        frame = self.spark.createDataFrame(
            [(0, "one"), (1, None), (2, ""), (3, "word " * 20_000), (4, "tab\tand 'quotes' \"x\"\0y")], "id int, text string")
        table = embed(frame, text="text", model="model", truncated="cut").toArrow().sort_by("id")
        wanted = embed_program(["one", "", "word " * 20_000, "tab\tand 'quotes' \"x\"\0y"])
        found = table["embedding"].combine_chunks()
        check(found.flatten().to_numpy().tobytes() == wanted, "vectors of odd texts")
        check(found.is_valid().to_pylist() == [True, False, True, True, True], "a null for a null")
        check(table["cut"].to_pylist() == [False, None, False, True, False], "the long text is marked")

        broken = self.spark.sql("select 0 as id, cast(X'61ff' as string) as text")
        check("text 0 is not UTF-8" in failure(embed(broken, text="text", model="model")), "bytes that are no text")
        mended = self.spark.sql("select 0 as id, make_valid_utf8(cast(X'61ff' as string)) as text")
        check(len(embed(mended, text="text", model="model").toArrow()) == 1, "bytes that were mended")
        message = failure(embed(frame, text="text", model="no-such-model"))
        check("SwiftletError: no-such-model: cannot open" in message and len(message) < 5000,
              f"a wrong model, an error of {len(message)} characters that ends with our line")
        message = failure(embed(frame, text="text", model="model", precision="float64"))
        check("unknown precision" in message, "a wrong precision")
        for arguments in [
            {"text": "body"}, {"text": "id"}, {"text": "text", "output": "ID"}, {"text": "text", "format": "x"},
            {"text": "text", "output": "v", "truncated": "v"},
        ]:
            try:
                embed(frame, model="model", **arguments)
                raise SystemExit(f"{arguments} were accepted")
            except (TypeError, ValueError) as error:
                print(f"refused: {error}")
        frame = self.table(2)
        for precision in "float32", "int8", "float32":
            table = embed(frame, text="text", model="model", precision=precision).toArrow()
            self.hold(f"the same workers, {precision}", table, precision)

    def hosts(self):
        from spark_hosts import ADDRESSES, Hosts
        self.stop()
        with Hosts(self.work) as hosts:
            for partitions, size in (2, 2000), (7, 13):
                output = self.work / f"hosts-{partitions}"
                shutil.rmtree(output, ignore_errors=True)
                addresses = hosts.run(
                    sys.executable, __file__, "--work", self.work, "--run-job", hosts.master, "--partitions", partitions,
                    "--batch", size, "--output", output)
                self.hold(f"{partitions} partitions on the hosts {addresses}", pa.parquet.read_table(output))
            events, output = self.work / "events", self.work / "hosts-slow"
            for folder in events, output:
                shutil.rmtree(folder, ignore_errors=True)
            events.mkdir()
            addresses = hosts.run(
                sys.executable, __file__, "--work", self.work, "--run-job", hosts.master, "--partitions", 4, "--batch", 2000,
                "--output", output, "--slow-host", ADDRESSES["swl-c"], "--events", events)
            copies, chosen = speculation(events)
            self.hold(f"a slow host, {copies} tasks copied to the other, {chosen} copies used, results of {addresses}",
                      pa.parquet.read_table(output))
            if chosen == 0:
                raise SystemExit("no copy of a task was used")


def check(condition, what):
    print(f"{what}: {'ok' if condition else 'WRONG'}", flush=True)
    if not condition:
        raise SystemExit(1)


def failure(frame):
    """What a job that must fail says."""
    try:
        frame.toArrow()
    except Exception as error:
        return str(error)
    raise SystemExit("a job that must fail did not")


def speculation(folder):
    """How many tasks Spark has started a second time elsewhere, and how many of these ended first, by its log of events."""
    files = [file for file in folder.rglob("events_*") if file.is_file()]
    events = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    tasks = [event for event in events if event.get("Task Info", {}).get("Speculative")]
    copies = sum(event["Event"] == "SparkListenerTaskStart" for event in tasks)
    chosen = sum(event["Event"] == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success" for event in tasks)
    return copies, chosen


def run_stream(work):
    """The stream's driver: what the article shows, in a process of its own."""
    spark = spark_cluster.session(work, **{"spark.sql.execution.arrow.maxRecordsPerBatch": 500})
    texts = spark.readStream.schema("id long, text string").option("maxFilesPerTrigger", 2).parquet(f"{work}/stream-in")
    query = (embed(texts, text="text", model="model").select("id", "embedding").writeStream.format("parquet")
             .option("checkpointLocation", f"{work}/checkpoint").option("path", f"{work}/stream-out")
             .trigger(availableNow=True).start())
    query.awaitTermination()
    spark_cluster.stop(spark)


def run_job(arguments):
    """A job on a standalone cluster, in a process of its own. Prints where its tasks ran."""
    host, slow = arguments.run_job.removeprefix("spark://").partition(":")[0], arguments.slow_host
    speculation = {
        "spark.speculation": "true", "spark.speculation.interval": "100ms", "spark.speculation.quantile": 0.5,
        "spark.speculation.multiplier": 1.5, "spark.eventLog.enabled": "true", "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"file://{arguments.events}"}
    spark = spark_cluster.session(
        arguments.work, arguments.run_job, **{
            "spark.driver.host": host, "spark.driver.bindAddress": host,
            "spark.sql.execution.arrow.maxRecordsPerBatch": arguments.batch} | (speculation if slow else {}))
    texts = spark.read.parquet(f"{arguments.work}/texts").repartition(arguments.partitions)

    def mark(batches):
        for batch in batches:
            if os.environ["SPARK_LOCAL_IP"] == slow:
                time.sleep(60)
            yield batch.append_column("host", pa.array([os.environ["SPARK_LOCAL_IP"]] * len(batch)))

    result = embed(texts, text="text", model="model")
    result.mapInArrow(mark, "id long, text string, embedding array<float>, host string").write.parquet(arguments.output)
    hosts = spark.read.parquet(arguments.output).select("host").distinct().toArrow()["host"].to_pylist()
    print(" and ".join(sorted(hosts)))
    spark_cluster.stop(spark)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", default=PARTS[:-1])
    parser.add_argument("--texts", type=int, default=8000)
    parser.add_argument("--work", type=pathlib.Path)
    # For the processes that this script starts.
    parser.add_argument("--run-stream", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--run-job", help=argparse.SUPPRESS)
    parser.add_argument("--partitions", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    parser.add_argument("--slow-host", help=argparse.SUPPRESS)
    parser.add_argument("--events", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run_stream:
        return run_stream(arguments.work)
    if arguments.run_job:
        return run_job(arguments)
    for part in arguments.parts:
        if part not in PARTS:
            parser.error(f"no part {part!r}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = (arguments.work or pathlib.Path(folder)).resolve()
        work.mkdir(exist_ok=True)
        run = Check(arguments, work)
        start = time.monotonic()
        try:
            for part in arguments.parts:
                print(f"== {part}", flush=True)
                getattr(run, part)()
        finally:
            run.stop()
        print(f"{run.runs} runs of {len(run.texts)} texts, none differs, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
