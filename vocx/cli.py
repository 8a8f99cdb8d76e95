"""The command line. Heavy imports live inside the commands, so that `--help` is quick."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from vocx import __version__
from vocx.errors import UserError

app = typer.Typer(
    name="vocx",
    help="Where in the customer journey does it hurt, how much, and on what evidence?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(
    help="Models: what there is, and what each is good for.", no_args_is_help=True
)
journeys_app = typer.Typer(
    help="Journeys: ways to cut a customer's life into stages.", no_args_is_help=True
)
app.add_typer(models_app, name="models")
app.add_typer(journeys_app, name="journeys")
codebook_app = typer.Typer(
    help="Issues of a run: list and edit them; ids and edits outlive every rerun.",
    no_args_is_help=True,
)
app.add_typer(codebook_app, name="codebook")

Inputs = Annotated[
    list[str], typer.Argument(help="Data files, folders, or one pipeline file (.yaml).")
]
RunDir = Annotated[Path, typer.Argument(help="A run's folder.")]
JourneyName = Annotated[
    str | None, typer.Option("--journey", help="A shipped journey's name, or a YAML file.")
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the trace of our own faults.")
    ] = False,
) -> None:
    """Where in the customer journey does it hurt, how much, and on what evidence?"""


@app.command()
def run(
    inputs: Inputs,
    out: Annotated[Path, typer.Option("--out", help="The run's folder, new or one to go on with.")],
    model: Annotated[str | None, typer.Option("--model", help="A model's name or folder.")] = None,
    journey: JourneyName = None,
    codebook: Annotated[
        str | None,
        typer.Option(
            "--codebook", help="Start from these issues: a run, its codebook, a codeframe."
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Cut the matrix by this column too; repeatable."),
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Cut it by month, quarter or year too.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any key of a pipeline file, as key=value; repeatable."),
    ] = None,
    no_redact: Annotated[
        bool, typer.Option("--no-redact", help="Keep personal data as it is.")
    ] = False,
) -> None:
    """Label feedback, find its issues, count the matrix, and write the report."""
    from vocx.api import config_of
    from vocx.engine import execute
    from vocx.runs import files_of_run
    from vocx.terminal import Bars, print_summary

    options: dict[str, Any] = {
        "model": model,
        "journey": journey,
        "codebook": codebook,
        "by": by or None,
        "period": period,
    }
    if no_redact:
        options["redact"] = False
    config = config_of(inputs, _pairs(settings or []), **options)
    before = files_of_run(out)
    with Bars() as bars:
        done = execute(config, out, bars.update)
    print_summary(done)
    if before and not before & files_of_run(out):
        typer.echo(
            f"{out} held a run of other files ({', '.join(sorted(before)[:3])}): it was written over."
        )


@app.command()
def report(run_dir: RunDir, journey: JourneyName = None) -> None:
    """Build report.html, report.xlsx and report.json again, by another journey if asked."""
    from vocx.engine import rejourney
    from vocx.journey import load_journey
    from vocx.report import write_reports
    from vocx.runs import load_run

    found = load_run(run_dir)
    chosen = load_journey(journey) if journey else found.journey
    for path in write_reports(rejourney(found, chosen), run_dir, chosen):
        typer.echo(path)


@app.command()
def show(
    run_dir: RunDir,
    what: Annotated[
        str, typer.Argument(help="matrix, issues, journey, costs, or feedback.")
    ] = "matrix",
    feedback_id: Annotated[
        str | None, typer.Argument(help="Of `feedback`: its id, or its source's id.")
    ] = None,
    journey: JourneyName = None,
    kind: Annotated[str, typer.Option("--kind", help="pain or win.")] = "pain",
) -> None:
    """Print a run's matrix, issues, journey map, what costs points, or one feedback with its labels."""
    from vocx.engine import rejourney
    from vocx.errors import closest
    from vocx.journey import load_journey
    from vocx.runs import load_run
    from vocx.terminal import (
        print_costs,
        print_feedback,
        print_issues,
        print_journey,
        print_matrix,
    )

    things = ["matrix", "issues", "journey", "costs", "feedback"]
    if what not in things:
        raise UserError(
            f"show: there is no '{what}' to show",
            closest(what, things),
        )
    if kind not in ("pain", "win"):
        raise UserError(f"--kind {kind}: is neither pain nor win", "choose one of: pain, win")
    found = load_run(run_dir)
    if what == "feedback":
        if feedback_id is None:
            raise UserError("show feedback: no id given", "vocx show DIR feedback ID")
        print_feedback(found, feedback_id)
        return
    chosen = load_journey(journey) if journey else found.journey
    if chosen != found.journey:
        found = rejourney(found, chosen)
    if what == "matrix":
        print_matrix(found, chosen, kind)
    elif what == "issues":
        print_issues(found, kind)
    elif what == "costs":
        print_costs(found)
    else:
        print_journey(found, chosen)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The earlier run's folder.")],
    after: Annotated[Path, typer.Argument(help="The later run's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for changes.csv, scores.csv, summary.md.")
    ] = None,
) -> None:
    """Say what changed between two runs: rates, mix, severity and scores, with tests."""
    from vocx.compare import compare as compare_runs
    from vocx.compare import in_words
    from vocx.runs import load_run

    runs = load_run(before), load_run(after)
    found = compare_runs(*runs)
    summary = in_words(found, *runs)
    typer.echo(summary)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        found.changes.to_csv(out / "changes.csv", index=False)
        found.scores.to_csv(out / "scores.csv", index=False)
        (out / "summary.md").write_text(summary, encoding="utf-8")
        typer.echo(f"written: {out}/summary.md, changes.csv, scores.csv")


@app.command()
def verify(run_dir: RunDir) -> None:
    """Check every count, quote and offset of a run against its tables; exit code 1 on a lie."""
    from vocx.runs import load_run
    from vocx.verify import verify as check

    verdict = check(load_run(run_dir))
    for lie in verdict.lies[:20]:
        typer.echo(f"wrong: {lie}")
    told = ", ".join(f"{n:,} {name}" for name, n in verdict.checked.items())
    if verdict.lies:
        typer.echo(f"{len(verdict.lies):,} wrong, of {told}")
        raise typer.Exit(1)
    typer.echo(f"all as it says: {told}")


@app.command()
def inspect(
    inputs: Inputs,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="As of `vocx run`; repeatable.")
    ] = None,
) -> None:
    """Say how files would be read: columns, first rows, what would be rejected. Writes nothing."""
    from vocx.api import config_of
    from vocx.engine import preview
    from vocx.terminal import print_ingested

    print_ingested(preview(config_of(inputs, _pairs(settings or []))))


@app.command()
def train(
    task: Annotated[
        str,
        typer.Argument(
            help="stage, touchpoint, sentiment, emotion, or a name of your own; or a recipe (.yaml)."
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Argument(help="Labelled feedback: a text column and one named as the task."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The model's folder.")] = None,
    base: Annotated[
        str, typer.Option("--base", help="The model whose encoder and other heads are kept.")
    ] = "voc-small",
) -> None:
    """Train a model on labelled feedback, or by a recipe such as pipelines/train-small.yaml."""
    from vocx.train import train_by_recipe, train_task

    if task.endswith((".yaml", ".yml")):
        folder = train_by_recipe(Path(task), out, typer.echo)
    elif labels is None or out is None:
        raise UserError("train: labels or --out are missing", "vocx train TASK LABELS --out MODEL")
    else:
        folder = train_task(task, labels, out, base, typer.echo)
    typer.echo(f"model: {folder}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A model's name or folder.")],
    labels: Annotated[Path, typer.Argument(help="Labelled feedback that did not train the model.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a model on labelled feedback: by class, with errors, calibration, slices, intervals."""
    import json

    from vocx.evaluate import evaluate_model
    from vocx.terminal import print_scores

    scores = evaluate_model(model, labels)
    if as_json:
        typer.echo(json.dumps(scores, indent=1))
    else:
        print_scores(scores, model, labels)


@models_app.command("list")
def models_list() -> None:
    """Name every model that can be found."""
    from vocx.models import list_models

    for name, path in list_models().items():
        typer.echo(f"{name:20s} {path}")


@models_app.command("show")
def models_show(name: Annotated[str, typer.Argument(help="A model's name or folder.")]) -> None:
    """Print a model's card."""
    from vocx.models import find_model

    card = find_model(name) / "README.md"
    typer.echo(card.read_text(encoding="utf-8") if card.is_file() else f"{name} has no card")


@journeys_app.command("list")
def journeys_list() -> None:
    """Name the journeys that ship, and their stages."""
    from vocx.journey import load_journey, shipped_journeys

    for entry in shipped_journeys():
        typer.echo(f"{entry.name:24s} {' > '.join(load_journey(entry.name).stage_names)}")


@journeys_app.command("show")
def journeys_show(name: Annotated[str, typer.Argument(help="A journey's name or file.")]) -> None:
    """Print a journey's stages, what each is, and the fine stages it covers."""
    from vocx.journey import load_journey

    found = load_journey(name)
    typer.echo(f"{found.name}: {found.title}\n{found.description}")
    for stage in found.stages:
        told = (
            f"covers {', '.join(stage.covers)}"
            if stage.covers
            else f"{len(stage.examples)} examples"
        )
        typer.echo(f"  {stage.name:32s} {stage.definition} ({told})")


@journeys_app.command("check")
def journeys_check(file: Annotated[str, typer.Argument(help="A journey's YAML file.")]) -> None:
    """Check a journey's file, and say which fine stages it leaves out."""
    from vocx.journey import load_journey
    from vocx.schema import STAGES

    found = load_journey(file)
    left_out = [s for s in STAGES if s not in found.of_fine]
    typer.echo(f"{found.name}: {len(found.stages)} stages, valid")
    if found.by_examples:
        n = min(len(s.examples) for s in found.stages)
        typer.echo(f"told by examples, {n} or more a stage; five or more work best")
    elif left_out:
        typer.echo(f"not in any stage, so never counted: {', '.join(left_out)}")


IssueKey = Annotated[str, typer.Argument(help="An issue's id or name.")]


@codebook_app.command("list")
def codebook_list(
    run_dir: RunDir,
    kind: Annotated[str, typer.Option("--kind", help="pain or win.")] = "pain",
    everything: Annotated[
        bool, typer.Option("--all", help="Hidden issues, and dead ones, too.")
    ] = False,
) -> None:
    """List a run's issues with ids, voices and status."""
    from vocx.recode import listed
    from vocx.terminal import print_codebook

    print_codebook([i for i in listed(run_dir, everything) if i["kind"] == kind], everything)


@codebook_app.command("rename")
def codebook_rename(
    run_dir: RunDir,
    issue: IssueKey,
    name: Annotated[str, typer.Argument(help="Its new name.")],
    definition: Annotated[str | None, typer.Option("--definition", help="And definition.")] = None,
) -> None:
    """Give an issue another name; its id stays."""
    from vocx.recode import Recoder

    open_ = Recoder(run_dir)
    renamed = open_.book.rename(issue, name, definition)
    open_.save()
    typer.echo(f"{renamed.id} is now '{renamed.name}'")


@codebook_app.command("merge")
def codebook_merge(
    run_dir: RunDir,
    issues: Annotated[
        list[str], typer.Argument(help="Two issues or more; the first one's id stays.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="A name for the merged issue.")] = None,
) -> None:
    """Make several issues one."""
    from vocx.recode import Recoder

    open_ = Recoder(run_dir)
    merged = open_.merge(issues, name)
    open_.save()
    typer.echo(f"{merged.id} '{merged.name}' now holds {', '.join(merged.parents)} too")


@codebook_app.command("split")
def codebook_split(
    run_dir: RunDir,
    issue: IssueKey,
    name: Annotated[str, typer.Argument(help="The name of the new issue.")],
    query: Annotated[
        str | None, typer.Option("--query", help="Words its mentions hold; | parts alternatives.")
    ] = None,
    example: Annotated[
        list[str] | None, typer.Option("--example", help="A mention like those meant; repeatable.")
    ] = None,
) -> None:
    """Take a new issue out of an issue, by words or by examples."""
    from vocx.recode import Recoder

    open_ = Recoder(run_dir)
    made, n = open_.split(issue, name, query, example or [])
    open_.save()
    typer.echo(f"{made.id} '{made.name}': {n} mentions")


@codebook_app.command("hide")
def codebook_hide(
    run_dir: RunDir,
    issue: IssueKey,
    show_again: Annotated[bool, typer.Option("--show", help="Take it in again.")] = False,
) -> None:
    """Leave an issue out of matrix and report; its mentions stay its own."""
    from vocx.recode import Recoder

    open_ = Recoder(run_dir)
    found = open_.book.hide(issue, hidden=not show_again)
    open_.save()
    typer.echo(f"{found.id} '{found.name}' is {found.status}")


@codebook_app.command("add")
def codebook_add(
    run_dir: RunDir,
    name: Annotated[str, typer.Argument(help="The new issue's name.")],
    kind: Annotated[str, typer.Option("--kind", help="pain or win.")] = "pain",
    definition: Annotated[str, typer.Option("--definition", help="What it is, in a line.")] = "",
    example: Annotated[
        list[str] | None, typer.Option("--example", help="What a customer says of it; repeatable.")
    ] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", help="Its theme; without one it takes mentions of all.")
    ] = None,
) -> None:
    """Add an issue of your own, told by a definition and a few examples."""
    from vocx.recode import Recoder

    open_ = Recoder(run_dir)
    made, n = open_.add(name, kind, definition, example or [], theme)
    open_.save()
    typer.echo(f"{made.id} '{made.name}': {n} mentions")


@codebook_app.command("import")
def codebook_import(
    codeframe: Annotated[Path, typer.Argument(help="CSV or YAML: name, definition, examples.")],
    out: Annotated[Path, typer.Option("--out", help="The codebook file to write (.yaml).")],
) -> None:
    """Make a codebook of a team's codeframe, to start runs from."""
    from vocx.codebook import import_codeframe, save_codebook

    if not codeframe.is_file():
        raise UserError(f"{codeframe}: no such file", "check the path")
    book = import_codeframe(codeframe)
    save_codebook(book, out, __version__)
    typer.echo(
        f"{out}: {len(book.issues)} issues; start from them: vocx run INPUT --codebook {out}"
    )


def _pairs(settings: list[str]) -> dict[str, str]:
    """``key=value`` texts as a dictionary."""
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UserError(f"--set {setting}: is no key=value", "write --set key=value")
        pairs[key] = value
    return pairs


def main() -> None:
    """The program: exit 0 done, 1 a check said no, 2 wrong input, 3 our fault."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        typer.echo(f"vocx: {error.what}", err=True)
        typer.echo(f"      {error.remedy}", err=True)
        sys.exit(2)
    except Exception as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        typer.echo(f"vocx: internal fault: {type(error).__name__}: {error}", err=True)
        typer.echo("      please report it; `vocx --debug ...` shows the trace", err=True)
        sys.exit(3)
