"""The command line: which commands there are, and what they take."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="app.py", description="CV Generator for Microsoft Teams")
    commands = made.add_subparsers(dest="command", required=True)
    for name, text in (("serve", "run the bot, the REST API, the local page and the workers"), ("worker", "run workers alone; any number of them")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--workers", type=int, metavar="N", help="CVs at a time in this process (default: WORKERS, else 2)")
    for name, text in (("convert", "PDF or Word -> Word and JSON"), ("extract", "PDF or Word -> JSON")):
        command = commands.add_parser(name, help=text)
        command.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
        command.add_argument("--out", type=Path, required=name == "convert", metavar="DIR")
        if name == "convert":
            command.add_argument("--template", metavar="NAME", help="a Word template: classic, modern, or one of the firm's")
            command.add_argument("--lang", choices=("de", "en"), default="", help="language of the headings (default: the CV's)")
    command = commands.add_parser("match", help="hold CVs against a job profile, best first")
    command.add_argument("--profile", type=Path, required=True, metavar="FILE", help="the job description: PDF, Word, Markdown, text, or JSON")
    command.add_argument("paths", nargs="+", type=Path, metavar="CV_FILE_OR_FOLDER")
    command.add_argument("--json", action="store_true", help="print JSON instead of tables")
    command.add_argument("--out", type=Path, metavar="DIR", help="write a report (Word) for each CV")
    command = commands.add_parser("replay", help="make a stored match again, and compare")
    command.add_argument("match", metavar="MATCH_ID")
    actions = commands.add_parser("audit", help="put the program itself to the test").add_subparsers(dest="action", required=True)
    command = actions.add_parser("bias", help="does it matter who a person is? writes a report (Word, JSON)")
    command.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where the report is written (here)")
    command = actions.add_parser("verify", help="is the log of approvals as it was written?")
    command.add_argument("--head", default="", metavar="HASH", help="what an earlier run printed: it must still be there")
    command = actions.add_parser("forget", help="erase what the log of approvals says of a person of yours; its chain stays whole")
    command.add_argument("--tenant", required=True, metavar="ID")
    command.add_argument("person", metavar="PERSON", help="the directory's id")
    actions = commands.add_parser("storage", help="move, save and restore everything").add_subparsers(dest="action", required=True)
    command = actions.add_parser("migrate", help="copy everything, and prove it")
    command.add_argument("--to", choices=("azure", "local"), required=True)
    command.add_argument("--replace", action="store_true", help="what the target holds besides goes: the storage of before, for instance")
    for name, text in (("backup", "save everything in a file"), ("restore", "put a backup into an empty storage")):
        actions.add_parser(name, help=text).add_argument("file", type=Path, metavar="FILE")
    actions.add_parser("dead-letters", help="jobs whose attempts are used up")
    command = commands.add_parser("retention", help="archive and erase what is due now (workers do it once a day)")
    command.add_argument("--tenant", default="", metavar="ID", help="with one of the following: set this tenant's own periods")
    for name, text in (
        ("hot", "days until files are archived"),
        ("candidate", "days until an unused candidate is erased"),
        ("log", "days of events"),
    ):
        command.add_argument(f"--{name}", type=int, metavar="DAYS", help=text)
    return made
