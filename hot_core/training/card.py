"""Model cards in the Hugging Face format, printed from what was measured and never by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hot_core.training.loop import Plan, Run
from hot_core.training.recipe import Evaluation, Recipe, Table

QUICK = "**Quick run: it proves the road and is not a model. Its numbers mean nothing.**"


def card(recipe: Recipe, evaluation: Evaluation, run: Run, plan: Plan, quick: bool = False) -> str:
    """The card as Markdown with its metadata header.

    Args:
        recipe: what was learnt.
        evaluation: what the test part says.
        run: how the training went.
        plan: how long it was meant to go.
        quick: whether this was a quick run.

    Returns:
        The text of CARD.md.
    """
    facts = recipe.facts
    sections = [
        _header(recipe, evaluation),
        f"# {recipe.name}: {facts.title}",
        *([QUICK] if quick else []),
        "A Higher-Order Transformer with Kronecker-structured attention, bundled with HOT Lens. "
        + _size(run, recipe),
        "## Intended use", _list(facts.use),
        "## Not for", _list(facts.not_for),
        "## Data", _list(facts.data), "## Split", _list(facts.split), "## Protocol", _list(facts.protocol),
        "## Scores",
        *(_table(table) for table in evaluation.tables),
        *evaluation.remarks,
        "## Limits", _list(facts.limits),
        "## How it was made", _made(recipe, run, plan, quick),
        "## Licence",
        "The weights and this card are under the MIT licence of HOT Lens. The data keep theirs and are not included.",
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


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
    command = f"python -m hot_core.training {recipe.name} --data DIR --out assets/{recipe.name}"
    length = f" --minutes {plan.minutes:g}" if plan.steps is None else f" --steps {plan.steps}"
    ending = " --quick" if quick else length
    facts = (
        f"{run.state.steps:,} steps, {run.state.cpu_seconds / 60:.1f} CPU minutes of steps on one thread; "
        f"the weights are a moving average taken at step {run.state.best_step:,}, where the validation part scored "
        f"best ({run.state.best_score:.4f}). AdamW, learning rate {recipe.learning_rate:g}, weight decay "
        f"{recipe.weight_decay:g}, one cycle, gradients clipped at {plan.clip:g}."
    )
    return f"{facts}\n\n```\n{command} --seed {plan.seed}{ending}\n```"


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _table(table: Table) -> str:
    lines = [table.columns, tuple("---" if i == 0 else "---:" for i in range(len(table.columns))), *table.rows]
    body = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return f"{table.title}:\n\n{body}"


def _cell(cell: str | float | int) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell
