"""Find the plan that an earlier apply has left unfinished, and tell how far it came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fleetsync.cli.ending import report_pieces
from fleetsync.cli.fleet import Fleet
from fleetsync.cli.options import Options
from fleetsync.cli.output import emit
from fleetsync.cli.progress import notice
from fleetsync.cli.session import utc_now
from fleetsync.errors import JournalError, UsageError
from fleetsync.journal.folder import StoredRun, read_stored_run
from fleetsync.journal.plan_copy import find_unfinished
from fleetsync.plan import Plan
from fleetsync.plan.cost import Cost
from fleetsync.plan.digest import plan_digest
from fleetsync.plan.plan import Unmanaged
from fleetsync.report.journal import ShownRun, headline, story
from fleetsync.report.outcome import make_report


def unfinished_run(folder: Path, plan_file: Path | None) -> StoredRun | None:
    """Give the run to go on with, if there is one; UsageError if a plan is named as well."""
    if plan_file is not None:
        raise UsageError(
            f"--resume goes on with the plan that was begun, so {plan_file} has no place beside it;"
            " leave one of the two away"
        )
    return find_unfinished(folder)


def tell_unfinished(folder: Path, stored: StoredRun) -> None:
    """Tell on stderr how far the run came that is gone on with, by now settled."""
    try:
        newest = read_stored_run(folder, stored.name)
    except JournalError:  # a damaged one was set aside, and that was told
        return
    each = ShownRun(stored.name, str(newest.path), newest.run, newest.damaged)
    notice(f"going on with {stored.name}: {headline(each)}")
    for line in story(each):
        notice(f"  {line}")


def nothing_to_resume(fleet: Fleet, options: Options) -> None:
    """Say that no plan was left unfinished."""
    plan = Plan(
        fleet=fleet.settings.fleet,
        org="",
        created_at=utc_now(),
        manifest_digest=fleet.desired.digest,
        digest=plan_digest(()),
        changes=(),
        records=(),
        refusals=(),
        warnings=(),
        unmanaged=Unmanaged(0, 0),
        withheld=0,
        cost=Cost(0, 0),
        calls_per_second=fleet.settings.calls_per_second,
    )
    report = make_report(plan, [], fatal=None, calls=0, secrets_file="")

    def pieces(form: str) -> Iterator[str]:
        if form == "text":
            yield "Nothing to resume: no apply has left its plan unfinished.\n"
        else:
            yield from report_pieces(report, options, form)

    emit(options, pieces)
