"""What is compared: the bare loop, the forwarder, weir, nginx and HAProxy, each started with its
config here."""

import pathlib
import shutil
import socket
import tempfile
import time

from programs import DESCRIPTORS, MAX_CONNECTIONS, PATIENCE, SOURCE, Failed, Program, Weir


class Proxy(Program):
    """One that takes its port from its config, and does not say when it is ready."""

    config = None

    def __init__(self, command, cpu=None, **values):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        folder.chmod(0o755)
        self.port = free_port()
        path = folder / self.config
        path.write_text((SOURCE / self.config).read_text().format(
            port=self.port, folder=folder, **values))
        super().__init__([program(command[0])] + [word.format(path=path, folder=folder)
                                                  for word in command[1:]], cpu=cpu)
        self._wait_for_port()

    def _wait_for_port(self):
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.001)
        self.stop()
        self.log.seek(0)
        raise Failed(f"{self.command} does not start: {self.log.read()}")

    def stop(self):
        code = super().stop()
        self.folder.cleanup()
        return code


class Nginx(Proxy):
    config = "nginx.conf"

    # For large bodies: fewer, larger reads and writes, and no file in between.
    LARGE_BODIES = ("proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_max_temp_file_size 0; "
                    "client_body_buffer_size 64k;")

    def __init__(self, backend, workers=1, cpu=None, refusing=False, bodies=""):
        super().__init__(["nginx", "-p", "{folder}", "-e", "{folder}/error.log", "-c", "{path}"],
                         cpu=cpu, backend=backend.port, workers=workers, bodies=bodies,
                         twice_descriptors=2 * DESCRIPTORS,
                         rate="1r/m" if refusing else "1000000r/s",
                         burst="" if refusing else "burst=1000000")


class Haproxy(Proxy):
    config = "haproxy.cfg"

    def __init__(self, backend, workers=1, cpu=None, refusing=False):
        super().__init__(["haproxy", "-db", "-f", "{path}"], cpu=cpu, backend=backend.port,
                         workers=workers, max_connections=MAX_CONNECTIONS, period="1h" if refusing else "1s",
                         limit=1 if refusing else 1000000)


class Loop(Program):
    """Bare loops on one port, as many as the others have workers."""

    def __init__(self, build, backend, workers=1, cpu=None):
        super().__init__([build / "bench_loop", backend.port], ready=r"^port (\d+)", cpu=cpu)
        self.port = int(self.match[1])
        self.more = [Program([build / "bench_loop", backend.port, self.port],
                             ready=r"^port (\d+)", cpu=cpu) for _ in range(workers - 1)]

    def pids(self):
        return [self.pid] + [each.pid for each in self.more]

    def stop(self):
        for each in self.more:
            each.stop()
        return super().stop()


class Forwarder(Program):
    """libuv and llhttp, and nothing else."""

    def __init__(self, build, backend, cpu=None, under=()):
        super().__init__([*under, build / "bench_forwarder", backend.port], ready=r"^port (\d+)",
                         cpu=cpu)
        self.port = int(self.match[1])


def start(name, build, backend, workers=1, cpu=None):
    """A contestant with wide limits."""
    if name == "loop":
        return Loop(build, backend, workers, cpu)
    if name == "forwarder":
        return Forwarder(build, backend, cpu)
    if name == "nginx":
        return Nginx(backend, workers, cpu)
    if name == "haproxy":
        return Haproxy(backend, workers, cpu)
    return Weir(build, backend, workers=workers, cpu=cpu)


def program(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise Failed(f"{name} is missing: ./dev bench installs it")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
