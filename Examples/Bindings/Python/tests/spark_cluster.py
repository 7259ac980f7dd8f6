# SPDX-License-Identifier: Apache-2.0
"""Spark on this machine, with executors that are processes of their own. Imported by the scripts here."""
import os
import pathlib
import random
import shutil
import sys
import tarfile

from places import MODEL, PAGE, ROOT

try:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet
    import pyspark
    from pyspark.sql import SparkSession
except ImportError as error:
    sys.exit(f"{error}; install pyspark and numpy from PyPI, as requirements-spark.txt lists them")
if shutil.which("java") is None:
    sys.exit("no java; install it, with Debian: apt-get install openjdk-17-jre-headless")

PACKAGE = ROOT / "Examples/Bindings/Python/src/swiftlet_embed"
WORDS = "the a man woman is was not eating playing running red old small café 漢字 naïve guitar horse market on".split()


def made_texts(count, seed=0):
    """Texts of one to thirty words, with the goldens' page among them."""
    generator = random.Random(seed)
    texts = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    while len(texts) < count:
        words = generator.choices(WORDS, k=generator.choice([1, 3, 5, 8, 12, 30]))
        texts.append(f"{' '.join(words)} {len(texts)}.")
    return texts[:count]


def write_table(path, texts, files=1):
    """Parquet files of ids and texts."""
    pathlib.Path(path).mkdir(parents=True)
    table = pa.table({"id": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.string())})
    size = -(-len(texts) // files)
    for number in range(files):
        pa.parquet.write_table(table.slice(number * size, size), f"{path}/part-{number:03}.parquet")


def archives(work):
    """Packs the Python package with the library and the model, as `spark.archives` takes them."""
    for name, source, inside in [("swiftlet", PACKAGE, "swiftlet_embed"), ("model", MODEL, ".")]:
        with tarfile.open(work / f"{name}.tgz", "w:gz", compresslevel=1) as archive:
            archive.add(source, inside, filter=lambda entry: None if "__pycache__" in entry.name else entry)
    return f"{work}/swiftlet.tgz#swiftlet-env,{work}/model.tgz#model"


def session(work, master="local-cluster[2,1,1024]", **settings):
    """A session. Its executors have the package and the model from archives, not from the repository."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("swiftlet")
    settings = {
        "spark.archives": archives(work), "spark.executorEnv.PYTHONPATH": "./swiftlet-env", "spark.task.cpus": 1,
        "spark.local.dir": work / "spark", "spark.sql.shuffle.partitions": 2, "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF",
    } | settings
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    return builder.getOrCreate()


def stop(spark):
    """Ends a session, and removes what its executors unpacked."""
    application = spark.sparkContext.applicationId
    spark.stop()
    shutil.rmtree(pathlib.Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)


def rows(table, format, dimension, column="embedding"):
    """The vectors of a table, ordered by id, as an array of bytes: [texts, bytes]. Every id must be there once."""
    table = table.sort_by("id").combine_chunks()
    if table["id"].to_pylist() != list(range(len(table))):
        raise SystemExit("an id is missing, or there twice")
    values = table[column].combine_chunks()
    if format == "list":
        return values.flatten().to_numpy().reshape(len(table), dimension).view(np.uint8)
    if format == "int8":
        scales = values.field("scale").to_numpy().reshape(-1, 1).view(np.uint8)
        codes = np.frombuffer(b"".join(values.field("codes").to_pylist()), np.uint8)
        return np.hstack([scales, codes.reshape(-1, dimension)])
    return np.frombuffer(b"".join(values.to_pylist()), np.uint8).reshape(len(table), -1)


def expected_rows(vectors, format):
    """What a format makes of float32 vectors, computed by NumPy, as an array of bytes."""
    if format == "int8":
        scales = np.abs(vectors).max(axis=1, keepdims=True) / np.float32(127)
        return np.hstack([scales.view(np.uint8), np.rint(vectors / scales).astype(np.int8).view(np.uint8)])
    if format == "bits":
        return np.packbits(vectors > 0, axis=1)
    return vectors.view(np.uint8)


# Processes, of this script's descendants only.

def descendants(root=None):
    """Process ids below a process, this one by default, with their command lines."""
    parents, commands = {}, {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            commands[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            parents[int(folder.name)] = int(status[1])
        except OSError:
            pass  # it has ended
    found, waiting = {}, [root or os.getpid()]
    while waiting:
        parent = waiting.pop()
        for child in [pid for pid, its_parent in parents.items() if its_parent == parent and pid not in found]:
            found[child] = commands[child]
            waiting.append(child)
    return found


def python_workers():
    """(daemons, workers): Spark's Python processes, the ones that fork and the ones that are forked."""
    processes = {pid for pid, command in descendants().items() if "pyspark.daemon" in command}
    workers = {pid for pid in processes if parent_of(pid) in processes}
    return processes - workers, workers


def executors():
    return [pid for pid, command in descendants().items() if "CoarseGrainedExecutorBackend" in command]


def parent_of(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def memory_of(pid):
    """Megabytes that a process has in memory."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return 0


def cpu_seconds(pids=None):
    """CPU seconds of processes, all descendants by default, and of their own that have ended."""
    total = 0
    for pid in descendants() if pids is None else pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")
