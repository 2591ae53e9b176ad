"""Prints the packages of the interpreter that runs it, a JSON list of {"name", "version", "licence"}.

A licence is an SPDX expression where the package states one, else what it says of itself.
"""

from __future__ import annotations

import json
from importlib.metadata import Distribution, distributions

# What classifiers of PyPI mean, where they mean one licence.
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def licence(package: Distribution) -> str:
    """Expression, classifier, or the first line of the free text, in this order; empty for none."""
    names = ("License-Expression", "Classifier", "License")
    told = {name: package.metadata.get_all(name) or [] for name in names}
    for expression in told["License-Expression"]:
        return str(expression)
    for classifier in told["Classifier"]:
        if known := CLASSIFIERS.get(classifier.rsplit(" :: ", 1)[-1]):
            return known
    return "".join(told["License"]).strip().split("\n")[0][:100]


found = [
    {"name": one.metadata["Name"], "version": one.version, "licence": licence(one)} for one in distributions()
]
print(json.dumps(sorted(found, key=lambda one: str(one["name"]).lower())))
