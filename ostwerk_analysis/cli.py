"""The ``ostwerk`` command: one door to everything, in German or English.

The language is that of ``--lang``, which may stand anywhere, or else of the surrounding locale.
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from . import __version__
from .console import byte_bars, show_fetched, show_releases, show_result, step_bars
from .faults import DataError, OstwerkError
from .language import LANGUAGES, preferred, text

if TYPE_CHECKING:
    from types import FrameType

    from .pipeline.run import Result

EXIT_FAULTS, ENDS_WITHIN_S = 2, 10
LOG = "ostwerk.log"

HELP = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "DEFAULT_STRING": "[default: {}]",
    "ENVVAR_STRING": "[env var: {}]",
    "REQUIRED_LONG_STRING": "[required]",
}
"""Names in :mod:`typer.rich_utils` = the words on a page of help that they stand for."""
USAGE = {
    r"Missing argument '(?P<name>.+)'\.": "The argument {name} is missing.",
    r"No such option: (?P<name>\S+).*": "There is no option {name}.",
    r"No such command '(?P<name>.+?)'.*": "There is no command {name}.",
    r"Option '(?P<name>.+)' requires .*": "The option {name} needs a value.",
    r"Option '(?P<name>.+)' does not take .*": "The option {name} takes no value.",
    r"Got unexpected extra argument\(s\) \((?P<name>.+)\)": "Too many arguments: {name}.",
    r"Invalid value for '(?P<name>.+?)': .*": "The value of {name} is not possible.",
}
"""How typer says what is wrong with a call = how we say it."""


def main() -> None:
    """Run the command, and turn what a user can mend into one line and an exit code."""
    language, arguments = _language(sys.argv[1:])
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    signal.signal(signal.SIGINT, _interrupted)
    try:
        command = application(language)
        code = command(args=arguments or ["--help"], prog_name="ostwerk", standalone_mode=False)
        sys.exit(code or 0)
    except typer.TyperException as error:
        errors.print(_usage(error, language), style="red", markup=False)
        sys.exit(error.exit_code)
    except OstwerkError as error:
        errors.print(error.text(language), style="red", markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        errors.print(_unexpected(error, arguments, language), style="red", markup=False)
        sys.exit(1)


def _interrupted(number: int, frame: "FrameType | None") -> None:
    """End by Ctrl-C, tidily if it can be, but soon; kernels end with this process.

    Python loses an interrupt in some callbacks, and a thread may wait for what does not come.
    """
    last = threading.Timer(ENDS_WITHIN_S, os._exit, [130])
    last.daemon = True
    last.start()
    signal.default_int_handler(number, frame)


def _unexpected(error: Exception, arguments: list[str], language: str) -> str:
    """Say what the system refused, such as space or permission, or that the mistake is ours."""
    logging.raiseExceptions = False  # a full disk takes no log either
    with suppress(OSError):  # the log has it whole, the screen only where to look
        logging.basicConfig(filename=LOG, format="%(asctime)s %(message)s", force=True)
        logging.exception("ostwerk %s", " ".join(arguments))
    if isinstance(error, OSError) and error.strerror:
        file = error.filename2 or error.filename
        return f"{file}: {error.strerror}" if file else error.strerror
    return text(
        "Unexpected: {error}. The file {log} has the details; please report it.",
        language,
        error=f"{type(error).__name__}: {error}",
        log=Path(LOG).absolute(),
    )


def _language(arguments: list[str]) -> tuple[str, list[str]]:
    """Take ``--lang`` out of the arguments, wherever it stands."""
    rest, language = list(arguments), ""
    for place, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            language = argument.removeprefix("--lang=")
            rest.remove(argument)
        elif argument == "--lang":
            language = arguments[place + 1] if place + 1 < len(arguments) else "?"
            rest = arguments[:place] + arguments[place + 2 :]
    if language and language not in LANGUAGES:
        Console(stderr=True).print(f"--lang: {' | '.join(LANGUAGES)}", markup=False)
        sys.exit(EXIT_FAULTS)
    return language or preferred(), rest


def _usage(error: typer.TyperException, language: str) -> str:
    """Say what is wrong with a call; in typer's own words where we know no others."""
    said = error.format_message()
    for pattern, message in USAGE.items():
        if found := re.fullmatch(pattern, said, re.DOTALL):
            said = text(message, language, name=found["name"])
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ostwerk"
    return f"{said} {text('See: {command} --help', language, command=command)}"


def application(language: str) -> typer.Typer:
    """Build the command in a language."""

    def _(message: str) -> str:
        return text(message, language)

    class Worded:
        """Puts typer's own words on a page of help into the language."""

        def get_usage(self, ctx: typer.Context) -> str:
            from typer import rich_utils  # takes as long to import as all the rest

            for name, words in HELP.items():
                setattr(rich_utils, name, _(words))
            return super().get_usage(ctx).replace("Usage:", _("Usage:"), 1)  # type: ignore[misc]

        def get_help_option(self, ctx: typer.Context) -> Any:
            option = super().get_help_option(ctx)  # type: ignore[misc]
            option.help = _("Show this help.")
            return option

    class Command(Worded, TyperCommand):  # type: ignore[misc]
        pass

    class Group(Worded, TyperGroup):  # type: ignore[misc]
        pass

    say = Console(highlight=False, soft_wrap=True)
    app = typer.Typer(
        cls=Group,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
        help=_(
            "What a city's money does for the local economy of a district. --lang de|en chooses "
            "the language."
        ),
    )

    def tell_version(is_asked: bool) -> None:
        if is_asked:
            say.print(f"ostwerk {__version__}")
            raise typer.Exit

    @app.callback()
    def ostwerk(
        version: Annotated[
            bool,
            typer.Option(
                "--version", help=_("Show the version."), is_eager=True, callback=tell_version
            ),
        ] = False,
    ) -> None:
        pass

    def command(function: Callable[..., None]) -> Callable[..., None]:
        described = _(" ".join((function.__doc__ or "").split()))
        return app.command(
            cls=Command,
            options_metavar=_("[OPTIONS]"),
            help=described.replace(" Example: ", "\n\n    "),
        )(function)

    Out = Annotated[  # noqa: N806 a type
        Path, typer.Option(help=_("Folder of published/ and runs/."), envvar="OSTWERK_OUT")
    ]
    ProgrammePath = Annotated[  # noqa: N806 a type
        Path, typer.Argument(help=_("A programme's folder or programme.toml."))
    ]
    Dashboards = Annotated[  # noqa: N806 a type
        list[Path] | None,
        typer.Option(help=_("Folder of your own dashboards."), envvar="OSTWERK_DASHBOARDS"),
    ]

    @command
    def init(folder: Annotated[Path, typer.Argument(help=_("The new folder."))]) -> None:
        """Make a programme folder with a commented programme.toml, empty tables and a README.
        Example: ostwerk init my-city
        """
        from .scaffold import scaffold

        scaffold(folder, language)
        say.print(
            text("{folder} is ready. Its README says what to put where.", language, folder=folder)
        )

    @command
    def fetch(
        programme: ProgrammePath,
        only: Annotated[
            str, typer.Option(help=_("Fetch this file alone, or the files of this table."))
        ] = "",
    ) -> None:
        """Bring every file that has an address in programme.toml, from the web or out of a
        database. A file is replaced only by one that was read and fits its table. Ends with 2 if
        any could not be had. Example: ostwerk fetch data/leipzig
        """
        from .fetching import fetch as fetched
        from .programme import Programme

        read = Programme.read(programme)
        with byte_bars(say) as progress:
            files = fetched(read, only, progress)
        show_fetched(say, files, language)
        if errors := [file.error for file in files if file.error]:
            errors.append(DataError("What was there before has stayed as it was."))
            raise DataError("{errors}", errors=errors)

    @command
    def check(
        programme: ProgrammePath,
        report: Annotated[
            Path | None, typer.Option(help=_("Folder for the rows set aside and report.json."))
        ] = None,
        out: Out = Path(),
    ) -> None:
        """Read everything, and say what is wrong with place and remedy; report.json lists every
        fault. Ends with 0 if the run would accept the data, else with 2.
        Example: ostwerk check data/leipzig-demo
        """
        from .check_report import show, write
        from .loading import check as read

        with say.status(text("Reading …", language)):
            data = read(programme)
        show(say, data, language)
        folder = report or out / "runs" / data.programme.id / "check"
        proposal = write(data, folder, language)
        say.print(text("Rows set aside and report: {folder}", language, folder=folder))
        if proposal:
            said = "Corrections to be checked and pasted into programme.toml: {file}"
            say.print(text(said, language, file=proposal), markup=False)
        excess = data.obstacles()
        for error in excess:
            say.print(error.text(language), style="red", markup=False)
        if excess:
            raise typer.Exit(EXIT_FAULTS)
        say.print(text("A run would accept these data.", language), style="green")

    @command
    def run(
        programme: ProgrammePath,
        quarter: Annotated[str, typer.Option(help=_("Such as 2026Q3, or last."))] = "last",
        jobs: Annotated[int | None, typer.Option(help=_("Notebooks at once."), min=1)] = None,
        only: Annotated[str | None, typer.Option(help=_("Execute this notebook alone."))] = None,
        out: Out = Path(),
        force: Annotated[bool, typer.Option(help=_("Execute even what has not changed."))] = False,
        dashboards: Dashboards = None,
        pages: Annotated[
            bool, typer.Option(help=_("Render the dashboards' pages too."), envvar="OSTWERK_PAGES")
        ] = True,
    ) -> None:
        """Run a quarter: check the data, execute the notebooks, publish a release, and render its
        pages. The last release stays as it is if anything fails.
        Example: ostwerk run data/leipzig-demo --quarter 2026Q3
        """
        result = _run(say, language, programme, quarter, jobs, only, out, force)
        if pages:
            _render(say, language, result, dashboards or [])
        show_result(say, result, language)

    @command
    def serve(
        out: Out = Path(),
        release: Annotated[
            Path | None, typer.Option(help=_("A release, to serve it instead of the current one."))
        ] = None,
        port: Annotated[int, typer.Option(help=_("Port."), min=0, max=65535)] = 8866,
        host: Annotated[str, typer.Option(help=_("Address to listen on."))] = "127.0.0.1",
        programme: Annotated[
            str, typer.Option(help=_("Code of the programme, to serve it alone."))
        ] = "",
        dashboards: Dashboards = None,
        base_url: Annotated[
            str, typer.Option(help=_("Path under which a reverse proxy hands the pages on."))
        ] = "/",
        token: Annotated[
            str,
            typer.Option(
                help=_("Word without which no page opens; others see it less in the variable."),
                envvar="OSTWERK_TOKEN",
            ),
        ] = "",
        allow_host: Annotated[
            list[str] | None,
            typer.Option(help=_("Host name under which visitors come, or * for any.")),
        ] = None,
        frame_ancestor: Annotated[
            list[str] | None,
            typer.Option(help=_("Site that may show pages in a frame: https://www.example.org")),
        ] = None,
        live_kernels: Annotated[
            int | None,
            typer.Option(
                help=_("Most viewers of live pages with a kernel; else by memory and cores."),
                min=0,
            ),
        ] = None,
        live_kernels_each: Annotated[
            int | None,
            typer.Option(help=_("Most of them from one address; else half of them."), min=1),
        ] = None,
        trust_proxy: Annotated[
            bool,
            typer.Option(
                "--trust-proxy",
                help=_("Take visitors' addresses from the web server in front (X-Forwarded-For)."),
            ),
        ] = False,
        live_idle_min: Annotated[
            float,
            typer.Option(help=_("Minutes without an entry after which a live kernel ends."), min=0),
        ] = 20,
    ) -> None:
        """Serve the dashboards of the current releases. Example: ostwerk serve --port 8866"""
        published = release or out / "published" / programme
        _serve(
            say,
            language,
            published,
            port=port,
            ip=host,
            dashboards=dashboards or [],
            base_url=base_url,
            token=token,
            names=[host, *(allow_host or [])],
            framers=frame_ancestor or [],
            live_kernels=live_kernels,
            live_kernels_each=live_kernels_each,
            trust_proxy=trust_proxy,
            live_idle_min=live_idle_min,
        )

    @command
    def demo(
        port: Annotated[int, typer.Option(help=_("Port."), min=0, max=65535)] = 8866,
        out: Out = Path(),
    ) -> None:
        """Run the last quarter of the demonstration programme, and serve it.
        Example: ostwerk demo
        """
        from .pipeline.recipe import demo_programme

        result = _run(say, language, demo_programme(), "last", None, None, out, False)
        show_result(say, result, language)
        _serve(say, language, out / "published" / "leipzig-demo", port=port)

    @command
    def lab(
        folder: Annotated[Path, typer.Argument(help=_("Folder to open."))] = Path("notebooks"),
    ) -> None:
        """Open JupyterLab on the notebooks; outside the repository, on a copy of them and of the
        demonstration programme. Example: ostwerk lab
        """
        from .pipeline.recipe import demo_programme, shipped

        if not folder.exists():
            shutil.copytree(shipped("notebooks"), folder)
            say.print(text("The notebooks were copied to {folder}.", language, folder=folder))
            demo = folder.parent / "data" / "leipzig-demo"  # where their defaults look
            if not demo.exists():
                shutil.copytree(demo_programme(), demo)
        command = [sys.executable, "-m", "jupyterlab", str(folder)]
        raise typer.Exit(subprocess.call(command))  # noqa: S603 the folder is an argument, no shell

    @command
    def releases(out: Out = Path()) -> None:
        """List the releases, and say which is current and which is damaged.
        Example: ostwerk releases
        """
        from .release import releases as listed

        found = listed(out / "published", language)
        if found.empty:
            say.print(text("There is no release in {folder}.", language, folder=out / "published"))
        else:
            show_releases(say, found, language)

    @command
    def verify(
        release: Annotated[Path, typer.Argument(help=_("Folder of a release."))],
        out: Annotated[
            Path | None,
            typer.Option(help=_("Folder of runs/, if it is not beside that of the release.")),
        ] = None,
    ) -> None:
        """Compute a release anew from the inputs it recorded, and say whether every table is the
        same byte for byte. Ends with 0 if so, else with 1.
        Example: ostwerk verify published/leipzig-demo/2026-Q3
        """
        from .pipeline.verify import verify as compared

        with step_bars(say, language) as progress:
            verdict = compared(release, out, progress=progress)
        for line in verdict.lines(language):
            say.print(line, markup=False)
        if not verdict.same:
            raise typer.Exit(1)

    @command
    def report(
        release: Annotated[
            Path, typer.Argument(help=_("Folder of a release, or of a programme's releases."))
        ] = Path("published"),
        pdf: Annotated[
            bool, typer.Option("--pdf", help=_("As PDF, which needs Chromium or Google Chrome."))
        ] = False,
        to: Annotated[Path, typer.Option(help=_("Folder to write into."))] = Path(),
    ) -> None:
        """Write the reports of a release in both languages, to hand on or to print: as HTML, or
        as PDF. Example: ostwerk report published/leipzig-demo --pdf
        """
        from .release import open as opened
        from .report import handed_on

        found = opened(release)
        pages = sorted((found.folder / "reports").glob("*.html"))
        if not pages:
            raise OstwerkError("The release {folder} has no reports.", folder=found.folder)
        for file in handed_on(pages, to, f"{found.programme}-{found.name}", is_pdf=pdf):
            say.print(text("Written: {file}", language, file=file), markup=False)

    return app


def _run(
    say: Console,
    language: str,
    programme: Path,
    quarter: str,
    jobs: int | None,
    only: str | None,
    out: Path,
    force: bool,
) -> "Result":
    from .pipeline.run import run

    with step_bars(say, language) as progress:
        return run(
            programme, quarter, out=out, workers=jobs, only=only, force=force, progress=progress
        )


def _render(say: Console, language: str, result: "Result", dashboards: list[Path]) -> None:
    """Render the pages of a release; what fails does not undo it, and is said."""
    if result.release is None or result.status == "executed":
        return
    from .dashboard.warming import warm

    try:
        with step_bars(say, language) as progress:
            failed = warm(
                result.release.folder,
                dashboards,
                log=result.folder.parent / "log.txt",
                progress=lambda done, total: progress("pages", done, total),
            )
    except OstwerkError as error:  # no page at all, as where a dashboard cannot be read
        failed = [error.text(language)]
    for page in failed:
        said = text("This page could not be rendered: {page}", language, page=page)
        say.print(said, style="yellow", markup=False)


def _serve(say: Console, language: str, published: Path, **options: Any) -> None:
    """Serve what is whole, and say what is passed over because it is damaged."""
    from .dashboard import serve
    from .release import servable

    published, passed_over = servable(published)
    for good, damage in passed_over:
        said = text(
            "Damaged: {damage}. Serving {good} instead.", language, damage=damage, good=good
        )
        say.print(said, style="yellow", markup=False)

    def ready(address: str) -> None:
        say.print(text("Serving on {address}", language, address=address), style="bold")
        say.print(text("Ctrl+C ends it.", language), style="dim")

    serve(published, log_level="WARN", ready=ready, **options)
