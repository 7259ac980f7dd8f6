# SPDX-License-Identifier: Apache-2.0
"""Three hosts on one machine, network namespaces on a bridge, with a Spark master and two workers. For check_spark.py.

Needs root and iproute2. Names start with "swl-", addresses with 10.77.0.
"""
import os
import pathlib
import subprocess
import sys
import time

import pyspark

HOME = pathlib.Path(pyspark.__file__).parent
ADDRESSES = {"swl-a": "10.77.0.1", "swl-b": "10.77.0.2", "swl-c": "10.77.0.3"}


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Hosts:
    """The hosts while they run. The driver and the master are on the first one."""

    master = f"spark://{ADDRESSES['swl-a']}:7077"

    def __init__(self, work):
        self.work, self.processes = work, []

    def __enter__(self):
        try:
            ip("link", "add", "swl-bridge", "type", "bridge")
            ip("link", "set", "swl-bridge", "up")
            for name, address in ADDRESSES.items():
                ip("netns", "add", name)
                ip("link", "add", f"{name}-out", "type", "veth", "peer", "name", "eth0", "netns", name)
                ip("link", "set", f"{name}-out", "master", "swl-bridge", "up")
                ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
                ip("-n", name, "link", "set", "eth0", "up")
                ip("-n", name, "link", "set", "lo", "up")
            self.start("swl-a", "master.Master", "--host", ADDRESSES["swl-a"], "--port", "7077", "--webui-port", "0")
            self.wait("swl-a", 1)
            for name in "swl-b", "swl-c":
                self.start(
                    name, "worker.Worker", "--host", ADDRESSES[name], "--cores", "1", "--memory", "1g", "--webui-port", "0",
                    "--work-dir", f"{self.work}/{name}", self.master)
            self.wait("swl-a", 3)  # the master listens, and two workers are connected
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, name, kind, *words):
        with open(self.work / f"{name}.log", "wb") as log:
            self.processes.append(subprocess.Popen(
                ["ip", "netns", "exec", name, HOME / "bin/spark-class", f"org.apache.spark.deploy.{kind}", *words],
                stdout=log, stderr=log, env=self.environment(name)))

    @staticmethod
    def environment(name):
        return os.environ | {
            "SPARK_LOCAL_IP": ADDRESSES[name], "SPARK_HOME": str(HOME), "PYSPARK_PYTHON": sys.executable}

    def wait(self, name, count):
        """Until port 7077 has so many sockets."""
        for _ in range(300):
            listing = subprocess.run(
                ["ip", "netns", "exec", name, "cat", "/proc/net/tcp", "/proc/net/tcp6"], check=True, capture_output=True,
                text=True).stdout
            # Local addresses at 7077, 0x1BA5.
            if sum(":1BA5" in line.split()[1] for line in listing.splitlines() if line.strip()) >= count:
                return
            time.sleep(0.1)
        raise SystemExit(f"no cluster: see the logs in {self.work}")

    def run(self, *words):
        """Runs a program on the first host. Returns the last line that it prints."""
        result = subprocess.run(
            ["ip", "netns", "exec", "swl-a", *map(str, words)], stdout=subprocess.PIPE, text=True,
            env=self.environment("swl-a"))
        if result.returncode != 0:
            raise SystemExit(f"the job ended with {result.returncode}")
        return result.stdout.splitlines()[-1]

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        for name in ADDRESSES:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "delete", "swl-bridge"], stderr=subprocess.DEVNULL)
