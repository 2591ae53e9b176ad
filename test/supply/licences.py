"""Prints the packages of the interpreter that runs it, a JSON list of {"name", "version", "licence"}: an SPDX expression where
the package states one, else what it says of itself."""

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
    """Expression, classifier, or the first line of the free text, in this order; empty where there is none."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return expression
    for classifier in told.get_all("Classifier") or []:
        if known := CLASSIFIERS.get(classifier.rsplit(" :: ", 1)[-1]):
            return known
    return (told.get("License") or "").strip().split("\n")[0][:100]


found = [
    {"name": one.metadata["Name"], "version": one.version, "licence": licence(one)} for one in distributions()
]
print(json.dumps(sorted(found, key=lambda one: str(one["name"]).lower())))
