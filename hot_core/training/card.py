"""Model cards in the Hugging Face format, printed from what was measured and never by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hot_core.training.loop import Run
from hot_core.training.plan import Plan
from hot_core.training.recipe import Evaluation, Picture, Recipe, Table

UNLIKE = "Input unlike the training data"
LICENCE = "The weights and this card are under the MIT licence of HOT Lens. The data keep theirs and are not included."
OUTSIDE = (
    "Every input is described by named statistics that depend neither on its size nor on how many series or bands it "
    "has. Their Mahalanobis distance from those of {inputs:,} training and validation inputs (each also taken once as "
    "training disturbs it) says how unlike them it is. The page says so beyond the distance that {rate} of inputs like "
    "them pass (held out, in five folds). The statistics see values and their neighbours, not what a picture shows: "
    "an input that is not called unlike may be so all the same. Hidden tokens change the statistics, too: an input "
    "with many of them may be called unlike although the model has learnt from such."
)
QUICK = "**Quick run: it proves the road and is not a model. Its numbers mean nothing.**"


@dataclass(frozen=True)
class Outside:
    """What was found on input unlike the training data.

    Attributes:
        false_alarm_rate: the share of inputs like the training data that is called unlike them, as it was set.
        inputs: inputs of the training and the validation part that set it.
        cases: test inputs that it was measured on.
        far: how many of them were called unlike the training data.
        tables: what was tried.
        remarks: what the rate cannot say, and where further files come from.
    """

    false_alarm_rate: float
    inputs: int
    cases: int
    far: int
    tables: tuple[Table, ...]
    remarks: tuple[str, ...] = ()


def card(
    recipe: Recipe, evaluation: Evaluation, run: Run, plan: Plan, quick: bool = False, outside: Outside | None = None
) -> str:
    """The card as Markdown with its metadata header.

    Args:
        recipe: what was learnt.
        evaluation: what the test part says.
        run: how the training went.
        plan: how long it was meant to go.
        quick: whether this was a quick run.
        outside: what was found on input unlike the training data.

    Returns:
        The text of CARD.md; pictures are named as files in `pictures/` beside it.
    """
    facts = recipe.facts
    sections = {
        "Intended use": [_list(facts.use)],
        "Not for": [_list(facts.not_for)],
        "Data": [_list(facts.data)],
        "Split": [_list(facts.split)],
        "Protocol": [_list(facts.protocol)],
        "Scores": [*map(table_words, evaluation.tables), *evaluation.remarks],
        "Calibration": _pictures(evaluation, "calibration"),
        "Failure cases": _pictures(evaluation, "failures"),
        UNLIKE: unlike(outside),
        "Limits": [_list(facts.limits)],
        "How it was made": [_made(recipe, run, plan, quick), *_pictures(evaluation, "curves")],
        "Licence": [LICENCE],
    }
    parts = [
        _header(recipe, evaluation),
        f"# {recipe.name}: {facts.title}",
        *([QUICK] if quick else []),
        "A Higher-Order Transformer with Kronecker-structured attention, bundled with HOT Lens. "
        + _size(run, recipe),
        *(part for title, text in sections.items() if text for part in (f"## {title}", *text)),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _pictures(evaluation: Evaluation, section: str) -> list[str]:
    """A section's pictures, each with its caption as alternative text and once more below it."""
    chosen = [picture for picture in evaluation.pictures if picture.section == section]
    return [part for picture in chosen for part in _picture(picture)]


def _picture(picture: Picture) -> tuple[str, str]:
    # A square bracket would end the alternative text, a line break the picture.
    words = picture.caption.translate(str.maketrans("[]\n", "() "))
    return f"![{words}](pictures/{picture.name}.png)", words


def unlike(outside: Outside | None) -> list[str]:
    """The section on input unlike the training data, paragraph by paragraph; nothing where it was not measured."""
    if outside is None:
        return []
    share = outside.far / outside.cases if outside.cases else 0.0
    return [
        OUTSIDE.format(inputs=outside.inputs, rate=f"{outside.false_alarm_rate:.0%}"),
        f"**Measured on the test part: {outside.far} of {outside.cases} undisturbed inputs ({share:.1%}) are called "
        "unlike the training data.**",
        *map(table_words, outside.tables),
        *outside.remarks,
    ]


def _header(recipe: Recipe, evaluation: Evaluation) -> str:
    facts = recipe.facts
    metrics = [{"type": name, "name": name, "value": round(value, 4)} for name, value in evaluation.scores.items()]
    index = [
        {
            "name": recipe.name,
            "results": [
                {
                    "task": {"type": facts.task},
                    "dataset": {"name": facts.data[0].split(",")[0], "type": recipe.name, "split": "test"},
                    "metrics": metrics,
                }
            ],
        }
    ]
    lines = [
        "license: mit",
        "library_name: hot-lens",
        f"pipeline_tag: {facts.task}",
        f"tags: {json.dumps(['higher-order-transformer', 'kronecker-attention', *facts.tags])}",
        f"data_licenses: {json.dumps(list(facts.data_licences))}",
        # JSON is YAML: one line holds the whole index and needs no YAML writer.
        f"model-index: {json.dumps(index)}",
    ]
    return "\n".join(["---", *lines, "---"])


def _size(run: Run, recipe: Recipe) -> str:
    config = recipe.config()
    count = sum(p.numel() for p in run.model.parameters())
    tokens = " × ".join(f"{mode} by {step}" for mode, step in zip(config.modes, config.patch, strict=True))
    return (
        f"{count:,} parameters; {config.layers} layers, {config.heads} heads, width {config.dim}, "
        f"{config.combine} of the modes; one token covers {tokens}."
    )


def _made(recipe: Recipe, run: Run, plan: Plan, quick: bool) -> str:
    folder = f"assets/{recipe.name}" + (f"/seed{plan.seed}" if plan.seed else "")
    # Steps, also where minutes were given: how many fit into them is another number on another machine.
    length = "--quick" if quick else f"--steps {run.state.steps} --device cpu"
    command = f"python -m hot_core.training {recipe.name} --data DIR --out {folder} --seed {plan.seed} {length}"
    facts = (
        f"{run.state.steps:,} steps, {run.state.cpu_seconds / 60:.1f} CPU minutes of steps on one thread; "
        f"the weights are a moving average taken at step {run.state.best_step:,}, where the validation part scored "
        f"best ({run.state.best_score:.4f}). AdamW, learning rate {recipe.learning_rate:g}, weight decay "
        f"{recipe.weight_decay:g}, one cycle, gradients clipped at {plan.clip:g}."
    )
    folder_words = "What belongs into DIR, and where it comes from, stands in docs/training-data.md."
    return f"{facts}\n\n```\n{command}\n```\n\n{folder_words}"


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def table_words(table: Table) -> str:
    """A table as the card prints it, its title above it."""
    lines = [table.columns, tuple("---" if i == 0 else "---:" for i in range(len(table.columns))), *table.rows]
    body = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return f"{table.title}:\n\n{body}"


def _cell(cell: str | float | int) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell
