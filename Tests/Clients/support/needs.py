"""What a test needs besides Python: each is the path of a program or file, or a failure that says where to have it from."""

import os
import shutil

import pytest

VARIABLES = {
    "LAPSE_BINARY": "the built lapse, such as .build/debug/lapse",
    "AZURE_CLI": "Azure's command line, such as .build/azure-cli/bin/az",
    "JUNIT_SCHEMA": "the schema of JUnit XML, such as .build/junit-10.xsd",
}


def missing(variable):
    """What to say when a variable of the environment does not name a file; None when it does."""
    path = os.environ.get(variable)
    if path and os.path.isfile(path):
        return None
    return f"{variable} must name {VARIABLES[variable]}; it is {path!r}. `scripts/test clients` has it, and sets the variable."


def named(variable):
    said = missing(variable)
    if said:
        pytest.fail(said, pytrace=False)
    return os.path.abspath(os.environ[variable])


def lapse():
    return named("LAPSE_BINARY")


def azure_cli():
    return named("AZURE_CLI")


def junit_schema():
    return named("JUNIT_SCHEMA")


def program(name):
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"This test needs {name}, which is not on the PATH. `scripts/install clients` installs it.", pytrace=False)
    return path
