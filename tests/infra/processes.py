"""Servers that a test starts on free ports and stops again."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def server(command, ready, log, environment=None, seconds=60):
    """Runs a program of this environment until the block ends; it is ready when `ready` (a URL) is answered, with whatever status."""
    program = pathlib.Path(sys.executable).with_name(command[0])
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [program, *command[1:]], stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        try:
            deadline = time.monotonic() + seconds
            while not answers(ready):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"{command[0]} does not answer:\n{pathlib.Path(log).read_text()[-2000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        pass
    except OSError:
        return False
    return True
