"""All of Kefu as processes of their own on free ports, for tests that speak to it from outside."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

BIN = pathlib.Path(os.environ["KEFU_BIN_DIR"])
MODEL = os.environ["KEFU_TEST_MODEL"]
SERVICES = ["embedding", "index", "ingest", "answer", "gateway"]
ADMIN_KEY = "kefu_" + "a" * 43
START_SECONDS = 120  # with AddressSanitizer on a busy machine
STOP_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(0.05)


class System:
    """Use it in a `with` block: its end stops everything, and fails when a service does not end well."""

    def __init__(self, with_keys=False, arguments=None):
        """`arguments`: more of them for a service, by its name."""
        self._arguments = arguments or {}
        self._folder = tempfile.TemporaryDirectory(prefix="kefu-")
        self.folder = pathlib.Path(self._folder.name)
        self.key = ADMIN_KEY if with_keys else None
        self._processes = {}
        self._admin_ports = {}

    def __enter__(self):
        try:
            self._start_servers()
            for service in SERVICES:
                self._start_service(service)
            for service in SERVICES:
                wait_until(lambda: self._is_ready(service), START_SECONDS, f"{service} is not ready")
        except BaseException:
            self._print_logs()
            self._kill()
            raise
        return self

    def __exit__(self, kind, value, trace):
        codes = {}
        for service in reversed(SERVICES):
            self._processes[service].send_signal(signal.SIGTERM)
            try:
                codes[service] = self._processes[service].wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                codes[service] = "none: it did not end"
        failed = {service: code for service, code in codes.items() if code != 0}
        if failed or kind is not None:
            self._print_logs()
        self._kill()
        self._folder.cleanup()
        if failed and kind is None:
            raise AssertionError(f"exit codes of services: {failed}")

    def _run(self, name, command):
        log = open(self.folder / f"{name}.log", "wb")
        self._processes[name] = subprocess.Popen(
            [str(word) for word in command], stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
        )

    def _start_servers(self):
        self._nats_port, self._redis_port, self.port = free_port(), free_port(), free_port()
        # By default the server refuses streams whose limits are over three quarters of the free disk.
        config = self.folder / "nats.conf"
        config.write_text(f'jetstream {{ store_dir: "{self.folder}/nats", max_file_store: 1TB }}\n')
        self._run("nats-server", ["nats-server", "-a", "127.0.0.1", "-p", self._nats_port, "-c", config])
        self._run("redis-server", ["redis-server", "--bind", "127.0.0.1", "--port", self._redis_port, "--save", ""])

    def _start_service(self, service):
        port = self._admin_ports[service] = free_port()
        command = [BIN / f"kefu-{service}", "--nats-url", f"nats://127.0.0.1:{self._nats_port}", "--admin-port", port]
        if service in ("embedding", "answer", "gateway"):
            command += ["--redis-url", f"redis://127.0.0.1:{self._redis_port}"]
        if service == "embedding":
            command += ["--model", MODEL]
        if service == "index":
            command += ["--data-dir", self.folder / "index"]
        if service == "gateway":
            command += ["--listen-port", self.port, "--drain-delay", "200ms"]
        if service == "gateway" and self.key:
            file = self.folder / "admin-key"
            file.write_text(self.key + "\n")
            file.chmod(0o600)
            command += ["--admin-key-file", file]
        self._run(service, command + self._arguments.get(service, []))

    @contextlib.contextmanager
    def without(self, service):
        """Within it the service does not answer."""
        self._processes[service].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._processes[service].send_signal(signal.SIGCONT)

    def _is_ready(self, service):
        if self._processes[service].poll() is not None:
            raise RuntimeError(f"{service} has ended")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._admin_ports[service]}/readyz", timeout=5):
                return True
        except OSError:
            return False

    def _print_logs(self):
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")

    def _kill(self):
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, content_type="application/json"):
        """The JSON of the reply; raises urllib.error.HTTPError for a status of 400 or more."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", content_type)
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
            return json.loads(text) if text else None

    def metric(self, service, name):
        """The sum of its series."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin_ports[service]}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.split(r"[{ ]", line, maxsplit=1)[0] == name)

    def upload(self, kb, filename, content_type, content):
        """Returns when the document is searchable."""
        query = urllib.parse.urlencode({"filename": filename})
        job = self.request("POST", f"/v1/kbs/{kb}/documents?{query}", content.encode(), content_type)["job"]
        wait_until(lambda: self._is_done(job), START_SECONDS, f"job {job} is not done")

    def _is_done(self, job):
        state = self.request("GET", f"/v1/jobs/{job}")
        assert state["state"] != "failed", state
        return state["state"] == "done"

    def import_shop(self):
        """A small knowledge base named shop."""
        self.request("PUT", "/v1/kbs/shop", {"description": "a small shop"})
        self.upload(
            "shop",
            "faq.csv",
            "text/csv",
            "question,answer,similar,category,id\n"
            "退货的运费谁出?,质量问题由我们承担;其他由买家承担。,运费谁出?,退换货,shipping-fee\n"
            "可以开发票吗?,可以;下单时填写抬头。,能开票吗?,发票,invoice\n",
        )
        self.upload("shop", "handbook.md", "text/markdown", "# 退换货\n\n收到货后七天内可以退货,商品须完好。\n")
