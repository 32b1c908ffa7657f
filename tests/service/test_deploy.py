"""The files in deploy/ match the program: its commands, options, variables, ports and metrics."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import threading
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from search import cli, plugins
from search.service.metrics import Metrics
from search.settings import Settings
from tests.commandline import soundalike
from tests.documentation.snippets import PROJECT
from tests.nginx import PROGRAM, address, needs_nginx, nginx
from tests.service.conftest import serving
from tests.waiting import PATIENCE_S, wait_until

yaml = pytest.importorskip("yaml", reason="PyYAML, which the extra docs brings, is not installed")

DEPLOY = PROJECT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if one["image"].startswith("soundalike:")}
CHART = DEPLOY / "helm" / "soundalike"


class Asked(dict):
    """An environment that notes what is looked up in it."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return default


def settings_there_are():
    asked = Asked()
    Settings.from_env(asked)
    return asked.names


def parses(words):
    """Whether the command line takes these words, without running them."""
    commands = {command.name: command for command in plugins.commands()}
    args = cli._parser(commands, words[0]).parse_args(words)
    assert args.command == words[0] if hasattr(args, "command") else True


def texts():
    return {
        file.relative_to(DEPLOY).as_posix(): file.read_text("utf-8") for file in DEPLOY.rglob("*") if file.is_file()
    }


def test_every_variable_is_a_setting_that_there_is():
    """Of ours, and of the programs that are spoken to."""
    others = {"PGPASSWORD", "MILVUS_URI", "MILVUS_TOKEN", "RAY_ADDRESS", "AWS_ENDPOINT_URL", "AWS_REGION"}
    others |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    there_are = settings_there_are()
    for name, text in texts().items():
        assert set(re.findall(r"\bSOUNDALIKE_[A-Z_]+", text)) <= there_are, name
    for name, one in OURS.items():
        assert set(one["environment"]) <= there_are | others, name
    for variable in ("MILVUS_URI", "MILVUS_TOKEN"):
        assert variable in (PROJECT / "search/vectors/milvus/collection.py").read_text("utf-8")


def test_every_command_is_one_that_the_program_takes():
    commands = [one["command"] for name, one in OURS.items() if "entrypoint" not in one]
    for file in sorted((DEPLOY / "systemd").glob("*.service")):
        (line,) = re.findall(r"^ExecStart=\S+/soundalike (.+)$", file.read_text("utf-8"), re.MULTILINE)
        commands.append(shlex.split(line))
    for args in re.findall(r"^ +args: \[(.+)\]$", "\n".join(texts().values()), re.MULTILINE):
        filled = re.sub(r"\{\{ \.Values\.(\S+)(?: \| quote)? \}\}", lambda found: str(value(found[1])), args)
        commands.append([word.strip(' "') for word in filled.split(",")])
    commands += [shlex.split(init) for init in re.findall(r"\|\| soundalike (init .+)$", OURS["library"]["command"][0])]
    commands.append(chart_init({"catalog": "postgresql://a@b/c", "store": "s3://a/b", "roots": ["s3://a/c", "/d"]}))
    commands += [shlex.split(words[-1].rpartition("exec soundalike ")[2]) for words in scripts("exec soundalike ")]
    assert len(commands) == 9
    for words in commands:
        parses([str(word) for word in words])


def scripts(part):
    """The commands of ours that are a shell's, and have this in them."""
    return [
        one["command"] for one in OURS.values() if one.get("entrypoint") == ["sh", "-c"] and part in one["command"][0]
    ]


def test_whatever_uses_ray_is_a_node_first():
    """Ray ends a program that asks a cluster from a machine that is none of its nodes."""
    direct = [one["command"] for one in OURS.values() if "entrypoint" not in one]
    assert not [words for words in direct if "ray" in words]
    (script,) = scripts("--on ray")
    first, _, then = script[0].partition(" && ")
    address = OURS["work"]["environment"]["RAY_ADDRESS"]
    assert first.startswith(f"ray start --address={address} --num-cpus=0 ")
    assert then.startswith("exec soundalike work --on ray")


def value(path):
    """What values.yaml gives a name with dots."""
    found = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    for part in path.split("."):
        found = found[part]
    return found


def chart_init(values):
    """The words of ``soundalike`` in the chart's job that makes the library, as Helm and the shell make them of values.

    Of Helm's language it has what stands there: a list of words, some of them below an ``if`` or a ``range``.
    """
    text = (CHART / "templates" / "library.yaml").read_text("utf-8")
    script, *lines = re.search(r"^ +args:\n((?: +(?:- |\{\{-).*\n)+)", text, re.MULTILINE)[1].splitlines()
    words, around = [], [[None]]
    for line in map(str.strip, lines):
        name = re.search(r"\.Values\.(\w+)", line)
        if re.match(r"\{\{- (if|range) ", line):
            given = values[name[1]]
            around.append(given if isinstance(given, list) else [given] * bool(given))
        elif line == "{{- end }}":
            around.pop()
        elif filled := re.fullmatch(r'- \{\{ printf "(.+)" \S+ \| quote \}\}', line):
            words += [filled[1] % (values[name[1]] if name else one) for one in around[-1]]
        else:
            words.append(line.removeprefix("- "))
    assert around == [[None]]
    quoted = " ".join(map(shlex.quote, words[1:]))  # the first is the name of what sh -c runs
    return shlex.split(script.partition("|| soundalike ")[2].replace('"$@"', quoted))


def test_the_chart_makes_a_library_with_the_store_and_the_roots_that_values_name(tmp_path):
    """As `soundalike init` writes them into ``library.toml``; without them it says nothing of them."""
    said = {"catalog": "kept.sqlite", "store": f"file://{tmp_path}/a store", "roots": ["s3://sounds/a b", "/mnt/field"]}
    bare = {**said, "store": value("store"), "roots": value("roots")}
    for name, values in {"all": said, "bare": bare}.items():
        words = [word.replace("=/library", f"={tmp_path}/{name}") for word in chart_init(values)]
        assert soundalike(*words).returncode == 0
        described = tomllib.loads((tmp_path / name / "library.toml").read_text("utf-8"))
        assert described == {key: one for key, one in values.items() if one}


def test_the_chart_uses_values_that_it_has_and_has_none_that_it_does_not_use():
    used = set()
    for file in (CHART / "templates").glob("*.yaml"):
        used |= set(re.findall(r"\.Values\.([\w.]+)", file.read_text("utf-8")))
    for path in used:
        value(path)
    tops = {path.split(".")[0] for path in used}
    assert tops == set(yaml.safe_load((CHART / "values.yaml").read_text("utf-8")))
    if shutil.which("helm"):
        subprocess.run(["helm", "lint", "--strict", str(CHART)], check=True)


def pods():
    """The chart's kinds that start containers, each with its name and its document, what templates fill in left out."""
    for file in sorted((CHART / "templates").glob("*.yaml")):
        text = re.sub(r"^ *\{\{-? (?:if|range|end)\b.*\}\}$", "", file.read_text("utf-8"), flags=re.MULTILINE)
        filled = re.sub(r"\{\{-? (.+?) \}\}", lambda found: re.sub(r"[^\w.]", "-", found[1]), text)
        for one in yaml.safe_load_all(filled):
            if "containers" in one.get("spec", {}).get("template", {}).get("spec", {}):
                yield one


def test_every_pod_can_write_the_volume_as_the_user_of_the_image():
    (gid, uid, group) = re.search(
        r"groupadd --gid (\d+) soundalike && useradd .*--uid (\d+) --gid (\d+) soundalike",
        (PROJECT / "Containerfile").read_text("utf-8"),
    ).groups()
    assert gid == uid == group
    contexts = [one["spec"]["template"]["spec"].get("securityContext") for one in pods()]
    assert contexts == [{"fsGroup": int(gid)}] * 3


def test_a_release_makes_a_job_of_its_own_since_jobs_cannot_be_changed():
    (job,) = [one for one in pods() if one["kind"] == "Job"]
    assert ".Release.Revision" in job["metadata"]["name"]
    assert job["spec"]["ttlSecondsAfterFinished"] > 0


def test_the_bucket_is_made_once_before_the_library_whose_store_it_holds():
    """What compose.yaml runs, twice, against a server of S3; the library and the guide name its bucket."""
    s3 = pytest.importorskip("tests.s3")
    bucket, library = OURS["bucket"], OURS["library"]
    with s3.served() as server:
        for _ in range(2):
            exec(compile(bucket["command"][0], "compose.yaml", "exec"), {})  # the entrypoint is python -c
        made = [path.strip("/") for method, path, _ in server.asked if method == "PUT"]
    assert bucket["entrypoint"] == ["python", "-c"]
    assert len(made) == 1
    assert library["depends_on"]["bucket"] == {"condition": "service_completed_successfully"}
    (store,) = re.findall(r"--store (\S+)", library["command"][0])
    guide = (PROJECT / "docs/guides/deploy.md").read_text("utf-8")
    assert {urlsplit(url).netloc for url in [store, *re.findall(r"s3://[\w/]+", guide)]} == set(made)
    (port,) = re.findall(r"--endpoint-url http://127\.0\.0\.1:(\d+) ", guide)
    assert COMPOSE["services"]["s3"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert bucket["environment"]["AWS_ENDPOINT_URL"] == f"http://s3:{port}"


def test_ports_are_those_that_the_service_listens_on():
    serves = {name: one for name, one in OURS.items() if one.get("command", [""])[0] == "serve"}
    ports = {name: one["command"][one["command"].index("--port") + 1] for name, one in serves.items()}
    assert len(ports) == 2
    assert {name: one["expose"] for name, one in serves.items()} == {name: [port] for name, port in ports.items()}
    addresses = {f"{name}:{port}" for name, port in ports.items()}
    upstream = set(re.findall(r"^ +server (\S+) max_fails", (DEPLOY / "nginx.conf").read_text("utf-8"), re.MULTILINE))
    watched = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))["scrape_configs"][0]
    assert upstream == addresses == set(watched["static_configs"][0]["targets"])
    listening = re.search(r"listen (\d+);", (DEPLOY / "nginx.conf").read_text("utf-8"))[1]
    assert COMPOSE["services"]["nginx"]["ports"] == [f"127.0.0.1:{listening}:{listening}"]


def test_files_that_are_mounted_are_there():
    for name, one in COMPOSE["services"].items():
        for mounted in one.get("volumes", []):
            source = mounted.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], name


def test_the_dashboard_shows_figures_that_the_service_has():
    metrics = Metrics()
    metrics.request("GET", "/x", 500, 0.1)
    with metrics.stage("engine"):
        pass
    counted = {sample.name for family in metrics._registry.collect() for sample in family.samples}
    gauges = set(re.findall(r'GaugeMetricFamily\("(\w+)"', (PROJECT / "search/service/metrics.py").read_text("utf-8")))
    dashboard = json.loads((DEPLOY / "grafana/soundalike.json").read_text("utf-8"))
    shown = {target["expr"] for panel in dashboard["panels"] for target in panel["targets"]}
    named = set(re.findall(r"\bsoundalike_\w+", "\n".join(shown)))
    assert named <= counted | gauges
    assert gauges <= named, "every gauge has its place"


def configuration(folder: Path, *services: str) -> str:
    """deploy/nginx.conf with these services, as `tests.nginx` takes it: what stands within http."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for name, service in zip(("service-1:8000", "service-2:8000"), services, strict=True):
        text = text.replace(name, service.removeprefix("http://"))
    return re.search(r"^http \{\n(.+)^\}", text, re.MULTILINE | re.DOTALL)[1].replace("access_log off;", "")


@needs_nginx
def test_nginx_takes_its_configuration(tmp_path):
    text = (
        (DEPLOY / "nginx.conf").read_text("utf-8").replace("service-1", "127.0.0.1").replace("service-2", "127.0.0.1")
    )
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\n{text}", "utf-8")
    checked = subprocess.run(
        [PROGRAM, "-t", "-e", "stderr", "-c", str(file)], capture_output=True, text=True, check=False
    )
    assert "syntax is ok" in checked.stderr, checked.stderr


@pytest.mark.slow
@needs_nginx
def test_two_services_are_restarted_one_after_the_other_and_no_request_fails(library_path, tmp_path):
    """Behind a real nginx, with 50 requests a second: lists, and questions that are posted."""
    failed, asked, stop = [], [0], threading.Event()

    def ask(root, number):
        session = requests.Session()
        while not stop.is_set():
            begun = time.monotonic()
            try:
                if number % 2:
                    answer = session.get(f"{root}/api/v1/clips?limit=1", timeout=PATIENCE_S)
                else:
                    question = {"parts": [{"text": "rain"}], "k": 1}
                    answer = session.post(f"{root}/api/v1/search", json=question, timeout=PATIENCE_S)
                if answer.status_code != 200:
                    failed.append((answer.status_code, answer.text[:300]))
            except requests.RequestException as error:
                failed.append(error)
            asked[0] += 1
            stop.wait(max(0.0, 0.2 - (time.monotonic() - begun)))

    with ExitStack() as stack:
        services = [
            stack.enter_context(serving(library_path, "--trusted-proxy", "127.0.0.1", "--rate", "1000000"))
            for _ in range(2)
        ]
        listening = stack.enter_context(address())
        root = f"http://127.0.0.1:{listening.getsockname()[1]}"
        stack.enter_context(nginx(tmp_path, listening, root, configuration(tmp_path, *(one.url for one in services))))
        askers = [threading.Thread(target=ask, args=(root, number)) for number in range(10)]
        for asker in askers:
            asker.start()
        try:
            for service in services:
                port = service.url.rpartition(":")[2]
                assert service.stop() == 0
                again = stack.enter_context(
                    serving(library_path, "--trusted-proxy", "127.0.0.1", "--rate", "1000000", "--port", port)
                )
                wait_until(lambda again=again: again.get("/ready").status_code == 200)
                before = asked[0]
                wait_until(lambda before=before: asked[0] > before + 50)
        finally:
            stop.set()
            for asker in askers:
                asker.join()
    print(f"{asked[0]} requests, {len(failed)} failed")
    assert failed == []
