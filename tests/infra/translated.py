"""The stack template as CloudFormation will see it: translated offline, linted, and as plain Python values."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# The translator asks for a region; nothing depends on which.
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-1")

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"


class NoManagedPolicies:
    """The template names none, so nothing has to be looked up at AWS."""

    def load(self):
        return {}


def source():
    """The template as written."""
    return yaml_parse(TEMPLATE.read_text())


def translated(code=("artifacts", "function.zip"), parameters=None):
    """The template as CloudFormation expands it, with the function's code in a bucket."""
    template = source()
    template["Resources"]["Judge"]["Properties"]["CodeUri"] = {"Bucket": code[0], "Key": code[1]}
    return transform(copy.deepcopy(template), parameters or {}, NoManagedPolicies())


def lint():
    """Fails with cfn-lint's findings on the template, before or after its translation."""
    with tempfile.TemporaryDirectory() as folder:
        after = pathlib.Path(folder) / "translated.json"
        after.write_text(json.dumps(translated()))
        for path in (TEMPLATE, after):
            found = subprocess.run([pathlib.Path(sys.executable).with_name("cfn-lint"), path], check=False, capture_output=True, text=True)
            assert found.returncode == 0, f"{path}:\n{found.stdout}{found.stderr}"
