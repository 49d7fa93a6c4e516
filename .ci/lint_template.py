"""Lints the template as CloudFormation will see it: linters of SAM miss limits and misspellings.

Translating refuses what SAM does not know, linting what CloudFormation would refuse later.
"""

import json
import sys
from pathlib import Path

from cfnlint import lint

from functions.local.template import TEMPLATE, translate_template

REGION = "us-east-1"


def main() -> int:
    template = Path(sys.argv[1]) if sys.argv[1:] else TEMPLATE
    plain = json.dumps(translate_template(template, region=REGION))
    matches = lint(plain, regions=[REGION])
    for match in matches:
        place = ".".join(str(part) for part in match.path or [])
        print(f"{template.name}: {place}: {match.rule.id} {match.message}")
    return 1 if matches else 0


if __name__ == "__main__":
    sys.exit(main())
