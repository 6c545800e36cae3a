"""Run trials in their full form: `python -m tests.faults --trial T1 --seeds 30`. Exit status 1 if a figure is off."""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import tests.faults
from tests.faults.harness import Bench, Off
from tests.faults.trial import ORACLE, Result, Trial
from touchpath.problem import Problem


def trials() -> dict[str, Trial]:
    """All of them, by name, in the order of their numbers."""
    names = sorted(module.name for module in iter_modules(tests.faults.__path__) if module.name[1:3].isdigit())
    found = [import_module(f"tests.faults.{name}").TRIAL for name in names]
    return {trial.name: trial for trial in found}


def main() -> int:
    known = trials()
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--trial", nargs="+", choices=known, default=list(known), metavar="T", help="all unless given")
    parser.add_argument("--seeds", type=int, help="runs in a row; unless given, what the trial asks for (30 for kills)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the first run")
    parser.add_argument("--scale", type=float, default=1.0, help="shortens outages and sizes: 0.1 is a tenth")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object a line on stdout")
    parser.add_argument("--keep", type=Path, help="work in this directory, and leave everything there")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # clients' complaints about brokers that we killed
    say(f"random seed {options.seed} (--seed), scale {options.scale:g}")
    failed = False
    for name in options.trial:
        trial = known[name]
        with tempfile.TemporaryDirectory(prefix=f"touchpath-{name.lower()}-") as scratch:
            directory = (options.keep or Path(scratch)) / name
            directory.mkdir(parents=True)
            runs = trial.runs if options.seeds is None else min(options.seeds, trial.runs)
            done, result, problems, seconds = carry_out(trial, directory, options.seed, runs, options.scale)
        failed |= bool(problems)
        if options.json:
            told = {
                "trial": name,
                "title": trial.title,
                "runs": done,
                "of": runs,
                "seed": options.seed,
                "scale": options.scale,
                "seconds": round(seconds),
                "off": problems,
                **result.figures,
            }
            print(json.dumps(told), flush=True)
        else:
            print(table(trial, done, result, problems, options.seed, options.scale, seconds), flush=True)
    return int(failed)


def carry_out(
    trial: Trial, directory: Path, seed: int, runs: int, scale: float
) -> tuple[int, Result, list[str], float]:
    """How many runs went through, the figures of all, what is off, and the seconds that it took."""
    total, problems, done, finished = Result(), list[str](), 0, False
    started = time.monotonic()
    try:
        with trial.bench(directory) as bench:
            for number in range(runs):
                result = one(trial, bench, seed + number, scale, number)
                total.add(result)
                # In a row: what is off in one run ends the series.
                problems += [
                    f"seed {seed + number}: {name} {value:g}"
                    for name in ORACLE
                    if (value := result.figures.get(name, 0))
                ]
                if problems:
                    break
                done += 1
            else:
                total.add(trial.finish(bench))
                finished = True
    except (Off, Problem) as error:
        problems.append(str(error))
    except Exception as error:
        traceback.print_exc()
        problems.append(f"{type(error).__name__}: {error}")
    problems += trial.off(total, done, finished=finished) if done else []
    for remark in total.remarks[:20]:
        say(f"    {remark[:600]}")
    return done, total, problems, time.monotonic() - started


def one(trial: Trial, bench: Bench, seed: int, scale: float, number: int) -> Result:
    began = time.monotonic()
    result = trial.run(bench, seed, scale)
    shown = ", ".join(f"{name} {value:g}" for name, value in shorter(result).items())
    say(f"{trial.name} run {number + 1}, seed {seed}, {time.monotonic() - began:.1f} s: {shown}")
    return result


def shorter(result: Result) -> dict[str, float]:
    return {name: round(value, 2) for name, value in result.figures.items()}


def table(trial: Trial, done: int, result: Result, problems: list[str], seed: int, scale: float, seconds: float) -> str:
    lines = [
        f"{trial.name} {trial.title}: {done} runs, seeds {seed} to {seed + max(0, done - 1)}, scale {scale:g}, "
        f"{seconds:.0f} s"
    ]
    lines += [f"    {name:28} {value:>12,g}" for name, value in shorter(result).items()]
    lines += [f"    OFF: {problem}" for problem in problems] or ["    as it must be"]
    return "\n".join(lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
