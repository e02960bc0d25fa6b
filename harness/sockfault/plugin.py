# SPDX-License-Identifier: MIT
"""The pytest plugin: the fixture `sockfault`, its options, and what a failure says. With
sweepplugin.py and gradeplugin.py the only module that knows pytest.
"""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import shutil
from typing import Any, Generator, Iterator

import pytest

from . import failure, gradeplugin, results, sweepplugin
from .command import SockfaultError, version
from .harness import Options, Sockfault
from .results import Collected
from .run import TIMEOUT, UnfiredRules, seconds
from .suite import FAULT_FREE, Scenario, Suite, Target, read
from .toml import WrongFile
from .trial import Outcome, Trials, Unusable

SHARD = pytest.StashKey[tuple[int, int]]()
KEY = pytest.StashKey[Sockfault]()
OPTIONS = pytest.StashKey[Options]()


def _duration(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise pytest.UsageError(f"--sockfault-timeout: {error}") from None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockfault", "sockfault: socket calls that fail")
    group.addoption(
        "--sockfault-seed", type=int, metavar="N", help="seed of all random choices (default: 1)"
    )
    group.addoption(
        "--sockfault-timeout",
        metavar="D",
        default=f"{TIMEOUT:g}s",
        help="end each run after D, as 10s or 500ms (default: %(default)s)",
    )
    group.addoption(
        "--sockfault-realism",
        choices=["kernel", "posix"],
        help="inject what Linux does, or all that POSIX allows (default: posix)",
    )
    group.addoption(
        "--sockfault-suite",
        action="append",
        default=[],
        metavar="FILE",
        help="run the scenarios of this suite, a TOML file; may be given more than once",
    )
    group.addoption(
        "--sockfault-sweep",
        action="append",
        default=[],
        metavar="PLAN",
        help="try the faults of this plan, made by sockfault sweep --report DIR",
    )
    group.addoption(
        "--sockfault-shard", metavar="I/N", help="run the I-th of N parts of all that is collected"
    )
    gradeplugin.add_option(group)
    group.addoption(
        "--sockfault-report",
        metavar="DIR",
        help="write an HTML page for each run, results.json and results.sarif there",
    )
    group.addoption(
        "--sockfault-annotations",
        action="store_true",
        help="print annotations for GitHub, and a summary in Markdown",
    )
    group.addoption(
        "--sockfault-keep",
        action="store_true",
        help="keep the traces of tests that passed, too, and say where they are",
    )


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    config.stash[OPTIONS] = Options(
        option.sockfault_seed, _duration(option.sockfault_timeout), option.sockfault_realism
    )
    # Suites and plans are collected as files of the command line are, instead of what pytest would
    # collect if nothing were named.
    option.sockfault_sweep = [os.path.abspath(name) for name in option.sockfault_sweep]
    files = [*option.sockfault_suite, *option.sockfault_sweep]
    if files:
        config.args = [*(config.args if option.file_or_dir else []), *files]
    gradeplugin.configure(config, is_worker(config))
    if option.sockfault_shard:
        config.stash[SHARD] = _shard(option.sockfault_shard)
    if not is_worker(config):
        config.pluginmanager.register(Collected(config), "sockfault-collected")


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise pytest.UsageError(f"--sockfault-shard is as 2/3, the second of three, not {text}")
    return int(match[1]), int(match[2])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A shard has each N-th item: the same ones wherever it runs."""
    if SHARD in config.stash:
        number, count = config.stash[SHARD]
        config.hook.pytest_deselected(
            items=[x for i, x in enumerate(items) if i % count != number - 1]
        )
        items[:] = items[number - 1 :: count]


def pytest_report_header() -> str:
    try:
        return f"sockfault: {version()}"
    except SockfaultError as error:
        return f"sockfault: {error}"


@pytest.fixture
def sockfault(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Sockfault, None, None]:
    """Runs programs whose socket calls fail; see sockfault.run, sockfault.start, sockfault.peer."""
    folder = tmp_path_factory.mktemp("sockfault")
    made = Sockfault(folder, request.config.stash[OPTIONS])
    request.node.stash[KEY] = made
    yield made
    made.end()
    report = getattr(request.node, "sockfault_failed", False)
    if not report and not request.config.option.sockfault_keep:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """A test whose rules did not all fire has proved nothing: it fails, in its call."""
    outcome = yield
    made = pyfuncitem.stash.get(KEY, None)
    if made is None or outcome.excinfo:
        return
    made.finish()
    why = made.vacuous()
    if why:
        raise UnfiredRules(why)


def _repeat(item: pytest.Item, made: Sockfault) -> str:
    """The one command that repeats what failed: of the run, or of the test where that has a part in
    Python."""
    if len(made.runs) == 1 and not made.peers and not made.servers:
        return made.runs[0].repeat
    seed = made.runs[-1].seed if made.runs else 1
    return f"pytest {shlex.quote(item.nodeid)} --sockfault-seed {seed}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    outcome = yield
    if isinstance(item, TrialItem) and call.when == "call":
        _report_trial(item, call, outcome.get_result())
    made = item.stash.get(KEY, None)
    if made is None or call.when != "call":
        return
    report: pytest.TestReport = outcome.get_result()
    made.stop_servers()
    if made.runs and _is_collected(item.config):
        _report_runs(item, made, report)
    if report.failed:
        if call.excinfo and isinstance(call.excinfo.value, UnfiredRules):
            path, line, _ = item.reportinfo()
            text = str(call.excinfo.value)
            report.longrepr = _plain(call.excinfo, text, pathlib.Path(path), (line or 0) + 1)
        item.sockfault_failed = True  # type: ignore[attr-defined]
        for title, text in failure.sections(made.runs, _repeat(item, made)):
            _add_section(report, title, text)
    elif item.config.option.sockfault_keep and made.runs:
        kept = "\n".join(str(run.trace) for run in made.runs)
        report.sections.append(("sockfault traces", kept))
        report.user_properties.append(("sockfault-trace", kept))


def _plain(
    excinfo: pytest.ExceptionInfo[BaseException], text: str, path: pathlib.Path, line: int
) -> Any:
    """A failure that is words and no traceback, with a line for pytest's summary."""
    crash: Any = excinfo.getrepr(style="short").reprcrash
    crash.path, crash.lineno, crash.message = str(path), line, text.splitlines()[0]
    made: Any = excinfo.getrepr(style="value")
    made.reprtraceback.reprentries[0].lines[:] = text.splitlines()
    made.reprcrash = crash
    made.chain = [(made.reprtraceback, crash, None)]
    return made


def _is_collected(config: pytest.Config) -> bool:
    """Does somebody want what was found? It takes reading each trace."""
    return bool(config.option.sockfault_report or config.option.sockfault_annotations)


def _report_runs(item: pytest.Item, made: Sockfault, report: pytest.TestReport) -> None:
    path, line, _ = item.reportinfo()
    crash = getattr(report.longrepr, "reprcrash", None)
    problems = [crash.message] if report.failed and crash else []
    found = results.of_runs(item.nodeid, made.runs, pathlib.Path(path), (line or 0) + 1, problems)
    setattr(report, results.ATTRIBUTE, found | {"passed": not report.failed})
    folder = item.config.option.sockfault_report
    for number, run in enumerate(made.runs, 1):
        if folder:
            title = f"{item.name}: {run.name}" + (f" {number}" if len(made.runs) > 1 else "")
            results.write_page(
                folder, title, run, run.findings, problems, made.lines(), _repeat(item, made)
            )


def _report_trial(item: TrialItem, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    outcome, config = item.outcome, item.config
    if outcome is None:
        if call.excinfo:
            text = item.complaint(call.excinfo.value)
            found = results.of_failure(item.nodeid, item.target, item.path, item.line, text)
            setattr(report, results.ATTRIBUTE, found)
        return
    again = f"pytest {shlex.quote(item.nodeid)} --sockfault-seed {outcome.seen.run.seed}"
    if not outcome.passed:
        for title, text in failure.outcome_sections(outcome, again):
            _add_section(report, title, text)
    for finding in outcome.known:
        report.sections.append(("known findings", str(finding)))
    if _is_collected(config):  # xdist sends what plain values a report has to where they are wanted
        found = results.of_outcome(item.nodeid, outcome, item.suite.path)
        setattr(report, results.ATTRIBUTE, found)
    if config.option.sockfault_report:
        _write_trial(item, outcome, outcome.repeat or again)
    if outcome.passed and not config.option.sockfault_keep:
        shutil.rmtree(outcome.seen.run.folder, ignore_errors=True)


def _write_trial(item: TrialItem, outcome: Outcome, repeat: str) -> None:
    results.write_page(
        item.config.option.sockfault_report,
        f"{item.name}: {outcome.target.name}",
        outcome.seen.run,
        outcome.findings + outcome.known,
        outcome.problems,
        outcome.seen.peer_lines,
        repeat,
    )


def _add_section(report: pytest.TestReport, title: str, text: str) -> None:
    """Within the failure itself, so that JUnit files have it too."""
    add = getattr(report.longrepr, "addsection", None)
    if add:
        add(title, text)
    else:
        report.sections.append((title, text))


# ---- suites ----


class WrongTrial(Exception):
    """A trial that failed, with all that there is to say of it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(failure.outcome_text(outcome))
        self.outcome = outcome


def pytest_collect_file(
    file_path: pathlib.Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """A TOML file that is named on the command line is a suite."""
    if file_path.suffix == ".toml" and parent.session.isinitpath(file_path):
        # Below the root pytest names it itself.
        inside = file_path.is_relative_to(parent.config.rootpath)
        name: dict[str, Any] = {} if inside else {"nodeid": str(file_path)}
        made: SuiteFile = SuiteFile.from_parent(parent, path=file_path, **name)
        return made
    return gradeplugin.collect(file_path, parent) or sweepplugin.collect(file_path, parent)


class SuiteFile(pytest.File):
    """A suite: its items are the trials, each target's fault-free run first."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            suite = read(self.path)
        except WrongFile as error:
            raise self.CollectError(str(error)) from None
        folder = self.config._tmp_path_factory.mktemp("suite")  # type: ignore[attr-defined]
        trials = Trials(suite, folder, self.config.stash[OPTIONS].seed)
        for target, scenario in suite.pairs():
            name = scenario.name if scenario else FAULT_FREE
            if len(suite.targets) > 1:
                name = f"{name} [{target.name}]"
            yield TrialItem.from_parent(
                self, name=name, trials=trials, target=target, scenario=scenario
            )


class TrialItem(pytest.Item):
    """One (target, scenario); without a scenario, the fault-free run."""

    def __init__(
        self, *, trials: Trials, target: Target, scenario: Scenario | None, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.trials, self.target, self.scenario = trials, target, scenario
        self.outcome: Outcome | None = None

    @property
    def suite(self) -> Suite:
        return self.trials.suite

    def runtest(self) -> None:
        if self.scenario is None:
            self.trials.baseline(self.target)
            for name in self.suite.unknown_findings():
                self.warn(pytest.PytestWarning(f"this sockfault does not look for '{name}'"))
            return
        self.outcome = self.trials.trial(self.target, self.scenario)
        if not self.outcome.passed:
            raise WrongTrial(self.outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        error = excinfo.value
        if isinstance(error, (WrongTrial, SockfaultError)):
            return _plain(excinfo, self.complaint(error), self.path, self.line)
        return super().repr_failure(excinfo)

    def complaint(self, error: BaseException) -> str:
        """In words; of what was not even tried only the first line: another item has them all."""
        if isinstance(error, Unusable) and self.scenario:
            return f"not run: {str(error).splitlines()[0]}"
        return str(error)

    @property
    def line(self) -> int:
        return self.scenario.line if self.scenario else 1

    def reportinfo(self) -> tuple[pathlib.Path, int | None, str]:
        return self.path, self.line - 1, self.name
