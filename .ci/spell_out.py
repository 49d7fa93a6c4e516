"""Prints the template with its loops spelt out, for linters that pass over them."""

import json
import sys

from samtranslator.yaml_helper import yaml_parse

from functions.local.expansion import expand
from functions.local.template import TEMPLATE


def main() -> None:
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    json.dump(expand(template), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
