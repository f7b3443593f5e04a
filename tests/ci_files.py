"""The files of CI: which jobs there are, and the lines of shell that each runs."""

from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github" / "workflows" / "tests.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
KEYWORDS = {"stages", "variables", "workflow", "default", "include"}


def parse(text):
    """YAML 1.2, as GitHub's readers take it: there `on` is no truth."""
    return YAML(typ="safe", pure=True).load(text)


def read(path):
    return parse(path.read_text())


def list_github_steps():
    """The steps that run shell, each with its name."""
    return {step["name"]: step["run"] for step in read(GITHUB)["jobs"]["group"]["steps"] if "run" in step}


def list_gitlab_jobs():
    """GitLab's jobs, each with what it extends."""
    found = read(GITLAB)

    def extend(job):
        return {**extend(found[job["extends"]]), **job} if "extends" in job else job

    return {
        name: extend(job)
        for name, job in found.items()
        if isinstance(job, dict) and name not in KEYWORDS and name[0] != "."
    }


def list_gitlab_scripts(job):
    """What a job of GitLab's runs, as GitLab's runner does: two shells, of which the second comes in any case."""
    return ["\n".join([*job.get("before_script", []), *job["script"]]), "\n".join(job.get("after_script", []))]
