"""Help of one verb: every option whole, on a line of its own or beside its text, however narrow the terminal."""

from typing import Any

from typer.core import TyperCommand


class VerbHelp(TyperCommand):
    """A verb whose help stands in lists instead of boxes, in which names as long as ours are cut."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"rich_markup_mode": None})

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, options, and what has a panel of its own, each under its title."""
        parts: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            if (line := parameter.get_help_record(ctx)) is not None:
                parts.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(line)
        for title, lines in parts.items():
            with formatter.section(title):
                formatter.write_dl(lines)
