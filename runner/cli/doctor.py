"""`runner doctor`: checks what a run needs, each with ok or what to do."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption
from runner.errors import EngineError


@app.command("doctor")
def doctor(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Check the engine, its disk, the registry or mirror, the CA bundle and the project."""
    from runner.engines.docker.diagnosis import diagnose

    findings = diagnose(project, os.environ)
    if as_json:
        print(json.dumps([asdict(each) for each in findings]))
    else:
        for each in findings:
            print(f"{'ok  ' if each.ok else 'FAIL'}  {each.subject:<11} {each.found}")
            if each.advice:
                print(f"                  {each.advice}")
    if not all(each.ok for each in findings):
        raise typer.Exit(EngineError.exit_code if not findings[0].ok else 1)
