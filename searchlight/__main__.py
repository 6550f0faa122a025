"""The door: `searchlight` or `python -m searchlight`."""

import argparse
import sys
from pathlib import Path

from drill.score import main as score
from faces import DEFAULT_ENGINE, ENGINES
from searchlight import doctor, status, up

DESCRIPTION = "Find a sought person across cameras, where the pictures are taken."


def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    match arguments.command:
        case "up":
            told = {"port": arguments.port, "seconds": arguments.seconds, "engine": arguments.engine}
            sys.exit(up.run(data_dir=arguments.data_dir, **told))
        case "doctor":
            sys.exit(doctor.run(data_dir=arguments.data_dir, engine=arguments.engine))
        case "status":
            sys.exit(status.run(url=arguments.url, token=arguments.token_file))
        case "score":
            sys.exit(score(["--data-dir", str(arguments.data_dir)]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="searchlight", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up_parser = commands.add_parser("up", help="search for a person on two sample cameras, on this machine only")
    up_parser.add_argument("--port", type=int, default=8000, help="port of the console (default: 8000)")
    up_parser.add_argument("--seconds", type=float, help="stop by itself after so long (default: run until Ctrl-C)")
    doctor_parser = commands.add_parser("doctor", help="say what is missing on this machine, and how to mend it")
    score_parser = commands.add_parser("score", help="print identity scores (IDF1) on the sample footage")
    for with_data in (up_parser, doctor_parser, score_parser):
        with_data.add_argument(
            "--data-dir",
            type=Path,
            default=Path("var"),
            help="where footage, logs and Redis' files live (default: var)",
        )
    for with_engine in (up_parser, doctor_parser):
        with_engine.add_argument(
            "--engine", choices=list(ENGINES), default=DEFAULT_ENGINE, help="face engine (default: %(default)s)"
        )
    status_parser = commands.add_parser("status", help="say how a running orchestrator is")
    status_parser.add_argument("--url", default="http://127.0.0.1:8000", help="its address (default: %(default)s)")
    status_parser.add_argument(
        "--token-file", type=_token_in, metavar="FILE", help="file with your token, of the role client, where it asks"
    )
    return parser


def _token_in(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise argparse.ArgumentTypeError(f"expected a file with a token, got {file}") from None


if __name__ == "__main__":
    main()
