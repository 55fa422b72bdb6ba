# SPDX-License-Identifier: Apache-2.0
"""Scores label maps with the official script of Cityscapes, to compare `iapc evaluate --predictions` with it."""

import argparse
import json
import os
import pathlib


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="a folder that holds gtFine/val")
    parser.add_argument("--results", required=True, help="a folder of label maps that hold label ids")
    parser.add_argument("--json", required=True, help="where the result is written")
    options = parser.parse_args()
    # The script reads these when it is imported.
    os.environ["CITYSCAPES_DATASET"] = options.dataset
    os.environ["CITYSCAPES_RESULTS"] = options.results
    from cityscapesscripts.evaluation import evalPixelLevelSemanticLabeling as official
    from cityscapesscripts.helpers.labels import labels

    # The instance-weighted scores need instance files and a function that numpy has no longer.
    official.args.evalInstLevelScore = False
    official.args.JSONOutput = False
    official.args.quiet = True
    truths = sorted(map(str, pathlib.Path(options.dataset).glob("gtFine/val/*/*_gtFine_labelIds.png")))
    maps = [official.getPrediction(official.args, truth) for truth in truths]
    result = official.evaluateImgLists(maps, truths, official.args)
    matrix = result["confMatrix"]
    scored = sorted((label for label in labels if not label.ignoreInEval), key=lambda label: label.trainId)
    others = [label.id for label in labels if label.id >= 0 and label.ignoreInEval]
    pathlib.Path(options.json).write_text(json.dumps({
        "classes": [label.name for label in scored],
        "confusion": [[matrix[t.id][p.id] for p in scored] for t in scored],
        "unmapped": [sum(matrix[t.id][p] for p in others) for t in scored],
        "ious": [result["classScores"][label.name] for label in scored],
        "mean": result["averageScoreClasses"],
    }))


if __name__ == "__main__":
    main()
