#!/usr/bin/env python3
"""chart.py ROOT: helm accepts helm/kefu with several values and refuses wrong ones, and the settings that the chart gives the
services exist. Uses helm from PATH, else builds it once into .cache/bin with Go; without either it is skipped."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

HELM_VERSION = "v3.17.3"
SKIPPED = 77

ACCEPTED = [
    [],
    ["nats.enabled=false", "nats.url=nats://n:4222", "redis.enabled=false", "networkPolicy.enabled=false"],
    ["redis.enabled=false", "redis.url=rediss://cache:6380", "index.replicas=3", "index.storage.className=fast"],
    ["gateway.adminKey.existingSecret=my-key", "networkPolicy.enabled=false"],
    ["answer.llm.url=https://llm.example/v1", "answer.llm.model=m", "answer.llm.secretName=llm"],
    ["gateway.service.type=LoadBalancer", "gateway.allowFrom[0].namespaceSelector.matchLabels.team=shop", "image.pullSecrets[0]=s"],
]
REFUSED = ["gateway.replicas=-1", "logLevel=loud", "nats.enabled=false", "redis.url=http://cache", "gatewy.replicas=2", "gateway.adminKey.file=x",
           "index.storage.size=5GB"]


def find_helm(root):
    for candidate in (shutil.which("helm"), root / ".cache/bin/helm"):
        if candidate and os.access(candidate, os.X_OK):
            return str(candidate)
    if not shutil.which("go"):
        print("skipped: neither helm nor Go (to build it) is installed")
        sys.exit(SKIPPED)
    environment = {**os.environ, "GOBIN": str(root / ".cache/bin"), "GOFLAGS": "-p=2"}
    build = subprocess.run(["go", "install", f"helm.sh/helm/v3/cmd/helm@{HELM_VERSION}"], env=environment, text=True, capture_output=True)
    if build.returncode != 0:
        print("skipped: Go could not build helm:", build.stderr[-500:])
        sys.exit(SKIPPED)
    return str(root / ".cache/bin/helm")


class Chart:
    def __init__(self, root):
        self.root, self.helm = root, find_helm(root)

    def run(self, *arguments):
        return subprocess.run([self.helm, *arguments], text=True, capture_output=True, cwd=self.root / "helm")

    def template(self, values):
        return self.run("template", "kefu", "kefu", "--namespace", "shop", *(f"--set={value}" for value in values))


def environment_variables_of(root, service):
    """What a service reads, by the declarations in its sources and in libs/service."""
    sources = [*(root / "services" / service).glob("*.cpp"), *(root / "libs/service/src").glob("*.cpp")]
    names = set()
    for source in sources:
        for secret, name in re.findall(r'\badd(_secret)?\(\s*"([a-z0-9-]+)"', source.read_text(encoding="utf-8")):
            variable = "KEFU_" + name.upper().replace("-", "_")
            names |= {variable, variable + "_FILE"} if secret else {variable}
    return names


def problems(chart):
    lint = chart.run("lint", "--strict", "kefu")
    if lint.returncode != 0:
        yield lint.stdout + lint.stderr
    for values in ACCEPTED:
        rendered = chart.template(values)
        if rendered.returncode != 0:
            yield f"{values}: {rendered.stderr}"
            continue
        for document in rendered.stdout.split("\n---\n"):
            yield from problems_of(document, chart.root)
    for value in REFUSED:
        if chart.template([value]).returncode == 0:
            yield f"{value} is not refused"


def problems_of(document, root):
    if not re.search(r"^kind: (Deployment|StatefulSet)$", document, re.MULTILINE):
        return
    component = re.search(r"app\.kubernetes\.io/component: (\w+)", document)[1]
    for needed in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false", "drop: [ALL]",
                   "type: RuntimeDefault", "automountServiceAccountToken: false", "enableServiceLinks: false"):
        if needed not in document:
            yield f"{component}: lacks `{needed}`"
    if (root / "services" / component).is_dir():
        for variable in set(re.findall(r"name: (KEFU_\w+)", document)) - environment_variables_of(root, component):
            yield f"{component}: has no setting {variable}"


def main():
    found = dict.fromkeys(problems(Chart(pathlib.Path(sys.argv[1]).resolve())))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
