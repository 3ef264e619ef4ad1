"""The command line `paigong`: every command answers by its exit code as well as in words.

A command's module is imported when the command is given: none waits for what another one needs.
"""

import gc
import sys
import traceback
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from api.exits import DONE, INTERNAL, INTERRUPTED, REFUSED, VIOLATIONS, Failure
from datasets.faults import Refusal

__all__ = ["DONE", "INTERNAL", "INTERRUPTED", "REFUSED", "VIOLATIONS", "app", "main"]

COMMANDS = {
    "solve": ("api.cli_solve", "solve_app"),
    "bench": ("api.cli_solve", "bench_app"),
    "serve": ("api.cli_serve", "serve_app"),
    "work": ("api.cli_work", "work_app"),
    "warm-up": ("api.cli_warm_up", "warm_up_app"),
    "day": ("api.cli_day", "day_app"),
    "parts": ("api.cli_parts", "parts_app"),
    "tour": ("api.cli_tour", "tour_app"),
    "db": ("api.cli_db", "db_app"),
    "key": ("api.cli_key", "key_app"),
}
"""A command → the module that has it, and its name there."""


class _Commands(TyperGroup):
    """Ends in words when a person interrupts; every folder is written whole or not at all."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = get_command(getattr(_loaded(module), name))
        # A group of commands knows no name of its own, and help lists it by that.
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("Interrupted; no half-written folder is left.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False)


@app.callback()
def _paigong() -> None:
    """派工 plans the days of a repair network."""


def _loaded(module: str) -> ModuleType:
    """Import a command's module."""
    # The collector would look at all that is loaded again and again, a third of the time; what is loaded stays anyway.
    if module in sys.modules or not gc.isenabled():
        return import_module(module)
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the command line; problems end in one clear message and the exit code that says whose they are."""
    try:
        app()
    except Refusal as refused:
        _say(str(refused))
        sys.exit(REFUSED)
    except Failure as failure:
        for line in failure.told():
            _say(line)
        sys.exit(INTERNAL)
    except OSError as error:
        _say(f"{error.filename or 'disk'}: {error.strerror or error}. Nothing was written.")
        sys.exit(INTERNAL)
    except Exception:
        traceback.print_exc()
        _say("This is a defect of Paigong, not of your input. Nothing was written.")
        sys.exit(INTERNAL)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
