"""Why tests hang, in plain sentences. Pure."""

from collections.abc import Iterator, Sequence

from runner.core.backends import Backend
from runner.core.processes import Process, tell_processes
from runner.core.waiting import Finding, Node, RunningTest
from runner.core.waiting_lengths import tell_seconds
from runner.core.waiting_story import Story


def tell(
    finding: Finding, backends: Sequence[Backend], tests: Sequence[RunningTest], processes: Sequence[Process] = ()
) -> str:
    """A finding as one sentence."""
    story = Story(finding, {each.pid: each for each in backends}, {each.worker: each for each in tests}, processes)
    return f"{tell_subject(story)} {tell_state(story)}: {'; '.join(tell_path(story))}"


def tell_subject(story: Story) -> str:
    """Whose tests hang."""
    workers = story.finding.workers
    if not workers:
        first = story.find(story.finding.path[0])
        return story.name_owner(first) if first else "a backend"
    return " and ".join(tell_test(worker, story.tests.get(worker)) for worker in workers)


def tell_test(worker: str, test: RunningTest | None) -> str:
    """A worker and its test."""
    if test is None:
        return f"{worker}: what runs outside its tests"
    return f"{worker}: {'the teardown of ' if test.is_over else ''}{test.test}"


def tell_state(story: Story) -> str:
    """That it hangs, and for how long."""
    finding = story.finding
    alone = len(finding.workers) < 2
    seconds = finding.seconds
    if test := story.tests.get(finding.workers[0]) if finding.workers else None:
        seconds = seconds if test.is_over or not alone else test.seconds
    duration = tell_seconds(seconds)
    match finding.kind:
        case "deadlock":
            return f"{'hangs' if alone else 'hang'} for {duration} in a deadlock"
        case "deadlock-through-test":
            through = "the test itself" if alone else "the tests themselves"
            verb = "hangs" if alone else "hang"
            return f"{verb} for {duration} in a deadlock that goes through {through}, so Postgres does not see it"
        case "blocked":
            return f"hangs for {duration}"
        case _:
            return f"runs for {duration}"


def tell_path(story: Story) -> Iterator[str]:
    """Who waits for whom, one part of the sentence for each."""
    finding = story.finding
    match finding.kind:
        case "deadlock" | "deadlock-through-test":
            for node, following in zip(finding.path, (*finding.path[1:], finding.path[0]), strict=True):
                yield tell_wait(story, node, following)
        case "blocked":
            for node, following in zip(finding.path, finding.path[1:], strict=False):
                yield tell_wait(story, node, following)
            yield from tell_last(story, finding.path[-1])
        case "statement":
            yield from tell_last(story, finding.path[0])
        case "test":
            yield tell_idle([each for node in finding.path if (each := story.find(node))])
            if told := tell_processes(finding.workers[0], story.processes):
                yield told


def tell_wait(story: Story, node: Node, following: Node) -> str:
    """That one waits for the next."""
    each = story.find(node)
    if each is None:
        return f"{story.name(node)} waits for {story.name(following)}"
    if isinstance(following, str):
        idle = f"{story.name(node)} is {each.state} for {tell_seconds(each.seconds)}"
        return f"{idle} and waits for {story.name(following)}"
    # A row is waited for by a lock on the transaction that changed it, whose mode says nothing.
    mode = f" ({each.mode})" if each.target.startswith("`") else ""
    waiter, wanted = story.name(node), f"waits for {each.target or 'a lock'}{mode}"
    how = "waits for too, and came first" if following in each.queued else "holds"
    return f"{waiter} {wanted}, which {story.name(following)} {how}"


def tell_last(story: Story, node: Node) -> Iterator[str]:
    """What the last of a path does, which waits for no other backend."""
    each = story.find(node)
    if each is None or each.blockers:
        return
    seconds = tell_seconds(each.seconds)
    if each.state == "active":
        yield f"{story.name(node)} works on one statement for {seconds}{f' ({each.wait})' if each.wait else ''}"
    else:
        yield f"{story.name(node)} is {each.state or 'at work'} for {seconds}"


def tell_idle(backends: Sequence[Backend]) -> str:
    """That Postgres is not what a test waits for."""
    busy = [each for each in backends if each.state == "active"]
    if not backends:
        return "it has no connection to Postgres"
    if busy:
        return f"Postgres works for it, on one statement after another (backend {busy[0].pid})"
    open_ones = [f"{each.pid} for {tell_seconds(each.seconds)}" for each in backends if each.is_in_transaction]
    if open_ones:
        return f"Postgres waits for it: idle in transaction is backend {', '.join(open_ones)}"
    return "Postgres has nothing to do for it"


def find_statements(finding: Finding, backends: Sequence[Backend]) -> list[tuple[Backend, str]]:
    """The backends of a finding that have a statement, in the order of the sentence, and whether it is their last."""
    by_pid = {each.pid: each for each in backends}
    found = [by_pid[node] for node in finding.path if isinstance(node, int) and node in by_pid]
    wanted = found if finding.kind != "test" else []
    return [(each, "" if each.state == "active" else "last statement: ") for each in wanted if each.statement]
