"""`remand serve`: the page, on this machine alone."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    model: Annotated[
        str, typer.Argument(help="A shipped name, a file or a folder.")
    ] = "philadelphia",
    platforms: Annotated[
        list[str] | None, typer.Argument(help="Further platforms to offer on the page.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: 8724, or the next that is free.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """Show a model and its plans in the browser: sliders, charts, sources, your own records.

    It answers to this machine alone (127.0.0.1) and asks nothing of any network. Records that are
    loaded are kept until it ends.
    """
    from remand.web.serving import serve as run

    def ready(address: str) -> None:
        print(f"{address} (until Ctrl-C)", flush=True)
        if open_:
            import webbrowser

            webbrowser.open(address)

    run(model, platforms or [], port, ready)
