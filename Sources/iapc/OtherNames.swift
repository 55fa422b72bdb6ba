// SPDX-License-Identifier: Apache-2.0

/// What other programs of the field call commands and options.
enum OtherNames {
  /// The command that is meant by another name; nil where none is.
  static func command(_ name: String) -> String? {
    commands[name.lowercased().replacing("_", with: "-")]
  }

  private static let commands = [
    "eval": "evaluate", "val": "evaluate", "validate": "evaluate", "score": "evaluate", "test": "evaluate",
    "infer": "predict", "inference": "predict", "segment": "predict", "run": "adapt", "tta": "adapt",
    "finetune": "adapt", "fine-tune": "adapt", "fit": "train", "info": "inspect", "show": "inspect",
    "summary": "inspect", "onnx": "export", "bench": "benchmark", "pseudolabel": "pseudo-label",
    "pseudo-labels": "pseudo-label", "label": "pseudo-label", "rank": "select",
  ]

  /// An option, or a setting, that others call otherwise.
  private struct Meaning {
    /// What others call it.
    let others: [String]
    /// Options and settings, of which the command has the first or a later one.
    let ours: [String]
    /// What to know about it besides.
    var note: String?
  }

  /// What to take in the place of an option of another program, as the end of a sentence; nil where nothing is known.
  static func hint(for name: String, in options: CommandOptions) -> String? {
    for meaning in meanings where meaning.others.contains(name) {
      let found = meaning.ours.compactMap { ours -> String? in
        let isOption = options.names.contains(ours)
        return isOption ? "'--\(ours)'" : options.setting(ours).map { "'--set \($0)=VALUE'" }
      }
      guard let first = found.first else { continue }
      // Of options that the command lacks there is nothing to know.
      let note = meaning.note.flatMap { note in
        note.matches(of: /--([a-z-]+)/).allSatisfy { options.names.contains(String($0.output.1)) }
          ? note : nil
      }
      return "did you mean \(first)?" + (note.map { " \($0)" } ?? "")
    }
    return nil
  }

  private static let meanings: [Meaning] = [
    Meaning(others: ["lr", "learn-rate", "base-lr", "eta"], ours: ["learning-rate"]),
    Meaning(
      others: ["epochs", "epoch", "num-epochs", "max-epochs", "n-epochs", "num-train-epochs"],
      ours: ["steps"],
      note: "Runs are counted in updates, not in epochs: one epoch is the number of images over the batch."),
    Meaning(
      others: [
        "iters", "iterations", "max-iters", "num-iters", "max-steps", "num-steps", "n-steps", "max-iter",
        "total-iters", "n",
      ], ours: ["steps"]),
    Meaning(
      others: ["bs", "batch-size", "batchsize", "train-batch-size", "per-device-train-batch-size", "b"],
      ours: ["batch"]),
    Meaning(
      others: [
        "out", "o", "out-dir", "outdir", "output-dir", "output-path", "output-file", "save-dir", "save-path",
        "save-to", "save", "work-dir", "workdir", "log-dir", "logdir", "dest", "destination", "exp-name",
        "experiment", "run-name", "name", "project", "results", "result-dir", "pred-dir", "default-root-dir",
      ], ours: ["output", "json"]),
    Meaning(
      others: [
        "ckpt", "checkpoint", "ckpt-path", "checkpoint-path", "checkpoint-file", "ckpt-file", "weight",
        "weights-file", "weights-path", "model-path", "model-file", "model-weights", "model-ckpt",
        "pretrained",
        "pretrained-weights", "pretrained-path", "load-from", "load", "state-dict", "restore", "init-weights",
        "source-model", "source-weights", "w",
      ], ours: ["weights"]),
    Meaning(
      others: ["model", "m"], ours: ["weights", "network"],
      note: "--weights names the file, --network the family where the file does not say it."),
    Meaning(
      others: [
        "arch", "architecture", "net", "network-name", "model-name", "model-type", "model-family", "family",
        "encoder",
      ], ours: ["network"]),
    Meaning(others: ["backbone"], ours: ["network"]),
    Meaning(
      others: [
        "gpu", "gpus", "gpu-id", "gpu-ids", "cuda", "cpu", "devices", "accelerator", "use-cuda", "use-gpu",
        "no-cuda", "device-id", "mps",
      ],
      ours: ["device"], note: "It takes auto, cpu, cuda or cuda:N."),
    Meaning(
      others: [
        "num-gpus", "ngpus", "n-gpus", "nproc", "nproc-per-node", "num-processes", "n-procs", "world-size",
        "nprocs",
      ],
      ours: ["processes"]),
    Meaning(
      others: [
        "data-dir", "data-path", "data-root", "dataroot", "datadir", "dataset-dir", "dataset-path",
        "dataset-root", "root", "root-dir", "path", "folder", "dir",
      ],
      ours: ["images", "data"],
      note: "--images takes a folder of images; a data set of the field is --dataset NAME --data DIR."),
    Meaning(
      others: [
        "input", "inputs", "input-dir", "in", "i", "img", "imgs", "image", "img-dir", "image-dir",
        "images-dir",
        "image-folder", "image-path", "img-path", "image-root", "target", "target-dir", "target-images",
        "test-dir",
        "train-dir", "frames", "list", "image-list", "file-list", "files", "source",
      ], ours: ["images"]),
    Meaning(
      others: [
        "label", "label-dir", "labels-dir", "label-path", "gt", "gt-dir", "gt-path", "ground-truth", "masks",
        "mask", "mask-dir", "masks-dir", "ann-dir", "annotations", "annotation-dir", "seg-map", "targets",
      ], ours: ["labels"]),
    Meaning(others: ["val-images", "val-dir", "valid-images"], ours: ["validation-images"]),
    Meaning(others: ["val-labels", "valid-labels"], ours: ["validation-labels"]),
    Meaning(others: ["preds", "prediction", "pred", "maps", "prediction-dir"], ours: ["predictions"]),
    Meaning(
      others: [
        "workers", "num-workers", "n-workers", "data-workers", "loader-workers", "dataloader-num-workers",
        "j",
      ],
      ours: ["workers", "threads"]),
    Meaning(
      others: ["num-threads", "n-threads", "nthreads", "cpus", "num-cpus", "cores", "thread"],
      ours: ["threads"]),
    Meaning(
      others: [
        "num-classes", "n-classes", "nclass", "nclasses", "num-class", "nb-classes", "class-names", "nc",
      ],
      ours: ["classes"],
      note: "It takes the name of a label space, or the .yaml of one's own, which says how many there are."),
    Meaning(
      others: [
        "img-size", "imgsz", "image-size", "imgsize", "input-size", "resize", "resolution", "img-scale",
        "height",
        "width", "shape", "input-shape", "scale-size",
      ], ours: ["size"], note: "It takes WIDTHxHEIGHT, as in 640x480."),
    Meaning(
      others: ["crop-size", "patch-size", "cropsize"], ours: ["crop", "tile"],
      note: "It takes WIDTHxHEIGHT, as in 512x256."),
    Meaning(others: ["tile-size", "window", "window-size", "slide", "sliding-window"], ours: ["tile"]),
    Meaning(others: ["stride"], ours: ["overlap"]),
    Meaning(others: ["random-seed", "manual-seed", "rng-seed"], ours: ["seed"]),
    Meaning(others: ["cfg", "config-file", "conf", "yaml", "settings", "c", "hparams"], ours: ["config"]),
    Meaning(others: ["opts", "cfg-options", "override", "option", "options"], ours: ["set"]),
    Meaning(others: ["force", "f", "overwrite-output-dir", "exist-ok", "yes", "y"], ours: ["overwrite"]),
    Meaning(
      others: ["resume-from", "resume-path", "continue", "resume-from-checkpoint", "restart", "auto-resume"],
      ours: ["resume"]),
    Meaning(
      others: ["amp", "fp16", "bf16", "half", "mixed-precision", "dtype", "autocast", "float16", "bfloat16"],
      ours: ["precision"], note: "It takes float32 or bfloat16."),
    Meaning(others: ["optim", "opt", "optimiser", "solver"], ours: ["optimizer"]),
    Meaning(others: ["wd", "decay"], ours: ["weight-decay"]),
    Meaning(
      others: ["ema", "ema-decay", "ema-momentum", "ema-alpha", "alpha", "mean-teacher"],
      ours: ["teacher-ema-decay"]),
    Meaning(others: ["warmup", "warmup-steps", "warmup-iters", "warm-up-steps"], ours: ["warm-up"]),
    Meaning(
      others: [
        "save-every", "save-freq", "save-interval", "checkpoint-interval", "save-steps", "checkpoint-freq",
      ],
      ours: ["checkpoint-every"]),
    Meaning(
      others: ["eval-every", "eval-interval", "eval-steps", "val-interval", "validate-every"],
      ours: ["evaluate-every", "selection-every"]),
    Meaning(others: ["tta", "flip", "hflip", "mirror-test"], ours: ["mirror", "protocol"]),
    Meaning(others: ["ms", "multi-scale", "multiscale", "scale"], ours: ["scales"]),
    Meaning(
      others: ["mean", "std", "normalize", "normalization", "normalise", "norm", "bgr", "rgb"],
      ours: ["normalisation"]),
    Meaning(others: ["algorithm", "algo", "approach", "mode"], ours: ["method"]),
    Meaning(others: ["sync-bn", "syncbn"], ours: ["sync-batchnorm"]),
    Meaning(others: ["num-samples", "num-images", "max-images", "samples", "limit"], ours: ["count"]),
    Meaning(others: ["alpha-blend", "transparency"], ours: ["opacity"]),
    Meaning(others: ["json-file", "save-json", "results-file", "report"], ours: ["json"]),
  ]
}
