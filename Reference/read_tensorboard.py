# SPDX-License-Identifier: Apache-2.0
"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON.

    read_tensorboard.py FOLDER

{"scalars": {tag: [[step, value], ...]}, "images": {tag: [[step, width, height], ...]}, "texts": {tag: [...]}}
"""
import json
import sys

from tensorboard.backend.event_processing import event_accumulator as accumulating


def main(folder):
    # 0: keep everything, where the default keeps samples.
    sizes = {kind: 0 for kind in (accumulating.SCALARS, accumulating.IMAGES, accumulating.TENSORS)}
    reader = accumulating.EventAccumulator(folder, size_guidance=sizes)
    reader.Reload()
    tags = reader.Tags()
    texts = {}
    for tag in tags["tensors"]:
        assert reader.SummaryMetadata(tag).plugin_data.plugin_name == "text", tag
        texts[tag] = [
            [event.step, b"".join(event.tensor_proto.string_val).decode()] for event in reader.Tensors(tag)
        ]
    print(
        json.dumps(
            {
                "scalars": {
                    tag: [[event.step, event.value] for event in reader.Scalars(tag)] for tag in tags["scalars"]
                },
                "images": {
                    tag: [[event.step, event.width, event.height] for event in reader.Images(tag)]
                    for tag in tags["images"]
                },
                "texts": texts,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
