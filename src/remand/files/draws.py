"""Draws of a fit, read from beside the model they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remand.errors import InputError
from remand.files.io import read_model
from remand.model.model import Model

if TYPE_CHECKING:
    from remand.fitting.drawn import FitDraws


def read_draws(model: Model | str | Path) -> FitDraws | None:
    """The draws of a model that was read, or of one by name, file or folder; None if it has none.

    Raises InputError if the file that it names is not there, or was not made with this model.
    """
    spec = model if isinstance(model, Model) else read_model(model)
    if spec.draws_file is None:
        return None
    if spec.folder is None:
        raise InputError.of(
            f"the model says that its draws are in '{spec.draws_file}', but not in which folder",
            fix="read the model from its folder, or remove 'draws_file' from it",
            path=("draws_file",),
        )
    import polars as pl  # noqa: PLC0415 - slow to import, and wanted only where draws are

    from remand.fitting.drawn import FitDraws  # noqa: PLC0415 - imports Polars too

    path = Path(spec.folder) / spec.draws_file
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        raise InputError.of(
            "there is no such file" if not path.exists() else "not a file of draws",
            fix="fit again, or remove 'draws_file' from the model",
            file=str(path),
        ) from None
    try:
        return FitDraws.of(spec, frame)
    except InputError as error:
        raise InputError(replace(problem, file=str(path)) for problem in error.problems) from None
