#!/usr/bin/env python3
"""Prints the man page of a lapse program, made of what it says of its own commands: scripts/packaging/manual.py PROGRAM DATE"""

import json
import subprocess
import sys

MONTHS = "January February March April May June July August September October November December".split()

STATUSES = """.It 0
Done.
.It 1
It could not be done.
.It 2
What was judged is bad
.Pq check , report , status .
.It 3
There was nothing to judge, or nobody knows it
.Pq check , report , explain .
.It 4
A wait ran out.
.It 64
The arguments are wrong, and nothing was done."""


def escaped(text):
    """Text that mdoc takes for text."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    lines = ["\\&" + line if line.startswith((".", "'")) else line or ".Pp" for line in text.splitlines()]
    return "\n".join(lines)


def flags(argument):
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    return ", ".join(escaped(name) for name in names)


def value(argument):
    return escaped(argument.get("valueName", "value").upper())


def in_synopsis(argument):
    """An argument as a line of usage has it."""
    if argument["kind"] == "positional":
        text = value(argument) + ("..." if argument["isRepeating"] else "")
        return text if not argument["isOptional"] else f"[{text}]"
    text = flags(argument).split(", ")[-1] + (f" {value(argument)}" if argument["kind"] == "option" else "")
    return text if not argument["isOptional"] else f"[{text}]"


def described(argument):
    head = value(argument) if argument["kind"] == "positional" else flags(argument)
    if argument["kind"] == "option":
        head += f" {value(argument)}"
    text = argument.get("abstract", "")
    if "defaultValue" in argument:
        text = text.removesuffix(".") + f" (default: {argument['defaultValue']})."
    return f".It Sy {head}\n{escaped(text)}"


def listed(arguments):
    return "\n".join([".Bl -tag -width Ds", *map(described, arguments), ".El"])


def shown(command):
    """The arguments that a command has besides those of every command."""
    return [each for each in command.get("arguments", [])
            if each["shouldDisplay"] and each.get("preferredName", {}).get("name") not in ("help", "version")]


def leaves(command, words=()):
    for each in command.get("subcommands", []):
        if each["shouldDisplay"] and each["commandName"] != "help":
            if each.get("subcommands"):
                yield from leaves(each, (*words, each["commandName"]))
            else:
                yield (*words, each["commandName"]), each


def main():
    program, date = sys.argv[1:]
    year, month, day = date.split("-")
    lapse = json.loads(subprocess.run(
        [program, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout)["command"]
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[0]
    commands = list(leaves(lapse))
    # What every client command takes is described once.
    server = shown(dict(commands)[("clock", "show")])
    in_common = {json.dumps(each) for each in server}
    page = [
        f".Dd {MONTHS[int(month) - 1]} {int(day)}, {year}", ".Dt LAPSE 1", f".Os Lapse {version}",
        ".Sh NAME", ".Nm lapse", f".Nd {escaped(lapse['abstract'].removesuffix('.'))}",
        ".Sh SYNOPSIS", ".Nm", ".Op Ar command", ".Op Ar arguments",
        ".Sh DESCRIPTION",
        "Without a command it is lapse serve.",
        escaped(lapse.get("discussion", "")),
        "Every command takes",
        ".Sy \\-\\-help", "and", ".Sy \\-\\-version .",
        ".Sh COMMANDS"]
    for words, command in commands:
        own = [each for each in shown(command) if json.dumps(each) not in in_common]
        is_client = len(own) < len(shown(command))
        usage = " ".join([*map(escaped, words), *map(in_synopsis, own)] + (["[SERVER OPTIONS]"] if is_client else []))
        page += [f".Ss lapse {' '.join(map(escaped, words))}", f".Sy lapse {usage}", ".Pp", escaped(command.get("abstract", ""))]
        if command.get("discussion"):
            page += [".Pp", escaped(command["discussion"])]
        if own:
            page += [listed(own)]
    page += [
        ".Sh SERVER OPTIONS", "What the commands take that speak to a running Lapse:", listed(server),
        ".Sh EXIT STATUS", ".Bl -tag -width Ds", STATUSES, ".El"]
    print("\n".join(line for line in page if line))


if __name__ == "__main__":
    main()
